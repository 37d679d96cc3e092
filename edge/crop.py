"""THE crop function: training, calibration and the device all cut faces and mouths with it.

One similarity transform (turn, scale, shift) carries the eyes and the mouth to fixed places, so a
tilted head stands upright and every face has the same size in its crop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.detection import Keypoints
from edge.frame import Image, Picture, Yuv420

SMALLEST_EYE_DISTANCE_PX = 8.0  # a face about 19 pixels wide: smaller ones are not cropped
LEAST_FIT = 0.3  # eyes that the fit brings closer than this, of their places, are no face's
MOUTH_BELOW_EYES = 1.09  # in eye distances; the median over the faces of GENKI-4K


@dataclass(frozen=True, slots=True)
class CropKind:
    """Where the eyes and the mouth come to lie in a square crop."""

    name: str
    size: int  # side in pixels
    eye_distance: float  # as a share of the side
    eyes_y: float  # as a share of the side

    def widened(self, factor: float) -> CropKind:
        """The same face at the same resolution with more of its surroundings."""
        return replace(
            self,
            size=round(self.size * factor),
            eye_distance=self.eye_distance / factor,
            eyes_y=0.5 + (self.eyes_y - 0.5) / factor,
        )

    def holds(self, other: CropKind) -> bool:
        """Whether the other's crops are this one's with fewer pixels, or as many."""
        return self.size >= other.size and replace(self, size=other.size) == other

    def places(self) -> tuple[complex, complex, complex]:
        """Right eye, left eye and mouth in crop pixels."""
        half = self.eye_distance / 2
        mouth_y = self.eyes_y + MOUTH_BELOW_EYES * self.eye_distance
        right_eye, left_eye = complex(0.5 - half, self.eyes_y), complex(0.5 + half, self.eyes_y)
        return right_eye * self.size, left_eye * self.size, complex(0.5, mouth_y) * self.size


FACE = CropKind("aligned-face", 64, eye_distance=0.38, eyes_y=0.34)
MOUTH = CropKind("aligned-mouth", 64, eye_distance=0.66, eyes_y=0.5 - 0.66 * MOUTH_BELOW_EYES)
LOWER_FACE = CropKind("lower-face", 64, eye_distance=0.54, eyes_y=0.62 - 0.54 * MOUTH_BELOW_EYES)
CLOSE_FACE = replace(FACE.widened(1 / 1.15), name="close-face", size=64)
KINDS = {kind.name: kind for kind in (FACE, CLOSE_FACE, LOWER_FACE, MOUTH)}


def crop(picture: Picture, points: Keypoints, kind: CropKind) -> Image | None:
    """Cut out a face or mouth, grey and upright; None where it is too small or too far outside."""
    image = picture.y if isinstance(picture, Yuv420) else picture
    if points.eye_distance < SMALLEST_EYE_DISTANCE_PX or not _inside(image, points):
        return None
    turn, shift = similarity((points.right_eye, points.left_eye, points.mouth), kind.places())
    if abs(turn) * points.eye_distance < LEAST_FIT * kind.eye_distance * kind.size:
        return None
    found = _source(image, turn, shift, kind.size)
    if found is None:
        return None
    source, start, shrink = found
    # From the source's pixels to the picture's, and on to the crop's.
    shift += turn * (start + complex(1, 1) * (shrink - 1) / 2)
    turn *= shrink
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    return cv2.warpAffine(
        source,
        matrix,
        (kind.size, kind.size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def shrunk(cut: Image, kind: CropKind) -> Image:
    """The crop of a kind out of one that holds it."""
    if cut.shape[0] == kind.size:
        return cut
    return cv2.resize(cut, (kind.size, kind.size), interpolation=cv2.INTER_AREA)


def similarity(points: tuple[complex, ...], places: tuple[complex, ...]) -> tuple[complex, complex]:
    """The least-squares turn·p + shift that carries the points nearest to their places."""
    middle, aim = sum(points) / len(points), sum(places) / len(places)
    spread = sum(abs(p - middle) ** 2 for p in points)
    pairs = zip(points, places, strict=True)
    turn = sum((p - middle).conjugate() * (q - aim) for p, q in pairs) / spread
    return turn, aim - turn * middle


def _inside(image: Image, points: Keypoints) -> bool:
    height, width = image.shape[:2]
    return all(
        0 <= p.real < width and 0 <= p.imag < height
        for p in (points.right_eye, points.left_eye, points.mouth)
    )


def _source(
    image: Image, turn: complex, shift: complex, size: int
) -> tuple[Image, complex, int] | None:
    """The part of the picture the crop needs, grey, shrunk first where bilinear sampling would skip
    pixels; gives it with its corner in the picture and the whole factor it was shrunk by, None
    where the picture is less than a pixel wide or high then."""
    shrink = max(1, int(1 / abs(turn)))
    corners = [(complex(x, y) - shift) / turn for x in (0, size) for y in (0, size)]
    height, width = image.shape[:2]
    left = max(0, int(min(c.real for c in corners)) - shrink)
    top = max(0, int(min(c.imag for c in corners)) - shrink)
    right = min(width, int(max(c.real for c in corners)) + 2 * shrink)
    bottom = min(height, int(max(c.imag for c in corners)) + 2 * shrink)
    columns, rows = (right - left) // shrink, (bottom - top) // shrink
    if not columns or not rows:
        return None
    part = image[top : top + rows * shrink, left : left + columns * shrink]
    if part.ndim == 3:
        part = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    if shrink > 1:
        part = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    return part, complex(left, top), shrink
