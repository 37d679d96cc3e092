"""What `word-vgg-frozen` and `word-vgg-tuned` are: VGG16 for each frame, then a memory.

Published: the bottleneck of VGG16 and a bidirectional LSTM, learning rate 6e-5; then the last block
unfrozen for 5 epochs of SGD at 1e-4, from the frozen model's head; 55 % and 59 % on test clips of
MIRACL-VC1, of speakers that were learned from.

Chosen here, because not known: lips at twice their size (VGG16 halves five times, and would leave
one cell of them), the bottleneck flattened, dropout of 0.5 on it, 128 units each way, epochs.

14.7 million weights and a billion multiply-accumulates a frame and more: no file for a board is
made of it where nobody asks.
"""

from __future__ import annotations

import keras
from keras import applications, layers

from training.train.recipe import Phase
from training.zoo.clip import Memory, clip, frames, in_time
from training.zoo.grey import less_means
from training.zoo.learning import ALL, HEAD
from training.zoo.weights import IMAGENET, NONE, loaded

FOR_A_BOARD = False
LARGER = 2  # times the canvas
DROPOUT = 0.5
UNITS = 128  # of each direction
EPOCHS, RATE = 40, 6e-5


def build(
    window: int, height: int, width: int, classes: int, weights: str = IMAGENET
) -> keras.Model:
    """VGG16, flat, so that its layers can be frozen by name, and the untrained rest."""
    clips = clip(window, height, width)
    pixels = layers.Resizing(LARGER * height, LARGER * width)(frames(clips))
    pixels = less_means(pixels)

    def make(given: str | None) -> keras.Model:
        return applications.VGG16(include_top=False, weights=given, input_tensor=pixels)

    seen = loaded("vgg16", make, weights).output
    x = layers.Flatten(name=HEAD)(seen)
    x = in_time(layers.Dropout(DROPOUT)(x), window)
    x = layers.Bidirectional(Memory(UNITS))(x)
    return keras.Model(clips, layers.Dense(classes, name="logits")(x), name="word-vgg")


def head(weights: str) -> Phase:
    """In which the new part learns; without ImageNet's weights all of it, for nothing would see."""
    learns = ALL if weights == NONE else HEAD
    return Phase(EPOCHS, RATE, RATE, schedule="steps", learns=learns)
