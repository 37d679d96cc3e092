"""Lips cut out of a clip's frames: boxes that it consists of, or what is found in faces."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from edge.crop import MOUTH, CropKind, crop
from edge.detection import Box, Keypoints
from edge.frame import Image
from edge.lip_points import LipFinder
from edge.lipbox import KEPT_HEIGHT, KEPT_WIDTH, LIP_BOX, LipPicture, cut_box
from training.clips import kept
from training.faces import load_detector
from training.prepare.follow import NO_FACE, Follower

WORD_MOUTH = CropKind(MOUTH.name, 48, MOUTH.eye_distance, MOUTH.eyes_y)  # that models see
KINDS = (MOUTH.name, LIP_BOX)
CUT_OFF = "face too small or cut off"
UNSEEN = "no lips seen"


Cut = Callable[[Image, Keypoints], LipPicture | str]


class Lips(Protocol):
    """Cuts lips out of the frames of a clip."""

    size: tuple[int, int]  # height and width of what is cut

    def begin(self) -> None:
        """Another clip begins."""

    def __call__(self, image: Image) -> LipPicture | str:
        """What a frame shows, or why that is nothing."""


class Boxed:
    """Pictures that are tight boxes of the lips already."""

    size = KEPT_HEIGHT, KEPT_WIDTH

    def begin(self) -> None:
        """Every picture stands for itself."""

    def __call__(self, image: Image) -> LipPicture | str:
        height, width = image.shape[:2]
        return cut_box(image, Box(0, 0, width, height)) or "too small for lips"


class Followed:
    """The lips of a face that is followed from frame to frame."""

    def __init__(self, models: Path | None, size: tuple[int, int], cut: Cut) -> None:
        self._detector = load_detector(models)
        self.size, self._cut = size, cut
        self.begin()

    def begin(self) -> None:
        """Find the face anew."""
        self._follow = Follower(self._detector)

    def __call__(self, image: Image) -> LipPicture | str:
        face = self._follow(image)
        return NO_FACE if face is None else self._cut(image, face.keypoints)


def lips_by(kind: str, boxed: bool, models: Path | None) -> Lips:
    """What cuts lips as it is asked."""
    if boxed:
        return Boxed()
    if kind == MOUTH.name:
        wide = kept(WORD_MOUTH)
        return Followed(models, (wide.size, wide.size), partial(_aligned, wide))
    return Followed(models, (KEPT_HEIGHT, KEPT_WIDTH), partial(_box, LipFinder(models)))


def _aligned(kind: CropKind, image: Image, points: Keypoints) -> LipPicture | str:
    """The mouth, upright and of one size."""
    cut = crop(image, points, kind)
    return CUT_OFF if cut is None else LipPicture(cut, 1.0)


def _box(find: LipFinder, image: Image, points: Keypoints) -> LipPicture | str:
    """A box around the lips, as the device finds it."""
    box = find(image, points)
    return UNSEEN if box is None else cut_box(image, box) or CUT_OFF
