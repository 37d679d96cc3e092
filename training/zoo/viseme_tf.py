"""`viseme-tf`: the older classifier of open and closed mouths, to be compared with.

64x64 pixels, standardised by the training set's mean and deviation, two stages of convolutions and
pooling, a dense layer with dropout. It learns from pictures as they are, five at a time for five
epochs; published 98 to 100 % of its own validation pictures, and not robust to light and position.
"""

from __future__ import annotations

import keras
from keras import layers

from edge.crop import MOUTH
from training.train.recipe import Phase, Recipe
from training.zoo.grey import grey

SIZE = 64
DROPOUT = 0.5


def build() -> keras.Model:
    """An untrained model; its layer `standardised` is yet to be adapted to what it will see."""
    pixels = grey(SIZE)
    x = layers.Normalization(axis=-1, name="standardised")(pixels)
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dense(64, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(DROPOUT)(x)
    return keras.Model(pixels, layers.Dense(1, name="logit")(x), name="viseme-tf")


def recipe() -> Recipe:
    """Adam at one pace."""
    return Recipe(
        "viseme-tf",
        (Phase(epochs=5, rate=5e-4, lowest_rate=5e-4, schedule="steps"),),
        crop=MOUTH.name,
        pictures=0,
        batch=5,
        label_smoothing=0.0,
        augment=False,
    )
