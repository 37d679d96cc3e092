"""`smile-unet`: a baseline in the manner of U-Net's contracting path.

Published: pictures of 128x128 in three channels, scaled to -1..1; a 5x5 convolution of 32 filters
first; then blocks of two convolutions, max pooling and spatial dropout; global average pooling; a
dense layer of 128; He initialisation, ReLU, Adam; a learning rate that steps down from 1e-3 to
1e-6. Trained on CelebA and AffectNet it had 94.5 % on GENKI-4K and 92.7 % on CelebA, with plain in
place of spatial dropout about 2 points less.

Chosen here, because not known: 3x3 convolutions, four blocks of 32, 64, 128 and 256 filters (U-Net
doubles them from block to block), dropout of 0.1 in a block and 0.3 before the logit, epochs. Its
authors saw colour, this one sees the grey crops that all models here do.
"""

from __future__ import annotations

from typing import Literal

import keras
from keras import layers

from edge.errors import SettingsError
from training.train.recipe import Phase, Recipe
from training.zoo.grey import from_minus_one, grey
from training.zoo.learning import HEAD

SIZE = 128
FIRST_FILTERS = 32
BLOCKS = (32, 64, 128, 256)  # filters
IN_BLOCKS, AT_THE_END = 0.1, 0.3  # shares that dropout drops

Dropout = Literal["spatial", "plain", "none"]
DROPOUTS: dict[str, type[layers.Layer] | None] = {
    "spatial": layers.SpatialDropout2D,
    "plain": layers.Dropout,
    "none": None,
}


def build(dropout: Dropout = "spatial") -> keras.Model:
    """An untrained model; plain or no dropout in its blocks is for comparison."""
    if dropout not in DROPOUTS:
        raise SettingsError(f"smile-unet: dropout is {', '.join(DROPOUTS)}, not '{dropout}'")
    dropped = DROPOUTS[dropout]
    pixels = grey(SIZE)
    x = _convolution(from_minus_one(pixels), FIRST_FILTERS, 5)
    for filters in BLOCKS:
        x = _convolution(_convolution(x, filters), filters)
        x = layers.MaxPooling2D()(x)
        if dropped:
            x = dropped(IN_BLOCKS)(x)
    x = layers.GlobalAveragePooling2D(name=HEAD)(x)
    x = layers.Dense(128, activation="relu", kernel_initializer="he_normal")(x)
    if dropped:
        x = layers.Dropout(AT_THE_END)(x)
    return keras.Model(pixels, layers.Dense(1, name="logit")(x), name="smile-unet")


def recipe(dropout: Dropout = "spatial") -> Recipe:
    """Adam from 1e-3 down to 1e-6 by tens."""
    phases = (Phase(epochs=24, rate=1e-3, lowest_rate=1e-6, schedule="steps"),)
    return Recipe("smile-unet", phases, {"dropout": dropout}, batch=32)


def _convolution(x: keras.KerasTensor, filters: int, kernel: int = 3) -> keras.KerasTensor:
    return layers.Conv2D(
        filters, kernel, padding="same", activation="relu", kernel_initializer="he_normal"
    )(x)
