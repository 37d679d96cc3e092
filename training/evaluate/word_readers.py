"""Models of words that stretches of frames can be shown to, whatever they are made of.

Files of `word-small` go frame by frame, as the device does it; those of the zoo's other models, and
all Keras models, see whole clips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.description import Description, read
from edge.errors import ModelError
from edge.interpreter import Interpreter
from edge.verdict import pooled
from edge.word_reader import TASKS, WordReader
from training.evaluate.figures import Values
from training.evaluate.readers import keras_model, sources_of
from training.evaluate.word_clips import Pictures, Stretch
from training.word_pixels import pixels

BATCH = 32  # clips a Keras model sees at once
Read = Callable[[Pictures, Sequence[Stretch]], Values]


@dataclass(frozen=True, eq=False)
class WordModel:
    """A model with all that its answers need to become figures."""

    path: Path
    labels: tuple[str, ...]
    kind: str  # of cut
    fps: float
    window: int
    sources: dict[str, str]  # data sets it learned from, and the part of each that it did not
    temperature: float
    logits: Read  # of its labels, over the temperature


def load_word_model(path: Path, window: int | None = None) -> WordModel:
    """Load a `.keras` model beside its int8 file, or a `.tflite` file; one that goes frame by frame
    may be asked over another window than its own."""
    said = _description(path.with_suffix(".tflite"))
    if path.suffix == ".keras":
        if window and window != said.frames:
            raise ModelError(f"{path}: sees clips of {said.frames} frames, of no other window")
        return _described(path, said, _keras(path, said))
    interpreter = Interpreter(path)
    streams = len(interpreter.inputs) > 1
    if window and not streams:
        raise ModelError(f"{path}: sees clips of {said.frames} frames, of no other window")
    said = replace(said, frames=window or said.frames)
    return _described(path, said, _streamed(path, said) if streams else _whole(interpreter, said))


def _described(path: Path, said: Description, raw: Read) -> WordModel:
    def logits(pictures: Pictures, shown: Sequence[Stretch]) -> Values:
        return raw(pictures, shown) / said.temperature

    return WordModel(
        path,
        said.labels,
        said.crop,
        said.fps,
        said.frames,
        sources_of(said),
        said.temperature,
        logits,
    )


def _description(path: Path) -> Description:
    said = read(path)
    if said.task not in TASKS:
        raise ModelError(f"{path}: made for {said.task}, not for words")
    return said


def _streamed(path: Path, said: Description) -> Read:
    reader = WordReader(path)

    def told(pictures: Pictures, one: Stretch) -> Values:
        before, counted = one.streamed(said.frames)
        state = reader.fresh()
        for row in before:
            reader(pictures[row], state)
        return np.log(pooled([reader(pictures[row], state) for row in counted], 1.0))

    return lambda pictures, shown: np.stack([told(pictures, one) for one in shown])


def _whole(interpreter: Interpreter, said: Description) -> Read:
    (taken,), (given,) = interpreter.inputs, interpreter.outputs
    if taken.shape[:2] != (1, said.frames) or given.shape != (1, len(said.labels)):
        raise ModelError(f"{interpreter.path}: its tensors are not what its description says")
    if (taken.dtype.name, taken.zero_point) != ("int8", -128):
        raise ModelError(f"{interpreter.path}: its input is not grey pixels less 128")

    def told(pictures: Pictures, one: Stretch) -> Values:
        rows, _ = one.whole(said.frames)
        clip = np.bitwise_xor(pictures[rows], np.uint8(128)).view(np.int8)
        (answer,) = interpreter.run(clip[None, ..., None])
        numbers: Values = (answer[0].astype(np.float64) - given.zero_point) * given.scale
        return numbers

    return lambda pictures, shown: np.stack([told(pictures, one) for one in shown])


def _keras(path: Path, said: Description) -> Read:
    model = keras_model(path)

    def told(pictures: Pictures, shown: Sequence[Stretch]) -> Values:
        clips, own = zip(*(one.whole(said.frames) for one in shown), strict=True)
        frames = pixels(pictures[np.stack(clips)], said.changes)
        asked: Any = frames
        if len(model.inputs) > 1:
            asked = {"frames": frames, "counts": np.stack(own).astype(np.float32)}
        answer = model.predict(asked, batch_size=BATCH, verbose=0)
        return np.asarray(answer["word"] if isinstance(answer, dict) else answer, np.float64)

    return told
