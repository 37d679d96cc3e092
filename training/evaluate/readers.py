"""Smile models that crops can be shown to: int8 files as the device has them, Keras models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.crop import KINDS, CropKind
from edge.description import Description
from edge.errors import ModelError, SettingsError
from edge.read import SmileReader, checked_description, crop_kind
from training.evaluate.figures import Values
from training.evaluate.views import Faces
from training.needs import needs_tensorflow
from training.run import CONFIG, Run

TASK = "smile"


@dataclass(frozen=True, eq=False)
class Reader:
    """A model with all that its logits need to become figures."""

    path: Path
    crop_kind: CropKind
    temperature: float
    sources: dict[str, str]  # data sets it learned from, and the part of each that it did not
    logits: Callable[[Faces], Values]

    def mirrored_logits(self, faces: Faces) -> Values:
        """Of the mirror images."""
        return self.logits(np.ascontiguousarray(faces[..., ::-1]))


def load_reader(path: Path) -> Reader:
    """Load a `.keras` model of a run, or a `.tflite` file."""
    return _keras(path) if path.suffix == ".keras" else _tflite(path)


def _tflite(path: Path) -> Reader:
    reader = SmileReader(path)
    said = reader.description

    def logits(faces: Faces) -> Values:
        return np.array([reader.logit(face) for face in faces])

    return Reader(path, reader.crop_kind, said.temperature, sources_of(said), logits)


def _keras(path: Path) -> Reader:
    model = load_keras(path)
    kind, temperature, sources = told_beside(path, TASK)

    def logits(faces: Faces) -> Values:
        pixels = faces[..., None].astype(np.float32) / 255
        answers: Values = model.predict(pixels, verbose=0)[:, 0].astype(np.float64)
        return answers

    return Reader(path, replace(kind, size=model.input_shape[1]), temperature, sources, logits)


def load_keras(path: Path) -> Any:
    """A Keras model that takes grey square crops and gives one logit."""
    return loaded(path, TASK, lambda answers: answers == 1)


def loaded(path: Path, task: str, fits: Callable[[int], bool]) -> Any:
    """A Keras model that takes grey square crops and gives a number of answers that fits."""
    model = keras_model(path)
    inputs, outputs = model.input_shape, model.output_shape
    square = len(inputs) == 4 and inputs[1] == inputs[2] and inputs[3] == 1
    if not square or len(outputs) != 2 or not fits(outputs[1]):
        raise ModelError(f"{path}: not a {task} model: it takes {inputs} and gives {outputs}")
    return model


def keras_model(path: Path) -> Any:
    """A Keras model, whatever it takes and gives."""
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    with needs_tensorflow(f"reading {path.name}"):
        import keras

        import training.zoo.own_layers  # noqa: F401
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:  # whatever Keras and its parts find wrong with a file
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{path}: not a usable Keras model: {reason}") from None


def told_beside(path: Path, task: str) -> tuple[CropKind, float, dict[str, str]]:
    """Cut, temperature and data sets of a Keras model, from its int8 file or its run's config."""
    int8 = path.with_suffix(".tflite")
    if int8.is_file():
        said = checked_description(int8, task)
        return crop_kind(said), said.temperature, sources_of(said)
    try:
        config = Run(path.parent).config()
        if config["task"] != task:
            raise ModelError(f"{path.parent}: a run for {config['task']}, not for {task}")
        names = {source["dataset"]: "" for source in config["sources"]}
        return KINDS[config["recipe"]["crop"]], 1.0, names
    except (SettingsError, KeyError, TypeError):
        raise ModelError(
            f"{path}: neither {int8.name} nor {CONFIG} beside it says what it learned from"
        ) from None


def sources_of(said: Description) -> dict[str, str]:
    """The data sets a model learned from, and the part of each that it did not."""
    return {source.name: source.left_out for source in said.sources}
