"""Grey pixels made into what models for colour pictures expect, by operators that quantise."""

from __future__ import annotations

import keras
from keras import layers

VGG_BLUE_GREEN_RED = (103.939, 116.779, 123.68)  # means of ImageNet that its VGG16 learned with


def grey(side: int) -> keras.KerasTensor:
    """The input of every model here: grey pixels from 0 to 1."""
    return keras.Input((side, side, 1), name="pixels")


def three_channels(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """The same brightness in each of three channels."""
    return layers.Concatenate(name="three_channels")([pixels] * 3)


def from_minus_one(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels from -1 to 1, three channels."""
    return three_channels(layers.Rescaling(2.0, -1.0, name="minus_one_to_one")(pixels))


def to_255(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels from 0 to 255, three channels, for bases that do the rest by themselves."""
    return three_channels(layers.Rescaling(255.0, name="to_255")(pixels))


def less_means(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """The same less ImageNet's means, as VGG16 wants them."""
    shift = [-mean for mean in VGG_BLUE_GREEN_RED]
    return layers.Rescaling(1.0, shift, name="less_means")(to_255(pixels))
