"""Looks into a Keras model of words: what of the mouth, and when, moves its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.evaluate.figures import Values
from training.evaluate.readers import keras_model
from training.evaluate.word_clips import Pictures, Stretch
from training.word_pixels import pixels

MOMENTS = 20  # equal parts of a word, over time


@dataclass(frozen=True)
class Moved:
    """By how much places and moments of a word's clips move the answer, averaged over clips."""

    where: Values  # a picture, 0 to 1
    when: Values  # of MOMENTS, all of them together 1


def moved(
    path: Path, pictures: Pictures, words: Sequence[tuple[int, list[Stretch]]], window: int
) -> list[Moved]:
    """For each word, told by its place among the labels, by the slopes of its logit."""
    model = keras_model(path)
    return [_moved(model, pictures, label, shown, window) for label, shown in words]


def _moved(
    model: Any, pictures: Pictures, label: int, shown: Sequence[Stretch], window: int
) -> Moved:
    import tensorflow as tf

    rows, own = map(np.stack, zip(*(one.whole(window) for one in shown), strict=True))
    shape = next(each.shape for each in model.inputs if len(each.shape) == 5)
    frames = tf.constant(pixels(pictures[rows], changes=shape[-1] == 2))
    with tf.GradientTape() as tape:
        tape.watch(frames)
        inputs: Any = {"frames": frames, "counts": tf.constant(own.astype(np.float32))}
        if len(model.inputs) == 1:
            inputs = {"frames": frames} if isinstance(model.input, dict) else frames
        answer = model(inputs, training=False)
        logits = answer["word"] if isinstance(answer, dict) else answer
        told = tf.reduce_sum(logits[:, label])
    slopes = np.abs(np.asarray(tape.gradient(told, frames))).sum(axis=-1) * own[..., None, None]
    slopes /= slopes.sum(axis=(1, 2, 3), keepdims=True) + 1e-12  # every clip counts the same
    where = cv2.GaussianBlur(slopes.sum(axis=1).mean(axis=0), (0, 0), 1.0)
    each = [_in_time(clip[mask]) for clip, mask in zip(slopes.sum(axis=(2, 3)), own, strict=True)]
    return Moved(where / max(float(where.max()), 1e-12), np.mean(each, axis=0))


def _in_time(values: Values) -> Values:
    """A word's frames spread over as many moments as all have."""
    ends = np.interp(
        np.linspace(0, len(values), MOMENTS + 1),
        np.arange(len(values) + 1),
        np.concatenate([[0.0], np.cumsum(values)]),
    )
    return np.diff(ends)
