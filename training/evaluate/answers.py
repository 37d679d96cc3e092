"""From labelled pictures to a smile model's answers, the whole way: face, crop, logit."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from edge.crop import CropKind, crop
from edge.detection import Detection, Detector
from edge.errors import SourceError
from edge.frame import Image
from edge.progress import progress
from training.datasets import DATASETS, Picture
from training.evaluate.figures import Flags, Values
from training.evaluate.readers import Reader
from training.evaluate.slices import Change, cheek_brightness, pose_of_points
from training.faces import main_face

CHUNK = 256  # pictures whose crops are read together
UNKNOWN = (math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class View:
    """A picture's face as it is and under each change."""

    cuts: tuple[Image | None, ...]  # None where no face was found
    shown: tuple[bool, ...]  # False where the change cannot be made of the picture
    pose: tuple[float, float, float]  # yaw, pitch, roll in degrees; NaN where unknown
    cheeks: float  # brightness; NaN where no face was found


@dataclass(frozen=True)
class Answers:
    """A column a picture; a row a condition, of which the first is the picture as it is."""

    logits: Values  # over the temperature; NaN where no face was found
    shown: Flags
    poses: Values  # (pictures, 3)
    cheeks: Values
    mirrored: Values  # of the first row, averaged with those of the mirror images
    read_ms: float  # to read one face once


def answer(
    pictures: Sequence[Picture],
    name: str,
    readers: Sequence[Reader],
    detector: Detector,
    changes: Sequence[Change] = (),
    mirrored: bool = False,
) -> Answers:
    """Show every picture, as it is and under each change, to its own reader."""
    kind = readers[0].crop_kind
    steps = progress(list(zip(pictures, readers, strict=True)), f"evaluate {name}")
    seen: list[View] = []
    straight: list[Values] = []
    turned: list[Values] = []
    spent_s = 0.0
    while chunk := [
        (_view(picture, name, kind, detector, changes), reader)
        for picture, reader in islice(steps, CHUNK)
    ]:
        views, own = [view for view, _ in chunk], [reader for _, reader in chunk]
        started = time.perf_counter()
        rows = zip(*(view.cuts for view in views), strict=True)
        straight.append(np.stack([_read(cuts, own) for cuts in rows]))
        spent_s += time.perf_counter() - started
        if mirrored:
            turned.append(_read([view.cuts[0] for view in views], own, mirrored=True))
        seen += views
    logits = np.concatenate(straight, axis=1)
    if np.isnan(logits[0]).all():
        raise SourceError(f"{name}: no face found in any of {len(pictures)} pictures")
    return Answers(
        logits,
        np.array([view.shown for view in seen]).T,
        np.array([view.pose for view in seen]),
        np.array([view.cheeks for view in seen]),
        (logits[0] + np.concatenate(turned)) / 2 if mirrored else logits[0],
        1000 * spent_s / int(np.isfinite(logits).sum()),
    )


def _view(
    picture: Picture, name: str, kind: CropKind, detector: Detector, changes: Sequence[Change]
) -> View:
    image = picture.load()
    if image is None:
        unseen = (None,) * (1 + len(changes))
        return View(unseen, (True, *(False for _ in changes)), _pose(picture, None), math.nan)
    image = DATASETS[name].show(image)
    face = main_face(detector, image)
    cuts, shown = [_cut(image, face, kind)], [True]
    for change in changes:
        altered = change.make(image, face)
        shown.append(altered is not None)
        found = None if altered is None else main_face(detector, altered)
        cuts.append(None if altered is None else _cut(altered, found, kind))
    cheeks = math.nan if cuts[0] is None else cheek_brightness(cuts[0], kind)
    return View(tuple(cuts), tuple(shown), _pose(picture, face), cheeks)


def _cut(image: Image, face: Detection | None, kind: CropKind) -> Image | None:
    return None if face is None else crop(image, face.keypoints, kind)


def _pose(picture: Picture, face: Detection | None) -> tuple[float, float, float]:
    """As the set says, else as far as the face's points tell it."""
    if picture.pose is not None:
        return picture.pose
    return UNKNOWN if face is None else pose_of_points(face.keypoints)


def _read(
    cuts: Sequence[Image | None], readers: Sequence[Reader], mirrored: bool = False
) -> Values:
    """Each crop's logit over its reader's temperature; NaN without a crop."""
    answers = np.full(len(cuts), np.nan)
    for reader in dict.fromkeys(readers):
        rows = [i for i, cut in enumerate(cuts) if cut is not None and readers[i] is reader]
        if rows:
            faces = np.stack([cut for i in rows if (cut := cuts[i]) is not None])
            logits = reader.mirrored_logits(faces) if mirrored else reader.logits(faces)
            answers[rows] = logits / reader.temperature
    return answers
