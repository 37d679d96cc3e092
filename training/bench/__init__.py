"""Comparisons in one run on one machine: `lipwire bench models`, `words`, `detectors`."""
