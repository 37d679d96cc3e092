"""What is learned from pictures: how faces are cut for it, and what is told of each crop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.crop import FACE, CropKind
from training import masks
from training.datasets.picture import Picture
from training.gaps import POINTS_68, gap_of_68, shapes_at

Gaps = NDArray[np.float32]  # as the face mesh sees them; NaN where it sees no face
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Task:
    """Something that is told from one crop."""

    name: str
    kind: CropKind
    classes: tuple[str, ...]
    tell: Callable[[Sequence[Picture], Gaps], Columns]  # among them labels: indices of the classes
    mesh: bool = False  # whether the face mesh is a teacher: its points say what labels do not
    whole: bool = True  # whether a file must have some of each class


def _smiles(pictures: Sequence[Picture], _: Gaps) -> Columns:
    return {"labels": np.array([bool(picture.smile) for picture in pictures], np.int8)}


def _shapes(pictures: Sequence[Picture], seen: Gaps) -> Columns:
    gaps = [gap_of(*pair) for pair in zip(pictures, seen.tolist(), strict=True)]
    shapes = [shapes_of(*pair) for pair in zip(pictures, gaps, strict=True)]
    return {
        "labels": np.array([masks.label(allowed) for allowed in shapes], np.int8),
        "gaps": np.array(gaps, np.float32),
        "shapes": np.array(shapes, np.uint8),
    }


def gap_of(picture: Picture, seen: float) -> float:
    """The gap between the lips: by the set's own points where it has them, else as the mesh sees
    it."""
    return gap_of_68(picture.points) if len(picture.points) == POINTS_68 else seen


def shapes_of(picture: Picture, gap: float) -> int:
    """What a mouth may show: as its label says where there is one, else as far as it is open."""
    by_gap = shapes_at(gap, picture.smile)
    if picture.shapes is None:
        return by_gap
    if picture.shapes == masks.OPEN:  # how wide, the label leaves open
        return picture.shapes & by_gap or picture.shapes
    return picture.shapes


SMILE = Task("smile", FACE, ("no smile", "smile"), _smiles)
VISEME = Task("viseme", FACE, masks.CLASSES, _shapes, mesh=True, whole=False)
TASKS = {task.name: task for task in (SMILE, VISEME)}
