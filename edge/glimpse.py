"""What is kept of a picture until it is known whether it shows a word: the part around a mouth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from edge.crop import MOUTH_BELOW_EYES
from edge.detection import Keypoints
from edge.frame import Image, Picture, Yuv420

AROUND = 3.4  # eye distances from the mouth: all that lip points and mouths are cut from


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """A part of a picture, grey, with the face's points in it."""

    image: Image
    points: Keypoints


def glimpse(picture: Picture, points: Keypoints) -> Glimpse | None:
    """A copy of the part around a mouth, as the picture itself goes back to the camera; None where
    the mouth is outside."""
    image = picture.y if isinstance(picture, Yuv420) else picture
    height, width = image.shape[:2]
    x, y = points.mouth.real, points.mouth.imag
    # Of a head that is turned away the eyes are nearer to each other, and the mouth is not.
    below = abs(points.mouth - (points.right_eye + points.left_eye) / 2)
    reach = AROUND * max(points.eye_distance, below / MOUTH_BELOW_EYES)
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    right, bottom = max(left, min(width, int(x + reach))), max(top, min(height, int(y + reach)))
    part = image[top:bottom, left:right]
    if not part.size:
        return None
    grey = part.copy() if part.ndim == 2 else cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    shift = complex(left, top)
    points = Keypoints(
        points.right_eye - shift,
        points.left_eye - shift,
        points.nose - shift,
        points.mouth - shift,
    )
    return Glimpse(grey, points)
