"""Where the detector looks: now and then the whole picture, in between known faces' surroundings.

A face that fills a good part of what the detector sees is found more surely, and its points are
several times more exact, than in a sweep of the whole picture.
"""

from __future__ import annotations

from edge.detection import Box, Part
from edge.face import Face

WIDE = 2.0  # side of the surroundings in face widths
WIDER_A_S, WIDEST = 2.0, 4.0  # while a face is not seen, as it may have moved
SMALLEST_PX = 8  # a part that shows less than this is not looked at


class Gaze:
    """Says when to sweep, and how many faces to look at; how often is up to the board."""

    def __init__(self, detect_interval: int = 1, looks: float = 1.0) -> None:
        self._until_sweep, self._credit = 0, 0.0
        self.pace(detect_interval, looks)

    def pace(self, detect_interval: int, looks: float) -> None:
        """Sweep in every so many frames; look at known faces so many times a frame."""
        self._interval, self._looks = detect_interval, looks
        self._until_sweep = min(self._until_sweep, detect_interval - 1)

    def reset(self) -> None:
        """Sweep in the next frame."""
        self._until_sweep, self._credit = 0, 0.0

    def __call__(self, faces: int) -> tuple[bool, int]:
        """Whether to sweep in this frame, and how many faces to look at."""
        sweeps = self._until_sweep == 0
        self._until_sweep = (self._interval if sweeps else self._until_sweep) - 1
        self._credit += self._looks  # half a look a frame is one in every second frame
        looks = min(faces, int(self._credit))
        self._credit = min(self._credit - looks, 1.0)
        return sweeps, looks


def surroundings(face: Face, at: float, size: tuple[int, int]) -> Part | None:
    """The part of a picture in which a face should be; None where that is outside."""
    return around(face.box, min(WIDE + WIDER_A_S * (at - face.last_seen), WIDEST), size)


def around(box: Box, wide: float, size: tuple[int, int]) -> Part | None:
    """A square of so many face widths in a picture; None where too little of it is inside."""
    x, y = box.centre
    half = max(box.width, box.height) * wide / 2
    left, top = max(0, int(x - half)), max(0, int(y - half))
    right, bottom = min(size[0], int(x + half)), min(size[1], int(y + half))
    if right - left < SMALLEST_PX or bottom - top < SMALLEST_PX:
        return None
    return left, top, right, bottom
