"""What models make of items: in float, and as the device runs them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge.interpreter import Interpreter
from edge.word_reader import WordReader
from training import zoo
from training.train.word_lesson import WordLesson, streams
from training.train.word_pool import Rows

Logits = NDArray[np.float32]  # (items, labels)
CHUNK = 128


def float_logits(lesson: WordLesson, model: keras.Model, rows: Rows) -> Logits:
    """A Keras model's answers."""
    if not streams(lesson.recipe):
        told = [
            model.predict(lesson.unchanged(some)[0], verbose=0)["word"] for some in _chunks(rows)
        ]
        return np.concatenate(told).astype(np.float32)
    clips, counts = lesson.asked(rows)
    asked = lengthened(lesson, model, clips.shape[1])
    inputs = {"frames": lesson.pixels(clips), "counts": counts.astype("f4")}
    logits: Logits = asked.predict(inputs, verbose=0, batch_size=CHUNK)["word"]
    return logits.astype(np.float32)


def int8_logits(lesson: WordLesson, file: Path, rows: Rows) -> Logits:
    """What the device makes of items, before calibration."""
    if streams(lesson.recipe):
        return streamed_logits(WordReader(file), *lesson.asked(rows))
    interpreter = Interpreter(file)
    (output,) = interpreter.outputs
    told = []
    for row in rows:
        frames = lesson.unchanged(np.array([row]))[0]["frames"]
        pixels = (np.rint(frames * 255) - 128).astype(np.int8)
        (answer,) = interpreter.run(pixels)
        told.append((answer[0].astype(np.float32) - output.zero_point) * output.scale)
    return np.stack(told)


def streamed_logits(
    reader: WordReader, clips: NDArray[np.uint8], counts: NDArray[np.bool_]
) -> Logits:
    """Clips read frame by frame; what counts of each is added up by weight."""
    told = []
    for clip, counted in zip(clips, counts, strict=True):
        state, total, weights = reader.fresh(), 0.0, 0.0
        for frame, counts_now in zip(clip, counted, strict=True):
            voted = reader(frame, state)
            if counts_now:
                total = total + voted.weight * voted.logits
                weights += voted.weight
        told.append(total / weights)
    return np.stack(told).astype(np.float32)


def lengthened(lesson: WordLesson, model: keras.Model, frames: int) -> keras.Model:
    """The same model for clips of another length; one that takes whole clips has its own."""
    if not streams(lesson.recipe):
        return model
    build = zoo.module(lesson.recipe.model).build
    longer = build(frames, *lesson.pool.sides, len(lesson.labels), **lesson.options)
    longer.set_weights(model.get_weights())
    return longer


def _chunks(rows: Rows) -> list[Rows]:
    return np.array_split(rows, -(-len(rows) // CHUNK))
