"""What a run's parts answered about pictures they never learned from, and how they learned."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.description import read
from edge.errors import ModelError, SettingsError
from training.evaluate.figures import Flags, Values
from training.run import Run
from training.train.recipe import PARTS

History = dict[str, Values]  # a column a name


@dataclass(frozen=True)
class Held:
    """Crops and answers, a row a picture; logits are over the temperature."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int8]
    files: NDArray[np.str_]
    logits: Values  # of the int8 file
    float_logits: Values  # of the Keras model

    @property
    def truth(self) -> Flags:
        return self.labels == 1

    @property
    def probabilities(self) -> Values:
        return 1 / (1 + np.exp(-self.logits))

    @property
    def right(self) -> Flags:
        return (self.logits >= 0) == self.truth

    @property
    def float_right(self) -> Flags:
        return (self.float_logits >= 0) == self.truth


@dataclass(frozen=True)
class Part:
    """A trained part of a run."""

    name: str
    held: Held
    temperature: float
    begins_at: float  # the probability that begins a smile
    tested: bool  # whether some of its sets have a part for the test that it left out
    history: History


def read_parts(run: Run) -> list[Part]:
    """All parts that are finished, in order."""
    config = run.config()
    if (task := config.get("task")) != "smile":
        raise SettingsError(f"{run.folder}: a run of task {task}; reports are made of smile")
    parts = [_part(run, name) for name in PARTS if run.tflite(name).is_file()]
    if not parts:
        raise SettingsError(f"{run.folder}: no part of it is trained yet (no .tflite)")
    return parts


def pooled(parts: Sequence[Part]) -> Held:
    """The answers of several parts, each about its own pictures."""
    names = [field.name for field in fields(Held)]
    columns = {name: [getattr(part.held, name) for part in parts] for name in names}
    try:
        return Held(**{name: np.concatenate(values) for name, values in columns.items()})
    except ValueError:
        sizes = ", ".join(f"{p.name} {p.held.images.shape[1]}" for p in parts)
        raise SettingsError(f"crops of parts differ in size ({sizes}): not of one run") from None


def _part(run: Run, name: str) -> Part:
    said = read(run.tflite(name))
    held = read_held(run.heldout(name), said.temperature)
    side = held.images.shape[1]
    if side != said.crop_size:
        raise ModelError(
            f"{run.tflite(name)}: wants crops of {said.crop_size} pixels, held out are {side}"
        )
    tested = any(source.left_out for source in said.sources)
    history = _history(run.part(name) / "history.csv")
    return Part(name, held, said.temperature, said.on_threshold, tested, history)


def read_held(path: Path, temperature: float) -> Held:
    """A part's answers, of which the logits are divided by the temperature."""
    try:
        with path.open("rb") as file, np.load(file) as data:
            images, labels, files = data["images"], data["labels"], data["files"]
            logits, float_logits = data["logits"].ravel(), data["float_logits"].ravel()
    except FileNotFoundError:
        raise SettingsError(f"{path}: missing; lipwire train writes it") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise SettingsError(
            f"{path}: damaged: {error}; remove it, and lipwire train writes it anew"
        ) from None
    square = images.ndim == 3 and images.shape[1] == images.shape[2] and images.dtype == np.uint8
    columns = (labels, files, logits, float_logits)
    if not len(images) or not square or any(column.shape != images.shape[:1] for column in columns):
        raise SettingsError(f"{path}: damaged: its columns do not fit each other")
    scale = 1 / temperature
    return Held(
        images, labels, files, logits.astype(float) * scale, float_logits.astype(float) * scale
    )


def _history(path: Path) -> History:
    """The columns of a training's table, a row an epoch; none where it is missing."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        history = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, IndexError) as error:
        raise SettingsError(f"{path}: damaged: {error}") from None
    if "epoch" not in history:
        raise SettingsError(f"{path}: damaged: no column epoch")
    return history
