"""`word-deep`: an older reader of words with more layers, to be compared with.

Published: three convolutions, each with batch normalisation, dropout of 0.2 and 2x2 pooling, and a
bidirectional LSTM; 25 % on test clips of MIRACL-VC1.

Chosen here, because not known: 3x3 convolutions of 8, 16 and 32 filters, ReLU, 64 units each way,
Adam from 1e-3 down, epochs.
"""

from __future__ import annotations

import keras
from keras import layers

from training.train.recipe import Phase
from training.train.word_recipe import WordRecipe
from training.zoo.clip import Memory, clip, frames, in_time

FILTERS = (8, 16, 32)
DROPOUT = 0.2
UNITS = 64  # of each direction


def build(window: int, height: int, width: int, classes: int) -> keras.Model:
    """An untrained model."""
    clips = clip(window, height, width)
    x = frames(clips)
    for filters in FILTERS:
        x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
        x = layers.MaxPooling2D()(layers.Dropout(DROPOUT)(x))
    x = layers.Bidirectional(Memory(UNITS))(in_time(layers.Flatten()(x), window))
    return keras.Model(clips, layers.Dense(classes, name="logits")(x), name="word-deep")


def recipe() -> WordRecipe:
    """Adam, slower and slower."""
    phase = Phase(epochs=30, rate=1e-3, lowest_rate=1e-5)
    return WordRecipe("word-deep", (phase,), label_smoothing=0.0, other=False)
