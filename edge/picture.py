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
    """Fits a part of a picture into a square of RGB, black around it."""

    def __init__(self, side: int) -> None:
        self.square: Image = np.zeros((side, side, 3), np.uint8)
        self._small: Image = np.empty((side, side, 3), np.uint8)
        self._planes = [np.empty((side, side), np.uint8) for _ in range(3)]
        self._filled = (0, 0, 0, 0)

    def __call__(self, picture: Picture, left: int, top: int, right: int, bottom: int) -> Place:
        """Fill the square with what lies between these whole pixels, inside the picture."""
        side = len(self.square)
        scale = side / max(right - left, bottom - top)
        width = max(1, round((right - left) * scale))
        height = max(1, round((bottom - top) * scale))
        x, y = (side - width) // 2, (side - height) // 2
        if self._filled != (x, y, width, height):
            self.square[:] = 0
            self._filled = (x, y, width, height)
        place = self.square[y : y + height, x : x + width]
        if isinstance(picture, Yuv420):
            self._from_yuv(picture, (left, top, right, bottom), place)
        else:
            self._from_image(picture[top:bottom, left:right], place)
        return Place(scale, np.array([x, y], np.float32), np.array([left, top], np.float32))

    def _from_image(self, part: Image, place: Image) -> None:
        height, width = place.shape[:2]
        grey = part.ndim == 2
        small = (self._planes[0] if grey else self._small)[:height, :width]
        cv2.resize(part, (width, height), dst=small, interpolation=cv2.INTER_LINEAR)
        cv2.cvtColor(small, cv2.COLOR_GRAY2RGB if grey else cv2.COLOR_BGR2RGB, dst=place)

    def _from_yuv(self, picture: Yuv420, part: tuple[int, int, int, int], place: Image) -> None:
        """Shrink the planes one by one: the picture itself is never converted."""
        left, top, right, bottom = part
        height, width = place.shape[:2]
        small = self._small[:height, :width]
        planes = (picture.y, picture.v, picture.u)  # OpenCV's order
        for channel, (plane, half) in enumerate(zip(planes, (1, 2, 2), strict=True)):
            shrunk = self._planes[channel][:height, :width]
            cv2.resize(
                plane[top // half : -(-bottom // half), left // half : -(-right // half)],
                (width, height),
                dst=shrunk,
                interpolation=cv2.INTER_LINEAR,
            )
            small[..., channel] = shrunk
        cv2.cvtColor(small, cv2.COLOR_YCrCb2RGB, dst=place)
