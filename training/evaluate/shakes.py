"""Crops that are not where they should be: moved and turned after the face was found.

The detector would find the face of a picture that is moved or turned as a whole, and the crop would
be straight again; what a model does with a crop that is not, only the crop itself can show.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

from edge.crop import CropKind, similarity
from edge.detection import Detection, Detector, Keypoints
from edge.frame import Image

SHIFT, TURN = 0.08, 15.0  # of the crop's side; degrees


@dataclass(frozen=True)
class Shake:
    """A crop whose content is moved, or turned about its middle."""

    slice: str
    value: str
    shift: complex = 0j  # of the crop's side
    turn: float = 0.0  # degrees, clockwise

    def look(
        self, image: Image, face: Detection | None, kind: CropKind, detector: Detector
    ) -> tuple[Image, Keypoints | None]:
        """The picture as it is, and the points that the crop is then cut by."""
        return image, None if face is None else self.moved(face.keypoints, kind)

    def moved(self, points: Keypoints, kind: CropKind) -> Keypoints:
        """Points by which the same face comes to lie elsewhere in its crop."""
        by, to = similarity((points.right_eye, points.left_eye, points.mouth), kind.places())
        middle = complex(0.5, 0.5) * kind.size
        back = cmath.rect(1, -math.radians(self.turn))

        def move(point: complex) -> complex:
            there = by * point + to - middle - self.shift * kind.size
            return (there * back + middle - to) / by

        return Keypoints(*map(move, (points.right_eye, points.left_eye, points.nose, points.mouth)))


SHAKES = (
    Shake("crop shifted", "left", -SHIFT),
    Shake("crop shifted", "right", SHIFT),
    Shake("crop shifted", "up", -SHIFT * 1j),
    Shake("crop shifted", "down", SHIFT * 1j),
    Shake("crop turned", f"{-TURN:g}", turn=-TURN),
    Shake("crop turned", f"{TURN:g}", turn=TURN),
)
