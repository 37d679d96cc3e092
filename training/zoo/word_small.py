"""`word-small`: Lipwire's own reader of words, which advances one frame at a time.

An encoder turns each frame's lips into a row of numbers; a temporal part looks back from each frame
at rows of earlier ones, at growing distances, and says what speaks for each word and how much this
frame counts. What a stretch of frames says is the mean of that by weight. Nothing looks ahead, so
the device goes on from frame to frame with the rows that are looked back at, the states; how long
the stretch is costs nothing.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from training.train.recipe import Phase
from training.train.word_recipe import DIFFERENCES, WordRecipe

FILTERS = (16, 32, 48)  # of the encoder's stages, each of which halves the sides
ROW = 96  # numbers a frame comes to
BACK = (1, 2, 4)  # frames between the three that each temporal layer looks at
WEIGHT_DECAY = 1e-4
DROPOUT = 0.4
MOST = 4.0  # a frame's weight at most, as a logarithm
ENCODER = "encoder"


def recipe() -> WordRecipe:
    """A warm-up, then slower and slower."""
    phases = (Phase(40, 2e-3, 0.0, clip=2.0),)
    return WordRecipe("word-small", phases, phrase_weight=1.0, sees=DIFFERENCES)


def build(
    window: int,
    height: int,
    width: int,
    classes: int,
    phrases: int = 0,
    speakers: int = 0,
    channels: int = 1,
) -> keras.Model:
    """An untrained model of whole clips: frames from 0 to 1 in, and 1 for each that counts; out
    comes what speaks for each class, for each phrase where those help to learn, and for each
    speaker where the features are not to tell them."""
    frames = keras.Input((window, height, width, channels), name="frames")
    counts = keras.Input((window,), name="counts")
    encode = encoder(height, width, channels)
    rows = encode(ops.reshape(frames, (-1, height, width, channels)))
    rows = layers.Dropout(DROPOUT / 2)(ops.reshape(rows, (-1, window, ROW)))
    for number, back in enumerate(BACK):
        mixed = LookBack(back)(rows)
        for layer in _mixing(number):
            mixed = layer(mixed)
        rows = rows + layers.SpatialDropout1D(DROPOUT / 2)(mixed)
    features = layers.Dropout(DROPOUT)(rows)
    votes = layers.Dense(classes + 1, name="votes")(features)
    told = {"word": Pooled(name="word")([votes, counts])}
    if phrases:
        told["phrase"] = Pooled(name="phrase")([layers.Dense(phrases + 1)(features), counts])
    if speakers:
        against = 2 * ops.stop_gradient(features) - features  # the features, learning backwards
        told["speaker"] = Pooled(name="speaker")([layers.Dense(speakers + 1)(against), counts])
    return keras.Model({"frames": frames, "counts": counts}, told, name="word-small")


def encoder(height: int, width: int, channels: int = 1) -> keras.Model:
    """From one frame to its row."""
    pixels = keras.Input((height, width, channels), name="pixels")
    first, middle, last = FILTERS
    x = _convolution(_convolution(pixels, first, 2), middle, 2)
    x = _convolution(x, last, 2)
    x = layers.ReLU(6.0)(x + _convolution(_convolution(x, last), last, active=False))
    x = layers.Dropout(DROPOUT / 2)(layers.Flatten()(x))
    x = layers.Dense(ROW, use_bias=False, kernel_regularizer=_decay())(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.95)(x))
    return keras.Model(pixels, x, name=ENCODER)


def one_step(clips: keras.Model) -> keras.Model:
    """A trained model as the device has it: one frame and the states in, votes (each class, and the
    frame's weight), features and new states out."""
    encode = clips.get_layer(ENCODER)
    pixels = keras.Input(encode.input.shape[1:], batch_size=1, name="pixels")
    states = [
        keras.Input((2 * back, ROW), batch_size=1, name=f"state{number}")
        for number, back in enumerate(BACK)
    ]
    row, kept = ops.expand_dims(encode(pixels), 1), []
    for number, (back, state) in enumerate(zip(BACK, states, strict=True)):
        mixed = ops.concatenate([state[:, :1], state[:, back : back + 1], row], axis=-1)
        kept.append(ops.concatenate([state[:, 1:], row], axis=1))
        for name in (f"mix{number}", f"norm{number}", f"active{number}"):
            mixed = clips.get_layer(name)(mixed)
        row = row + mixed
    features = row[:, 0]
    votes = clips.get_layer("votes")(features)
    return keras.Model([pixels, *states], [votes, features, *kept], name="word-small-step")


@keras.saving.register_keras_serializable("lipwire")
class LookBack(layers.Layer):  # type: ignore[misc]
    """Each row with the one so many frames before it and the one as many before that; there are
    zeros before the first."""

    def __init__(self, back: int, **named: Any) -> None:
        super().__init__(**named)
        self.back = back

    def call(self, rows: Any) -> Any:
        frames = rows.shape[1]
        padded = ops.pad(rows, ((0, 0), (2 * self.back, 0), (0, 0)))
        looks = [padded[:, start : start + frames] for start in (0, self.back, 2 * self.back)]
        return ops.concatenate(looks, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "back": self.back}


@keras.saving.register_keras_serializable("lipwire")
class Pooled(layers.Layer):  # type: ignore[misc]
    """The mean of all frames' votes that count, by the weight that each frame gives itself."""

    def call(self, told: Any) -> Any:
        votes, counts = told
        weights = ops.exp(ops.minimum(votes[..., -1:], MOST)) * ops.expand_dims(counts, -1)
        return ops.sum(votes[..., :-1] * weights, axis=1) / (ops.sum(weights, axis=1) + 1e-6)


def _mixing(number: int) -> tuple[layers.Layer, layers.Layer, layers.Layer]:
    return (
        layers.Dense(ROW, use_bias=False, kernel_regularizer=_decay(), name=f"mix{number}"),
        layers.BatchNormalization(momentum=0.95, name=f"norm{number}"),
        layers.ReLU(6.0, name=f"active{number}"),
    )


def _convolution(
    x: keras.KerasTensor, filters: int, stride: int = 1, active: bool = True
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters,
        3,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer=_decay(),
    )(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU(6.0)(x) if active else x


def _decay() -> keras.regularizers.Regularizer:
    return keras.regularizers.L2(WEIGHT_DECAY)
