"""The lip box: a tight box around the lips, refitted in every frame, as word readers may want it.

Its width is always the same on the model's canvas, so that the lips' opening shows as height and
the distance to the camera shows as nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from edge.detection import Box
from edge.frame import Image, Picture, Yuv420

LIP_BOX = "lip-box"  # the name of this cut
KEPT_WIDTH, KEPT_HEIGHT = 64, 48  # of a cut box's picture, whatever its form
WIDTH, HEIGHT = 48, 32  # of the canvas a model sees
SMALLEST_PX, LOWEST_PX = 8.0, 2.0  # a narrower or lower box shows nothing
SPREAD, LEVEL = 45.0, 128.0  # grey levels of every canvas: standard deviation and mean
LEVELS = np.arange(256)
LEAST_SPREAD = 6.0  # grey levels; what varies less is not stretched further


@dataclass(frozen=True, slots=True)
class LipBox(Box):
    """A box that is turned about its centre, as the head is; width and height are its own."""

    roll: float = 0.0  # radians, clockwise as the picture is seen

    def within(self, width: int, height: int) -> bool:
        """Whether a picture of this size holds all of it, but for a part of a pixel."""
        (x, y), (across, down) = self.centre, self.reach
        return across - 1 <= x <= width - across + 1 and down - 1 <= y <= height - down + 1

    @property
    def reach(self) -> tuple[float, float]:
        """How far its corners lie from its centre, across the picture and down."""
        cos, sin = abs(math.cos(self.roll)), abs(math.sin(self.roll))
        across = cos * self.width + sin * self.height
        down = sin * self.width + cos * self.height
        return across / 2, down / 2


@dataclass(frozen=True, slots=True, eq=False)
class LipPicture:
    """What a box holds: its pixels, stretched to one size, and its form."""

    image: Image  # (KEPT_HEIGHT, KEPT_WIDTH), grey
    aspect: float  # height as a share of the width


def cut_box(picture: Picture, box: Box) -> LipPicture | None:
    """Cut a box out of a picture; None where it is too small or outside."""
    image = picture.y if isinstance(picture, Yuv420) else picture
    part = _turned(image, box) if isinstance(box, LipBox) else _upright(image, box)
    if part is None:
        return None
    shrinks = part.shape[1] > KEPT_WIDTH
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    stretched = cv2.resize(part, (KEPT_WIDTH, KEPT_HEIGHT), interpolation=how)
    if isinstance(box, LipBox):
        return LipPicture(stretched, box.height / box.width)
    return LipPicture(stretched, part.shape[0] / part.shape[1])


def _upright(image: Image, box: Box) -> Image | None:
    """The whole pixels of a box, as far as the picture goes."""
    height, width = image.shape[:2]
    left, top = max(0, round(box.left)), max(0, round(box.top))
    right = min(width, round(box.left + box.width))
    bottom = min(height, round(box.top + box.height))
    if right - left < SMALLEST_PX or bottom - top < LOWEST_PX:
        return None
    return _grey(image[top:bottom, left:right])


def _turned(image: Image, box: LipBox) -> Image | None:
    """A turned box set upright, in pixels of about the picture's size: at a mouth 20 pixels wide a
    whole pixel more or less would be half of what a lip moves."""
    width, height = round(box.width), round(box.height)
    inside = box.within(image.shape[1], image.shape[0])
    if box.width < SMALLEST_PX or box.height < LOWEST_PX or not inside:
        return None
    (x, y), (across, down) = box.centre, box.reach
    left, top = max(0, int(x - across) - 1), max(0, int(y - down) - 1)
    part = _grey(image[top : int(y + down) + 2, left : int(x + across) + 2])
    turn = complex(math.cos(box.roll), math.sin(box.roll))
    right, below = turn * box.width / width, turn * 1j * box.height / height  # steps of a pixel
    first = complex(x - left, y - top) - turn * complex(box.width, box.height) / 2
    first += (right + below) / 2 - complex(0.5, 0.5)  # the middle of the first pixel
    matrix = [[right.real, below.real, first.real], [right.imag, below.imag, first.imag]]
    return cv2.warpAffine(
        part,
        np.array(matrix),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _grey(part: Image) -> Image:
    return cv2.cvtColor(part, cv2.COLOR_BGR2GRAY) if part.ndim == 3 else part


def on_canvas(lips: LipPicture, change: Image | None = None) -> Image:
    """Lips as a model sees them: as wide as the canvas, as high as they are, in the middle, the
    edges drawn out, of standard contrast; `change` is a 3x3 matrix on the canvas."""
    return standardised(placed(lips, change))


def placed(lips: LipPicture, change: Image | None = None) -> Image:
    """The same in the picture's own contrast."""
    across, down = WIDTH / KEPT_WIDTH, lips.aspect * WIDTH / KEPT_HEIGHT
    matrix = np.array([[across, 0, 0], [0, down, (HEIGHT - lips.aspect * WIDTH) / 2], [0, 0, 1]])
    if change is not None:
        matrix = change @ matrix
    return cv2.warpAffine(
        lips.image,
        matrix[:2],
        (WIDTH, HEIGHT),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def standardised(canvas: Image) -> Image:
    """The same mean and spread of grey for everybody, so that light and skin tell no words."""
    mean, spread = cv2.meanStdDev(canvas)
    stretched = (LEVELS - mean[0, 0]) / (spread[0, 0] + LEAST_SPREAD) * SPREAD + LEVEL
    return cv2.LUT(canvas, np.clip(np.rint(stretched), 0, 255).astype(np.uint8))
