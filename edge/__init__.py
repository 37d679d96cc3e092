"""Lipwire on the device: from camera frames to smiles, mouth shapes and words on a broker."""

__version__ = "0.1.0"
