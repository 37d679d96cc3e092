"""Where a model is weak: pictures altered in one respect, and pictures of one kind.

Altered pictures go the whole way again, from finding the face to the answer. Shrinking a picture
until its face has a given width takes detail from the face; how small a face is still found in a
large picture is another question (`lipwire evaluate sizes`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import cv2
import numpy as np

from edge.crop import CropKind
from edge.detection import Detection, Detector, Keypoints
from edge.frame import Image
from training.evaluate.figures import Flags, Values
from training.faces import main_face

WIDTHS = (24, 32, 48, 64)  # pixels
LIGHTS = (0.4, 0.7, 1.4, 2.0)
POSE_EDGES = (0.0, 5.0, 10.0, 20.0, 90.0)  # degrees
# Degrees of yaw to a nose one eye distance off the middle: fitted to GENKI-4K's labels (r = 0.79,
# half of them within 3.2 degrees). Its pitch cannot be told from the points.
YAW_OF_NOSE = 60.0
# Where cheeks are, counted from each eye in eye distances, and the half side of a patch of them.
CHEEK_DOWN, CHEEK_OUT, CHEEK_HALF = 0.56, 0.05, 0.12
CHEEKS = "cheek brightness"
NOTES = {
    "yaw": "turned to a side, degrees",
    "pitch": "up or down, degrees",
    "roll": "tilted, degrees",
    "face width": "pixels; the picture is shrunk before the face is looked for",
    "brightness": "every pixel times this",
    "luma": "of a camera that is wrongly configured: 0-255 squeezed into 16-235",
    "crop shifted": "what the model sees moved by so much of its side, after the face was found",
    "crop turned": "what the model sees turned, degrees, after the face was found",
    CHEEKS: "quarters of the pictures; a rough stand-in for skin tone, confounded with the light",
}


@dataclass(frozen=True)
class Change:
    """A picture altered in one respect; None where that cannot be made of it."""

    slice: str
    value: str
    make: Callable[[Image, Detection | None], Image | None]

    def look(
        self, image: Image, face: Detection | None, kind: CropKind, detector: Detector
    ) -> tuple[Image, Keypoints | None] | None:
        """The altered picture and the points of the face that is found in it."""
        altered = self.make(image, face)
        if altered is None:
            return None
        found = main_face(detector, altered)
        return altered, None if found is None else found.keypoints


@dataclass(frozen=True)
class Kind:
    """Pictures that have something in common."""

    slice: str
    value: str
    rows: Flags


def _with_face_width(width: int, image: Image, face: Detection | None) -> Image | None:
    if face is None or face.box.width < width:
        return None
    factor = width / face.box.width
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _times(factor: float, image: Image, face: Detection | None) -> Image:
    return _levels(image, np.arange(256) * factor)


def _limited_range(image: Image, face: Detection | None) -> Image:
    return _levels(image, 16 + np.arange(256) * (219 / 255))


def _levels(image: Image, levels: Values) -> Image:
    return cv2.LUT(image, np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def changes(lights: Sequence[float]) -> tuple[Change, ...]:
    """Smaller faces, other light, and a camera's wrong levels."""
    return (
        *(Change("face width", str(width), partial(_with_face_width, width)) for width in WIDTHS),
        *(Change("brightness", f"{light:g}", partial(_times, light)) for light in lights),
        Change("luma", "16-235", _limited_range),
    )


CHANGES = changes(LIGHTS)


def pose_of_points(points: Keypoints) -> tuple[float, float, float]:
    """Yaw, pitch (unknown: NaN) and roll in degrees, as far as eyes and nose tell them."""
    eyes = points.left_eye - points.right_eye
    nose = (points.nose - (points.left_eye + points.right_eye) / 2) / eyes
    return YAW_OF_NOSE * nose.real, math.nan, math.degrees(math.atan2(eyes.imag, eyes.real))


def cheek_brightness(face: Image, kind: CropKind) -> float:
    """How bright the cheeks are in a crop, 0 to 255."""
    right_eye, left_eye, _ = kind.places()
    unit = abs(left_eye - right_eye) * len(face) / kind.size
    scale = len(face) / kind.size
    half = CHEEK_HALF * unit
    patches = []
    for eye, outward in ((right_eye, -1), (left_eye, 1)):
        middle = eye * scale + complex(outward * CHEEK_OUT, CHEEK_DOWN) * unit
        top, bottom = round(middle.imag - half), round(middle.imag + half)
        left, right = round(middle.real - half), round(middle.real + half)
        patches.append(float(np.median(face[top:bottom, left:right])))
    return sum(patches) / 2


def by_pose(poses: Values) -> list[Kind]:
    """Slices of yaw, pitch and roll (columns, in degrees; NaN where unknown), signs aside."""
    return [
        Kind(name, f"{low:g}-{high:g}" if high < POSE_EDGES[-1] else f"over {low:g}", rows)
        for name, degrees in zip(("yaw", "pitch", "roll"), np.abs(poses).T, strict=True)
        for low, high in pairwise(POSE_EDGES)
        if (rows := (degrees >= low) & (degrees < high)).any()
    ]


def by_cheeks(brightness: Values) -> list[Kind]:
    """Quarters of the faces that were found, darkest first."""
    edges = np.nanquantile(brightness, (0.25, 0.5, 0.75))
    quarter = np.where(np.isnan(brightness), -1, np.searchsorted(edges, brightness))
    limits = ["0", *(f"{edge:.0f}" for edge in edges), "255"]
    return [
        Kind(CHEEKS, f"{low}-{high}", rows)
        for index, (low, high) in enumerate(pairwise(limits))
        if (rows := quarter == index).any()
    ]
