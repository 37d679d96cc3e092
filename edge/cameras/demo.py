"""A drawn face whose mouth follows a script: a first run without a camera, tests with a truth."""

from __future__ import annotations

import itertools
import math
import time

import cv2
import numpy as np

from edge.cameras.drawing import PATCH, WALL, Mouth, draw_eyes, draw_mouth, head
from edge.frame import Frame, Image

SHAPES = {
    "closed": Mouth(),
    "narrow": Mouth(width=0.36, opening=0.05, teeth=0.8),
    "open": Mouth(width=0.28, opening=0.075, teeth=0.6),
    "wide_open": Mouth(width=0.33, opening=0.25, teeth=0.15, rounding=0.4),
    "rounded": Mouth(width=0.18, opening=0.07, rounding=1.0),
    "puckered": Mouth(width=0.10, opening=0.02, rounding=1.0),
    "smile": Mouth(width=0.46, opening=0.10, smile=1.0, teeth=1.0),
}
# One loop: shape and seconds.
SCRIPT = (
    ("closed", 2.0),
    ("smile", 2.0),
    ("closed", 1.0),
    ("open", 0.7),
    ("rounded", 0.7),
    ("narrow", 0.6),
    ("wide_open", 0.7),
    ("puckered", 0.7),
    ("closed", 0.8),
    ("smile", 1.2),
    ("closed", 1.2),
    ("wide_open", 0.6),
    ("puckered", 0.6),
    ("open", 0.6),
    ("closed", 1.1),
    ("smile", 3.0),
    ("closed", 2.5),
)
LOOP_S = sum(seconds for _, seconds in SCRIPT)
CHANGE_S = 0.2  # a shape is reached this long after its entry begins
SMILES_PER_LOOP = sum(shape == "smile" for shape, _ in SCRIPT)


def smile_times() -> list[tuple[float, float]]:
    """When the script's smiles begin and end, in seconds from the loop's start."""
    return [(begin, end) for name, begin, end in _times() if name == "smile"]


def shape_times() -> list[tuple[str, float, float]]:
    """The script's mouth shapes with when they begin and end; a smile is none of them."""
    return [(name, begin, end) for name, begin, end in _times() if name != "smile"]


def _times() -> list[tuple[str, float, float]]:
    ends = itertools.accumulate(seconds for _, seconds in SCRIPT)
    return [(name, end - seconds, end) for (name, seconds), end in zip(SCRIPT, ends, strict=True)]


def mouth_at(seconds: float) -> Mouth:
    """The mouth's shape at a moment of the endless repetition of the script."""
    at = seconds % LOOP_S
    before = SHAPES[SCRIPT[-1][0]]
    for name, length in SCRIPT:
        shape = SHAPES[name]
        if at < length:
            share = min(1.0, at / CHANGE_S)
            return before.towards(shape, share * share * (3 - 2 * share))
        at -= length
        before = shape
    return before


class DemoCamera:
    """Draws the frames of a camera that looks at the drawn face."""

    live = False

    def __init__(self, width: int, height: int, fps: float, seed: int = 0) -> None:
        self._size, self._fps = (width, height), fps
        self._sway = np.random.default_rng(seed).uniform(0, 2 * math.pi, 4)
        self._wall = np.full((height, width, 3), WALL, np.uint8)
        self._head = head()
        self._index = 0
        self._began = time.time()

    def open(self) -> None:
        self._index, self._began = 0, time.time()

    def read(self) -> Frame:
        at = self._index / self._fps
        frame = Frame(self.draw(at), at, self._began + at, self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        pass

    def draw(self, at: float) -> Image:
        """The picture at a moment."""
        patch = self._head.copy()
        draw_eyes(patch, mouth_at(at), at)
        draw_mouth(patch, mouth_at(at))
        patch = cv2.GaussianBlur(patch, (3, 3), 0)
        image = self._wall.copy()
        cv2.warpAffine(
            patch,
            self._place(at),
            self._size,
            dst=image,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
        return image

    def _place(self, at: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Where the patch lies now: a person who stands, sways and nods a little."""
        width, height = self._size
        a, b, c, d = (
            math.sin(p + at * 2 * math.pi / t)
            for p, t in zip(self._sway, (7, 9, 5, 11), strict=True)
        )
        scale = height * 0.95 / PATCH * (1 + 0.04 * d)
        matrix = cv2.getRotationMatrix2D((PATCH / 2, PATCH / 2), 3 * c, scale)
        matrix[0, 2] += width * (0.5 + 0.05 * a) - PATCH / 2
        matrix[1, 2] += height * (0.57 + 0.02 * b) - PATCH / 2
        return np.asarray(matrix, np.float64)
