"""`word-cnn-lstm`: the plainest older reader of words, to be compared with.

Published: one 5x5 convolution of 3 filters, flattened for each frame, an LSTM, a dense layer with
softmax; 39 % on test clips of MIRACL-VC1, of speakers that were learned from.

Chosen here, because not known: ReLU, 64 units, Adam from 1e-3 down, epochs.
"""

from __future__ import annotations

import keras
from keras import layers

from training.train.recipe import Phase
from training.train.word_recipe import WordRecipe
from training.zoo.clip import Memory, clip, frames, in_time

UNITS = 64


def build(window: int, height: int, width: int, classes: int) -> keras.Model:
    """An untrained model."""
    clips = clip(window, height, width)
    x = layers.Conv2D(3, 5, activation="relu")(frames(clips))
    x = Memory(UNITS)(in_time(layers.Flatten()(x), window))
    return keras.Model(clips, layers.Dense(classes, name="logits")(x), name="word-cnn-lstm")


def recipe() -> WordRecipe:
    """Adam, slower and slower."""
    phase = Phase(epochs=30, rate=1e-3, lowest_rate=1e-5)
    return WordRecipe("word-cnn-lstm", (phase,), label_smoothing=0.0, other=False)
