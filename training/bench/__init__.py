"""Comparisons in one run on one machine: `lipwire bench models`, `lipwire bench detectors`."""
