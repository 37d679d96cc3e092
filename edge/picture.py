"""What the stages need of a picture, whatever its format: grey, or a small part in colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image, Picture, Yuv420


def size(picture: Picture) -> tuple[int, int]:
    """Width and height in pixels."""
    height, width = (picture.y if isinstance(picture, Yuv420) else picture).shape[:2]
    return width, height


def memory(picture: Picture) -> int:
    """Bytes that its pixels take."""
    planes = (picture.y, picture.u, picture.v) if isinstance(picture, Yuv420) else (picture,)
    return sum(plane.nbytes for plane in planes)


class Grey:
    """Gives the brightness of a picture; the result is good until the next call."""

    def __init__(self) -> None:
        self._kept: Image | None = None

    def __call__(self, picture: Picture) -> Image:
        if isinstance(picture, Yuv420):
            return picture.y
        if picture.ndim == 2:
            return picture
        if self._kept is None or self._kept.shape != picture.shape[:2]:
            self._kept = np.empty(picture.shape[:2], np.uint8)
        return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY, dst=self._kept)


def rgb(picture: Picture, left: int, top: int, right: int, bottom: int) -> Image:
    """What lies between these whole pixels, in colour and in full size."""
    if not isinstance(picture, Yuv420):
        part = picture[top:bottom, left:right]
        return cv2.cvtColor(part, cv2.COLOR_GRAY2RGB if part.ndim == 2 else cv2.COLOR_BGR2RGB)
    planes = [
        cv2.resize(
            plane[top // half : -(-bottom // half), left // half : -(-right // half)],
            (right - left, bottom - top),
            interpolation=cv2.INTER_LINEAR,
        )
        for plane, half in ((picture.y, 1), (picture.v, 2), (picture.u, 2))  # OpenCV's order
    ]
    return cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2RGB)


NO_COLOUR = 128  # of a colour plane


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a square a part of a picture lies."""

    scale: float  # pixels of the square for one of the picture
    margins: NDArray[np.float32]  # x and y before the part begins, in pixels of the square
    start: NDArray[np.float32]  # x and y of the part in the picture

    def back(self, values: NDArray[np.float32]) -> list[float]:
        """x and y, width and height, then points, from the square's pixels to the picture's."""
        pairs = values.reshape(-1, 2)
        there = (pairs - self.margins) / self.scale + self.start
        there[1] = pairs[1] / self.scale
        return list(there.ravel().tolist())


class Fit:
    """Fits a part of a picture into a square of RGB, black around it.

    Pixels are taken as MediaPipe takes them: unsmoothed, the square's first one from the part's
    first one. Otherwise its models find other boxes, by up to a tenth of a face.
    """

    def __init__(self, side: int) -> None:
        self.square: Image = np.zeros((side, side, 3), np.uint8)
        self._small: Image = np.empty((side, side, 3), np.uint8)
        self._planes = [np.empty((side, side), np.uint8) for _ in range(3)]

    def __call__(self, picture: Picture, left: int, top: int, right: int, bottom: int) -> Place:
        """Fill the square with what lies between these whole pixels, inside the picture."""
        side = len(self.square)
        step = max(right - left, bottom - top) / side
        margins = (side - (right - left) / step) / 2, (side - (bottom - top) / step) / 2
        if isinstance(picture, Yuv420):
            self._from_yuv(picture, (left, top, right, bottom), step)
        else:
            self._from_image(picture[top:bottom, left:right], step)
        # The middle of the square's first pixel shows the middle of the part's first one, so what
        # lies in the square came from half a step less half a pixel before.
        before = (step - 1) / 2
        start = np.array([left - before, top - before], np.float32)
        return Place(1 / step, np.array(margins, np.float32), start)

    def _from_image(self, part: Image, step: float) -> None:
        grey = part.ndim == 2
        small = self._planes[0] if grey else self._small
        _take(part, step, small)
        cv2.cvtColor(small, cv2.COLOR_GRAY2RGB if grey else cv2.COLOR_BGR2RGB, dst=self.square)

    def _from_yuv(self, picture: Yuv420, part: tuple[int, int, int, int], step: float) -> None:
        """Shrink the planes one by one: the picture itself is never converted."""
        left, top, right, bottom = part
        _take(picture.y[top:bottom, left:right], step, self._planes[0])
        for plane, small in zip((picture.v, picture.u), self._planes[1:], strict=True):
            half = plane[top // 2 : -(-bottom // 2), left // 2 : -(-right // 2)]
            _take(half, step / 2, small, 0.25, NO_COLOUR)  # it lies between pixels of brightness
        cv2.merge(self._planes, dst=self._small)
        cv2.cvtColor(self._small, cv2.COLOR_YCrCb2RGB, dst=self.square)


def _take(part: Image, step: float, square: Image, back: float = 0.0, around: int = 0) -> None:
    """Take every so many pixels of a part, which comes to lie in the middle of the square."""
    height, width = part.shape[:2]
    side = len(square)
    shift = (width - side * step) / 2 - back, (height - side * step) / 2 - back
    cv2.warpAffine(
        part,
        np.array([[step, 0, shift[0]], [0, step, shift[1]]]),
        (side, side),
        dst=square,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(around, around, around),
    )
