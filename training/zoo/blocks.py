"""What Lipwire's own small models are built of: plain convolutions that int8 kernels run fast."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from training.train.teach import FEATURES

WEIGHT_DECAY = 1e-4
DROPOUT = 0.3


def trunk(pixels: keras.KerasTensor, filters: Sequence[int], width: int = 100) -> keras.KerasTensor:
    """A row of numbers for each picture: a convolution, stages that each halve the side, features
    and their means; of so many filters each, times `width` percent."""

    def channels(many: int) -> int:
        return max(4, 4 * round(many * width / 400))

    first, *stages, last = filters
    x = _convolution(pixels, channels(first), stride=2)
    for many in stages:
        x = _residual(_convolution(x, channels(many), stride=2))
    x = _convolution(x, channels(last), kernel=1, name=FEATURES)
    return layers.Dropout(DROPOUT)(layers.GlobalAveragePooling2D()(x))


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
