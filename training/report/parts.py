"""The parts of a run that are finished: what they answered and how they learned."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.description import Description, read
from edge.errors import ModelError, SettingsError
from training.evaluate.figures import Values
from training.run import Run
from training.train.recipe import FOLDS, PARTS

History = dict[str, Values]  # a column a name
Column = NDArray[Any]


class Answers(Protocol):
    """Crops that a part never learned from, and what it answered."""

    images: NDArray[np.uint8]


H = TypeVar("H", bound=Answers)


@dataclass(frozen=True)
class Part(Generic[H]):
    """A trained part of a run."""

    name: str
    held: H
    said: Description
    history: History

    @property
    def tested(self) -> bool:
        """Whether some of its sets have a part for the test that it left out."""
        return any(source.left_out for source in self.said.sources)


def read_parts(run: Run, read_held: Callable[[Path, Description], H]) -> list[Part[H]]:
    """All parts that are finished, in order."""
    parts = [_part(run, name, read_held) for name in PARTS if run.tflite(name).is_file()]
    if not parts:
        raise SettingsError(f"{run.folder}: no part of it is trained yet (no .tflite)")
    return parts


def sets_of(parts: Sequence[Part[H]], config: dict[str, Any]) -> dict[str, H]:
    """The answers that figures are made of, the most telling first."""
    by_name = {part.name: part for part in parts}
    folds = [by_name[name] for name in FOLDS if name in by_name]
    sets: dict[str, H] = {}
    if folds:
        sets[_told_folds(len(folds), config.get("folds"))] = pooled(folds)
    if "cross" in by_name:
        sets["cross"] = by_name["cross"].held
    return sets or {"test" if parts[0].tested else "validation share": pooled(parts)}


def pooled(parts: Sequence[Part[H]]) -> H:
    """The answers of several parts, each about its own pictures."""
    kind: Any = type(parts[0].held)
    names = [field.name for field in fields(kind)]
    columns = {name: [getattr(part.held, name) for part in parts] for name in names}
    try:
        made: H = kind(**{name: np.concatenate(values) for name, values in columns.items()})
        return made
    except ValueError:
        sizes = ", ".join(f"{p.name} {p.held.images.shape[1]}" for p in parts)
        raise SettingsError(f"crops of parts differ in size ({sizes}): not of one run") from None


def columns_of(path: Path, names: Sequence[str]) -> dict[str, Column]:
    """The columns of a file of answers, all of one length."""
    try:
        with path.open("rb") as file, np.load(file) as data:
            columns = {name: data[name] for name in names}
    except FileNotFoundError:
        raise SettingsError(f"{path}: missing; lipwire train writes it") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise SettingsError(
            f"{path}: damaged: {error}; remove it, and lipwire train writes it anew"
        ) from None
    images = columns["images"]
    square = images.ndim == 3 and images.shape[1] == images.shape[2] and images.dtype == np.uint8
    lengths = {column.shape[:1] for column in columns.values()}
    if not len(images) or not square or len(lengths) > 1:
        raise SettingsError(f"{path}: damaged: its columns do not fit each other")
    return columns


def _part(run: Run, name: str, read_held: Callable[[Path, Description], H]) -> Part[H]:
    said = read(run.tflite(name))
    held = read_held(run.heldout(name), said)
    side = held.images.shape[1]
    if side != said.crop_size:
        raise ModelError(
            f"{run.tflite(name)}: wants crops of {said.crop_size} pixels, held out are {side}"
        )
    return Part(name, held, said, history_of(run.part(name) / "history.csv"))


def _told_folds(many: int, there: Sequence[str] | None) -> str:
    """Which of the folds that there are; a run of an earlier version does not say."""
    if there is None:
        return f"{many} fold" + "s" * (many > 1)
    return "folds" if many == len(there) else f"{many} of {len(there)} folds"


def history_of(path: Path) -> History:
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
