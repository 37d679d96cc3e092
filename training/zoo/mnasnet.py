"""MnasNet-B1, which Keras does not have: built from the paper's table (arXiv 1807.11626).

B1 is the variant without squeeze-and-excitation, so that it runs in int8 throughout. With
ImageNet's thousand classes it has 4,383,312 weights; the paper says 4.4 million.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers


@dataclass(frozen=True)
class Stage:
    """Blocks of one width; the first of them may shrink the picture."""

    repeats: int
    kernel: int
    stride: int
    expand: int  # times as many channels inside a block as before it
    filters: int


STEM = 32
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(3, 3, 2, 3, 24),
    Stage(3, 5, 2, 3, 40),
    Stage(3, 5, 2, 6, 80),
    Stage(2, 3, 1, 6, 96),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
TOP = 1280


def mnasnet(pixels: keras.KerasTensor) -> keras.Model:
    """The model up to its last feature map, from three channels between -1 and 1."""
    x = _convolution(pixels, STEM, 3, 2, "stem")
    for number, stage in enumerate(STAGES, 1):
        for repeat in range(stage.repeats):
            x = _block(
                x, stage, stage.stride if repeat == 0 else 1, f"block{number}{'abcd'[repeat]}"
            )
    x = _convolution(x, TOP, 1, 1, "top")
    return keras.Model(keras.utils.get_source_inputs(pixels), x, name="mnasnet")


def _block(x: keras.KerasTensor, stage: Stage, stride: int, name: str) -> keras.KerasTensor:
    """Widen, filter each channel, narrow; added to what came in where the shapes agree."""
    inner, channels = x, x.shape[-1]
    if stage.expand > 1:
        inner = _convolution(inner, channels * stage.expand, 1, 1, f"{name}_expand")
    inner = layers.DepthwiseConv2D(
        stage.kernel,
        stride,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_dwconv",
    )(inner)
    inner = layers.ReLU(name=f"{name}_relu")(_norm(inner, name))
    inner = _convolution(inner, stage.filters, 1, 1, f"{name}_project", activation=False)
    if stride == 1 and channels == stage.filters:
        return layers.Add(name=f"{name}_add")([x, inner])
    return inner


def _convolution(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str, activation: bool = True
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = _norm(x, name)
    return layers.ReLU(name=f"{name}_relu")(x) if activation else x


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_bn")(x)
