"""What every data set becomes: labelled pictures, and a list of what could not be used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from edge.frame import Image
from edge.shapes import SHAPES
from training import masks

SMILING = ("smile", "smiling", "happy", "1")
SURROUNDED_SIDE = 192  # pixels; small faces are enlarged to it
SMALL_SIDE = 128  # of people's own pictures: one so small is a tight face


@dataclass(frozen=True, slots=True)
class Picture:
    """One labelled picture."""

    path: Path
    smile: bool | None = None  # None where the set does not say
    fold: int = -1  # part that is left out together; -1 where the set has no folds
    part: str = ""  # train, validation or test, where the set, or our own split, says so
    person: str = ""  # or clip: whose pictures belong on one side of every split
    pose: tuple[float, float, float] | None = None  # yaw, pitch, roll in degrees
    points: tuple[complex, ...] = ()  # in picture pixels; NaN where one is not known
    item: int | None = None  # which row, frame … of the file
    # what the mouth may show, as bits of `training.masks`; None where the set does not say
    shapes: int | None = None

    def load(self) -> Image | None:
        """Read the picture; None where it is none."""
        try:
            return decoded(self.path.read_bytes())
        except OSError:
            return None

    def name(self, root: Path) -> str:
        """What the set calls it, below its root."""
        name = shown(self.path, root)
        return name if self.item is None else f"{name}#{self.item}"


@dataclass(frozen=True, slots=True)
class Row(Picture):
    """A picture whose grey pixels stand in a row of a table."""

    pixels: str = field(default="", repr=False)  # numbers from 0 to 255, row by row of a square

    def load(self) -> Image | None:
        """Read the picture; None where it is none."""
        try:
            values = np.array(self.pixels.split(), np.uint8)
        except (ValueError, OverflowError):
            return None
        side = round(len(values) ** 0.5)
        if not side or side * side != len(values):
            return None
        return cv2.cvtColor(values.reshape(side, side), cv2.COLOR_GRAY2BGR)


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was left out, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a reader found."""

    pictures: list[Picture]
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Options:
    """What a set of one's own leaves open."""

    smile: tuple[str, ...] = SMILING  # labels that mean a smile; all others mean none
    fps: float = 5.0  # frames taken from each second of a video
    open: tuple[str, ...] = ("ope", "open")  # labels that mean an open mouth, however wide
    closed: tuple[str, ...] = ("clo", "closed")  # the other shapes are labels by their own names
    task: str = "smile"  # what the labels are to be good for

    def smiles(self, label: str) -> bool:
        """Whether a label means a smile."""
        return _among(label, self.smile)

    def meaning(self, label: str) -> tuple[bool | None, int | None]:
        """Whether a label means a smile, and which mouth shapes; None: not what is asked."""
        if self.task != "viseme":
            return self.smiles(label), None
        if _among(label, self.open):
            return None, masks.OPEN
        if _among(label, self.closed):
            return None, masks.CLOSED
        return None, masks.mask(label.casefold()) if _among(label, SHAPES) else None

    def senseless(self, label: str) -> str:
        """Why a picture of that label is of no use; empty where it is."""
        unsaid = self.meaning(label) == (None, None)
        return f"its label '{label[:40]}' is no mouth shape" * unsaid


def _among(label: str, names: Iterable[str]) -> bool:
    return label.casefold() in {name.casefold() for name in names}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Where a set comes from, under which terms, and how to read and show its pictures."""

    name: str
    licence: str
    layout: str  # what `--root` must hold
    read: Callable[[Path, Options], Listing]
    show: Callable[[Image], Image]  # makes its faces findable
    tasks: tuple[str, ...] = ("smile", "viseme")  # what its labels, or the face mesh, tell


def shown(path: Path, root: Path) -> str:
    """A file's name below the root; what in it is no text is shown as such."""
    return os.fsencode(path.relative_to(root).as_posix()).decode(errors="replace")


def decoded(content: bytes) -> Image | None:
    """The picture in a file's content; None where it is none, or only a part of one."""
    if content.startswith(b"\xff\xd8") and b"\xff\xd9" not in content[-4096:]:
        return None  # a JPEG cut short, which would end in plain grey
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # empty, or larger than OpenCV reads
        return None


def as_it_is(image: Image) -> Image:
    return image


def surrounded(image: Image) -> Image:
    """A tight face with the surroundings that the detector expects, enlarged where small."""
    if max(image.shape[:2]) < SURROUNDED_SIDE:
        factor = SURROUNDED_SIDE / max(image.shape[:2])
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    margin = max(image.shape[:2]) // 2
    return cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)


def surrounded_if_small(image: Image) -> Image:
    return surrounded(image) if max(image.shape[:2]) < SMALL_SIDE else image
