"""`word-mobilenet-lstm`: an older reader of words in any language, to be compared with.

Published, of 7 Korean words of the news and a class for all else: MobileNet of 128x128 pixels and
three channels, frozen; dense layers of 1024 and 128 with dropout; an LSTM of 256 units; a dense
layer of 128, dropout of 0.3, softmax; 10, 15 or 20 frames, of which 10 were best: 86 % of its
validation clips, 51.6 % of clips cropped another way.

Chosen here, because not known: averages over MobileNet's last maps, ReLU, dropout of 0.3
throughout, Adam from 1e-3 down, epochs.
"""

from __future__ import annotations

import keras
from keras import applications, layers

from training.train.recipe import Phase
from training.train.word_recipe import WordRecipe
from training.zoo.clip import Memory, clip, frames, in_time
from training.zoo.grey import from_minus_one
from training.zoo.learning import ALL, HEAD
from training.zoo.weights import IMAGENET, NONE, loaded

SIDE = 128
EACH_FRAME, AFTERWARDS = (1024, 128), 128  # units of dense layers
UNITS = 256
DROPOUT = 0.3


def build(
    window: int, height: int, width: int, classes: int, weights: str = IMAGENET
) -> keras.Model:
    """MobileNet, flat, so that its layers can be frozen by name, and the untrained rest."""
    clips = clip(window, height, width)
    pixels = from_minus_one(layers.Resizing(SIDE, SIDE)(frames(clips)))

    def make(given: str | None) -> keras.Model:
        shape = (SIDE, SIDE, 3)  # says which of its weights are meant
        return applications.MobileNet(
            shape, include_top=False, weights=given, input_tensor=pixels, dropout=0.0
        )

    x = layers.GlobalAveragePooling2D(name=HEAD)(loaded("mobilenet", make, weights).output)
    for units in EACH_FRAME:
        x = layers.Dropout(DROPOUT)(layers.Dense(units, activation="relu")(x))
    x = Memory(UNITS)(in_time(x, window))
    x = layers.Dropout(DROPOUT)(layers.Dense(AFTERWARDS, activation="relu")(x))
    return keras.Model(clips, layers.Dense(classes, name="logits")(x), name="word-mobilenet-lstm")


def recipe(weights: str = IMAGENET) -> WordRecipe:
    """The new part alone; without ImageNet's weights all of it, for nothing would see."""
    learns = ALL if weights == NONE else HEAD
    phase = Phase(epochs=30, rate=1e-3, lowest_rate=1e-5, learns=learns)
    options: dict[str, str | int] = {"weights": weights}
    name = "word-mobilenet-lstm"
    return WordRecipe(name, (phase,), options, window=10, label_smoothing=0.0, other=False)
