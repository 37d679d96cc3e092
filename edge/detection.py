"""What a detector finds in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edge.frame import Picture


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in picture pixels; it may reach past the border."""

    left: float
    top: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Points of a face in picture pixels as x + y·i; right and left are the person's own."""

    right_eye: complex
    left_eye: complex
    nose: complex
    mouth: complex

    @property
    def eye_distance(self) -> float:
        return abs(self.left_eye - self.right_eye)


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found in one picture."""

    box: Box
    keypoints: Keypoints
    score: float  # 0 to 1


Part = tuple[int, int, int, int]  # whole pixels inside a picture: left, top, right, bottom


class Detector(Protocol):
    """Anything that finds faces in a picture."""

    def __call__(self, picture: Picture) -> list[Detection]:
        """Look for faces anywhere; not every call must be able to find every face."""

    def look(self, picture: Picture, part: Part) -> list[Detection]:
        """Look closely at a part of the picture."""
