"""`smile-small`: Lipwire's own smile model, plain convolutions that int8 kernels run fast.

64x64 grey pixels from 0 to 1 in, the logit of a smile out; just under 6 million
multiply-accumulates, all that a frame may cost for this task.
"""

from __future__ import annotations

import keras
from keras import layers

from edge.crop import MOUTH
from training.train.recipe import Phase, Recipe
from training.train.teach import FEATURES

SIZE = 64
WEIGHT_DECAY = 1e-4


def build(size: int = SIZE, width: int = 100) -> keras.Model:
    """An untrained model; other sizes and widths (in percent of its channels) are to be compared
    with."""

    def channels(many: int) -> int:
        return max(4, 4 * round(many * width / 400))

    pixels = keras.Input((size, size, 1), name="pixels")
    x = _convolution(pixels, channels(16), stride=2)
    for many in (20, 48, 96):
        x = _residual(_convolution(x, channels(many), stride=2))
    x = _convolution(x, channels(192), kernel=1, name=FEATURES)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(pixels, layers.Dense(1, name="logit")(x), name="smile-small")


def recipe(size: int = SIZE, width: int = 100) -> Recipe:
    """A warm-up, then slower and slower."""
    phase = Phase(epochs=24, rate=2e-3, lowest_rate=0.0)
    return Recipe(
        "smile-small",
        (phase,),
        {"size": size, "width": width},
        crop=MOUTH.name,
        batch=96,
        set_bias=True,
        points=2.0,
    )


def _convolution(
    x: keras.KerasTensor,
    filters: int,
    stride: int = 1,
    kernel: int = 3,
    activation: bool = True,
    name: str | None = None,
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer=keras.regularizers.L2(WEIGHT_DECAY),
    )(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU(6.0, name=name)(x) if activation else x


def _residual(x: keras.KerasTensor) -> keras.KerasTensor:
    inner = _convolution(x, x.shape[-1], activation=False)
    return layers.ReLU(6.0)(layers.Add()([x, inner]))
