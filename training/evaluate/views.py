"""Pictures as models see them: the face found, as it is and under changes, and cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind, crop
from edge.detection import Detection, Detector, Keypoints
from edge.errors import SourceError
from edge.frame import Image
from edge.progress import progress
from training.datasets import DATASETS, Picture
from training.evaluate.figures import Values
from training.evaluate.slices import cheek_brightness, pose_of_points
from training.faces import main_face

CHUNK = 256  # pictures whose crops are read together
UNKNOWN = (math.nan, math.nan, math.nan)
Faces = NDArray[np.uint8]  # (n, side, side), grey
Cuts = Sequence[Image | None]  # None where no face was found
Look = tuple[Image, Keypoints | None]  # a picture and the points of the face found in it


class Altered(Protocol):
    """A picture shown differently."""

    def look(
        self, image: Image, face: Detection | None, kind: CropKind, detector: Detector
    ) -> Look | None:
        """What is seen then; None where it cannot be made of the picture."""


class Crops(Protocol):
    """Whatever reads crops of one kind."""

    @property
    def crop_kind(self) -> CropKind: ...


R = TypeVar("R", bound=Crops)


@dataclass(frozen=True)
class Manner:
    """How pictures are looked at."""

    dataset: str
    detector: Detector
    changes: Sequence[Altered] = ()


@dataclass(frozen=True)
class View:
    """A picture's face as it is and under each change."""

    cuts: tuple[Image | None, ...]
    shown: tuple[bool, ...]  # False where the change cannot be made of the picture
    pose: tuple[float, float, float]  # yaw, pitch, roll in degrees; NaN where unknown
    cheeks: float  # brightness; NaN where no face was found


def chunks(
    pictures: Sequence[Picture], readers: Sequence[R], manner: Manner
) -> Iterator[tuple[list[View], list[R]]]:
    """Some pictures at a time, each for its own reader."""
    kind = readers[0].crop_kind
    pairs = progress(list(zip(pictures, readers, strict=True)), f"evaluate {manner.dataset}")
    found = False
    while chunk := [
        (_view(picture, kind, manner), reader) for picture, reader in islice(pairs, CHUNK)
    ]:
        views = [view for view, _ in chunk]
        found = found or any(view.cuts[0] is not None for view in views)
        yield views, [reader for _, reader in chunk]
    if not found:
        raise SourceError(f"{manner.dataset}: no face found in any of {len(pictures)} pictures")


def read_each(
    cuts: Cuts,
    readers: Sequence[R],
    ask: Callable[[R, Faces], Values],
    answers: tuple[int, ...] = (),
) -> Values:
    """What each crop's reader makes of it, in the shape of `answers`; NaN without a crop."""
    told = np.full((len(cuts), *answers), np.nan)
    for reader in dict.fromkeys(readers):
        rows = [i for i, cut in enumerate(cuts) if cut is not None and readers[i] is reader]
        if rows:
            told[rows] = ask(reader, np.stack([cut for i in rows if (cut := cuts[i]) is not None]))
    return told


def _view(picture: Picture, kind: CropKind, manner: Manner) -> View:
    image = picture.load()
    if image is None:
        unseen = [False] * len(manner.changes)
        return View(
            (None, *(None for _ in unseen)), (True, *unseen), _pose(picture, None), math.nan
        )
    image = DATASETS[manner.dataset].show(image)
    face = main_face(manner.detector, image)
    looks: list[Look | None] = [(image, None if face is None else face.keypoints)]
    looks += [change.look(image, face, kind, manner.detector) for change in manner.changes]
    cuts = tuple(_cut(look, kind) for look in looks)
    cheeks = math.nan if cuts[0] is None else cheek_brightness(cuts[0], kind)
    return View(cuts, tuple(look is not None for look in looks), _pose(picture, face), cheeks)


def _cut(look: Look | None, kind: CropKind) -> Image | None:
    if look is None:
        return None
    image, points = look
    return None if points is None else crop(image, points, kind)


def _pose(picture: Picture, face: Detection | None) -> tuple[float, float, float]:
    """As the set says, else as far as the face's points tell it."""
    if picture.pose is not None:
        return picture.pose
    return UNKNOWN if face is None else pose_of_points(face.keypoints)
