"""Files of crops: faces or mouths of a data set with surroundings, and what is known of each.

Crops are kept wider than a model's and at twice its detail, so that turns, shifts and zooms are
taken from real pixels, and models of other resolutions and cuts learn from the same files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind
from training import masks
from training.npz import Column, mapped, opened, origin_in, write

MARGIN = 1.5  # how much wider than the model's crop
DETAIL = 2  # pixels to one of the model's
FORMAT = 1


def kept(kind: CropKind) -> CropKind:
    """The cut in which crops are kept for models that see `kind`."""
    wide = kind.widened(MARGIN)
    return replace(wide, size=wide.size * DETAIL)


@dataclass(frozen=True)
class Origin:
    """Where crops come from and what their labels mean."""

    task: str
    dataset: str
    licence: str
    kind: str  # a name of `edge.crop.KINDS`; the crops are `kept` of it
    classes: tuple[str, ...]
    format: int = FORMAT


@dataclass(frozen=True)
class Crops:
    """Crops of one data set."""

    origin: Origin
    images: NDArray[np.uint8]  # (n, side, side), grey
    labels: NDArray[np.int8]  # index into the origin's classes
    folds: NDArray[np.int8]  # what is left out together; -1 where the set has no folds
    files: NDArray[np.str_]  # as the set names them, below its root
    # train, validation or test, as the set or the split of one's own pictures has it; else empty
    parts: NDArray[np.str_] = None  # type: ignore[assignment]
    # or clips: whose crops belong on one side of every split; empty where not known
    people: NDArray[np.str_] = None  # type: ignore[assignment]
    # (n, points, 2) of the face mesh in pixels of the crop, NaN where it saw none; often no points
    points: NDArray[np.float16] = None  # type: ignore[assignment]
    # between the inner lips, in eye distances (`training.gaps`); NaN where not known
    gaps: NDArray[np.float32] = None  # type: ignore[assignment]
    # what the mouth may show, as bits of `training.masks`; 0 where nothing is said
    shapes: NDArray[np.uint8] = None  # type: ignore[assignment]
    # (n, 20, 2) points of the lips, the last of the usual 68, in pixels of the crop; often none
    lips: NDArray[np.float32] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """What a set does not tell of any crop is not known of each."""
        unknown = np.full(len(self), "")
        for name, none in (
            ("parts", unknown),
            ("people", unknown),
            ("points", np.empty((len(self), 0, 2), np.float16)),
            ("gaps", np.full(len(self), np.nan, np.float32)),
            ("shapes", np.zeros(len(self), np.uint8)),
            ("lips", np.empty((len(self), 0, 2), np.float32)),
        ):
            if getattr(self, name) is None:
                object.__setattr__(self, name, none)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def facts(self) -> tuple[NDArray[Any], ...]:
        """What is known of the crops, by which a file is told from another."""
        return (self.labels, self.folds, self.files, self.parts, self.people)

    def save(self, path: Path) -> None:
        """Write all or nothing."""
        columns = {name: Column.of(getattr(self, name)) for name in COLUMNS}
        write(path, self.origin, columns)

    @classmethod
    def read(cls, path: Path) -> Crops:
        """Read what `save` or `write` wrote; the images stay in the file until they are used."""
        with opened(path, "crops", "lipwire prepare") as (file, data):
            origin = origin_in(data, Origin)
            columns = {name: data[name] for name in COLUMNS[1:] if name in data}
            images = mapped(file, data.zip.getinfo("images.npy"))
            crops = cls(origin, data["images"] if images is None else images, **columns)
            if wrong := crops._wrong():
                raise ValueError(wrong)
        return crops

    def _wrong(self) -> str:
        """What of the columns cannot be, if anything."""
        if len({len(getattr(self, name)) for name in COLUMNS}) > 1:
            return "columns of unequal length"
        shape, labels = self.images.shape, self.labels
        if self.images.dtype != np.uint8 or len(shape) != 3 or shape[1] != shape[2]:
            return f"images of {self.images.dtype}, shape {shape}"
        if ((labels < 0) | (labels >= len(self.origin.classes))).any():
            return f"a label beyond its {len(self.origin.classes)} classes"
        if self.shapes.dtype != np.uint8 or (self.shapes > masks.ALL).any():
            return "shapes beyond those there are"
        return ""


COLUMNS = (
    *("images", "labels", "folds", "files", "parts", "people"),
    *("points", "gaps", "shapes", "lips"),
)
