"""Models of mouths that crops can be shown to: shapes and an opening, or open and closed alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.crop import CropKind
from edge.description import Description
from edge.errors import ModelError, SettingsError
from edge.read import TwoClassReader, VisemeReader, checked_description
from edge.shapes import OPENING_UNIT, SHAPES
from training.evaluate.figures import Values
from training.evaluate.mouths import MIDDLE
from training.evaluate.readers import loaded, sources_of, told_beside
from training.evaluate.views import Faces

TASK = "viseme"
TWO = ("closed", "open")  # labels of models that tell no shapes
EVEN = 0.5  # the probability over which such a model says open


@dataclass(frozen=True, eq=False)
class MouthReader:
    """A model with all that its answers need to become figures."""

    path: Path
    crop_kind: CropKind
    temperature: float  # of the shapes' logits
    threshold: float  # over it a mouth is told open
    moments: int  # that a picture votes for; 0: the model tells open or closed, and no shapes
    sources: dict[str, str]  # data sets it learned from, and the part of each that it did not
    # An opening in eye distances, or the probability of an open mouth; then its votes, in order.
    answers: Callable[[Faces], Values]

    @property
    def width(self) -> int:
        """How many numbers it says of a crop."""
        return 1 + self.moments * len(SHAPES)


def load_mouth_reader(path: Path) -> MouthReader:
    """Load a `.keras` model of a run, or a `.tflite` file."""
    if path.suffix == ".keras":
        return _keras(path)
    two = checked_description(path, TASK).labels == TWO
    return _two(path) if two else _shapes(path)


def _shapes(path: Path) -> MouthReader:
    reader = VisemeReader(path)
    said = reader.description

    def answer(face: Faces) -> Values:
        ballot = reader(face)
        return np.array([ballot.opening, *ballot.votes.ravel()])

    return MouthReader(
        path,
        reader.crop_kind,
        said.temperature,
        _middle(said),
        len(said.votes_s),
        sources_of(said),
        lambda faces: np.stack([answer(face) for face in faces]),
    )


def _two(path: Path) -> MouthReader:
    reader = TwoClassReader(path, TASK)

    def answers(faces: Faces) -> Values:
        return np.array([[reader(face)] for face in faces])

    sources = sources_of(reader.description)
    return MouthReader(path, reader.crop_kind, 1.0, EVEN, 0, sources, answers)


def _keras(path: Path) -> MouthReader:
    model = loaded(path, TASK, lambda answers: answers == 1 or answers % len(SHAPES) == 1)
    kind, temperature, sources = told_beside(path, TASK)
    kind = replace(kind, size=model.input_shape[1])
    moments = model.output_shape[1] // len(SHAPES)

    def answers(faces: Faces) -> Values:
        told = model.predict(faces[..., None].astype(np.float32) / 255, verbose=0)
        told = np.asarray(told, np.float64)
        if not moments:
            return (1 + np.tanh(told / temperature / 2)) / 2
        return np.concatenate([told[:, :1] * OPENING_UNIT, told[:, 1:]], axis=1)

    int8 = path.with_suffix(".tflite")
    shapes_threshold = _middle(checked_description(int8, TASK)) if int8.is_file() else MIDDLE
    threshold = shapes_threshold if moments else EVEN
    return MouthReader(path, kind, temperature, threshold, moments, sources, answers)


def _middle(said: Description) -> float:
    return (said.on_threshold + said.off_threshold) / 2


@dataclass(frozen=True)
class Files:
    """The files of a model that are scored."""

    name: str
    part: str  # folds: each fold's file on its own fold; cross: the one without the set; or one
    of_fold: Callable[[int], MouthReader]

    @classmethod
    def one(cls, path: Path) -> Files:
        """One file on everything."""
        reader = load_mouth_reader(path)
        return cls(str(path), "one", lambda fold: reader)

    @classmethod
    def cross(cls, run: Path) -> Files:
        """A run's file that learned without GRID, or without the set with folds."""
        return replace(cls.one(run / "cross.tflite"), name=str(run), part="cross")

    @classmethod
    def folds(cls, run: Path) -> Files:
        """Each fold's file of a run."""
        return cls(str(run), "folds", lambda fold: load_mouth_reader(run / f"fold{fold}.tflite"))

    def protocol(self, what: str) -> str:
        """In words; what the one file is scored on is to be said."""
        return f"one file, {what}" if self.part == "one" else self.part

    def refuse_cross(self, name: str, trained_on: bool) -> None:
        """Refuse a file that should not have learned from a set and has."""
        if self.part == "cross" and trained_on:
            said = f"its cross.tflite learned from {name} or its people; --model scores it so"
            raise SettingsError(f"{self.name}: {said}")

    def readers(self, name: str, folds: list[int]) -> dict[int, MouthReader]:
        """The reader of each fold of a set, all of a kind."""
        if self.part == "folds" and -1 in folds:
            raise SettingsError(f"{name} has no folds: use --model FILE or --part cross")
        found = {fold: self.of_fold(fold) for fold in folds}
        if len({(reader.crop_kind, reader.moments) for reader in found.values()}) > 1:
            raise ModelError(f"{self.name}: its folds' files are not of a kind")
        return found
