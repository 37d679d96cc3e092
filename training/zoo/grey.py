"""Grey pixels made into what models for colour pictures expect, by operators that quantise."""

from __future__ import annotations

import keras
from keras import layers


def grey(side: int) -> keras.KerasTensor:
    """The input of every model here: grey pixels from 0 to 1."""
    return keras.Input((side, side, 1), name="pixels")


def three_channels(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """The same brightness in each of three channels."""
    return layers.Concatenate(name="three_channels")([pixels] * 3)


def from_minus_one(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels from -1 to 1, three channels."""
    return three_channels(layers.Rescaling(2.0, -1.0, name="minus_one_to_one")(pixels))
