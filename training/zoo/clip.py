"""Whole clips: as one picture after another to what sees, and back in time to what remembers."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


def clip(window: int, height: int, width: int) -> keras.KerasTensor:
    """The input of every reader of whole clips: grey pixels from 0 to 1."""
    return keras.Input((window, height, width, 1), name="frames")


def frames(clips: keras.KerasTensor) -> keras.KerasTensor:
    """All pictures of all clips in a row."""
    return ops.reshape(clips, (-1, *clips.shape[2:]))


def in_time(features: keras.KerasTensor, window: int) -> keras.KerasTensor:
    """What was made of each picture, clip by clip."""
    return ops.reshape(features, (-1, window, features.shape[-1]))


@keras.saving.register_keras_serializable("lipwire")
class Memory(layers.LSTM):  # type: ignore[misc]
    """An LSTM that gives its last state; only unrolled, and with its four gates computed apart,
    does all of it become int8 operators."""

    def __init__(self, units: int, **named: Any) -> None:
        super().__init__(units, **{**named, "unroll": True, "implementation": 1})
