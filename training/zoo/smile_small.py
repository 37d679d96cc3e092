"""`smile-small`: Lipwire's own smile model, plain convolutions that int8 kernels run fast.

64x64 grey pixels from 0 to 1 in, the logit of a smile out; about 5 million multiply-accumulates.
"""

from __future__ import annotations

import keras
from keras import layers

SIZE = 64
WEIGHT_DECAY = 1e-4


def build() -> keras.Model:
    """An untrained model."""
    pixels = keras.Input((SIZE, SIZE, 1), name="pixels")
    x = _convolution(pixels, 16, stride=2)
    x = _residual(_convolution(x, 24, stride=2))
    x = _residual(_convolution(x, 48, stride=2))
    x = _convolution(x, 96, stride=2)
    x = _convolution(x, 128, kernel=1)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(pixels, layers.Dense(1, name="logit")(x), name="smile-small")


def _convolution(
    x: keras.KerasTensor, filters: int, stride: int = 1, kernel: int = 3, activation: bool = True
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
    return layers.ReLU(6.0)(x) if activation else x


def _residual(x: keras.KerasTensor) -> keras.KerasTensor:
    inner = _convolution(x, x.shape[-1], activation=False)
    return layers.ReLU(6.0)(layers.Add()([x, inner]))
