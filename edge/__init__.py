"""Lipwire on the device: from camera frames to counted smiles on a broker."""

__version__ = "0.1.0"
