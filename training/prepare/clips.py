"""Cutting the lips out of many clips, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path

import numpy as np

from edge import models
from edge.frame import Image
from edge.lipbox import LIP_BOX, LipPicture
from training.datasets.clip import Clip
from training.datasets.picture import decoded
from training.prepare.follow import TwoFaces
from training.prepare.lips import Lips, lips_by
from training.prepare.pieces import Arrays
from training.prepare.video import Unplayable, frame, told

SHORTEST = 4  # frames; MIRACL's shortest clips have no more
WHOLE = 0.9  # a video that gives so much of what it says to have has not broken off
HELD = 2  # frames in a row in which lips may be lost: they are those of the frame before


@dataclass(frozen=True)
class ClipCut:
    """How clips are cut."""

    kind: str  # of cut, by its name
    boxed: bool  # whether each picture is a tight box of the lips already
    fps: float  # frames taken from each second of a video
    models: Path | None  # where fetched models are

    def cutter(self) -> ClipCutter:
        return ClipCutter(self)

    def needed(self) -> tuple[str, ...]:
        """The models by which faces and lips are found."""
        if self.boxed:
            return ()
        faces = models.SHORT_RANGE, models.FULL_RANGE
        return (*faces, models.FACE_MESH) if self.kind == LIP_BOX else faces


class Useless(Exception):
    """A clip that cannot be used: says why, first what it has in common with others."""


class ClipCutter:
    """Cuts the lips out of each frame of each clip."""

    def __init__(self, cut: ClipCut) -> None:
        self._lips: Lips = lips_by(cut.kind, cut.boxed, cut.models)
        self._fps = cut.fps

    def __call__(self, clips: Sequence[Clip]) -> Arrays:
        """Lips of all frames in a row, their clips' lengths and rows, and why the rest has none."""
        images: list[Image] = []
        aspects, lengths, rows, reasons = [], [], [], []
        for row, clip in enumerate(clips):
            try:
                lips = self._clip(clip)
            except Useless as error:
                reasons.append((row, str(error)))
                continue
            images += (each.image for each in lips)
            aspects += [each.aspect for each in lips]
            lengths.append(len(lips))
            rows.append(row)
        return {
            "images": np.array(images, np.uint8).reshape(len(images), *self._lips.size),
            "aspects": np.array(aspects, np.float32),
            "lengths": np.array(lengths, np.int32),
            "rows": np.array(rows, np.int64),
            "skipped": np.array([row for row, _ in reasons], np.int64),
            "reasons": np.array([reason for _, reason in reasons], np.str_),
        }

    def _clip(self, clip: Clip) -> list[LipPicture]:
        self._lips.begin()
        try:
            seen = [self._lips(image) for image in frames(clip, self._fps)]
        except TwoFaces:
            raise Useless("two faces of about one size: which one speaks?") from None
        if len(seen) < SHORTEST:
            raise Useless(f"shorter than {SHORTEST} frames: {len(seen)}")
        return held(seen)


def frames(clip: Clip, fps: float) -> Iterator[Image]:
    """A clip's frames in order."""
    return _pictures(clip) if clip.pictures else _video(clip.path, fps)


def _pictures(clip: Clip) -> Iterator[Image]:
    for path in clip.pictures:
        try:
            image = decoded(path.read_bytes())
        except OSError as error:
            raise Useless(f"cannot be read: {path.name}: {error.strerror}") from None
        if image is None:
            raise Useless(f"not a picture: {path.name}")
        yield image


def _video(path: Path, fps: float) -> Iterator[Image]:
    for number in count():
        try:
            image = frame(path, fps, number)
        except Unplayable:
            expected = round(told(path).frames_at(fps))
            if not number:
                raise Useless("cannot be decoded") from None
            if number + 1 < WHOLE * expected:
                raise Useless(f"breaks off: after {number} of {expected} frames") from None
            return
        yield image


def held(seen: Sequence[LipPicture | str]) -> list[LipPicture]:
    """Lips in every frame: where they were lost for a moment, those of the frame before, or, at
    the beginning, the first that were seen."""
    whole: list[LipPicture] = []
    known = next((each for each in seen if isinstance(each, LipPicture)), None)
    if known is None:
        raise Useless(seen[0])
    for lost, stretch in groupby(enumerate(seen, 1), lambda each: isinstance(each[1], str)):
        numbered = list(stretch)
        if lost and len(numbered) > HELD:
            first, last = numbered[0][0], numbered[-1][0]
            raise Useless(f"face lost: {numbered[0][1]} in frames {first} to {last}")
        for _, each in numbered:
            known = known if isinstance(each, str) else each
            whole.append(known)
    return whole
