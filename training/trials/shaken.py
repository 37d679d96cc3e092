"""A still picture of a face as a camera would film it: shaken, in noise and flicker, compressed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from edge.detection import Detection
from edge.frame import Frame, Image
from edge.profiles import Profile

WIDTHS = (60.0, 160.0)  # of the face's box, in pixels of a picture 640 pixels wide
# Standard deviations of what a hand or a pole that trembles does to the picture.
SHIFT, TURN_DEGREES, ZOOM = 0.02, 1.5, 0.015  # the first in face widths, the last a share
SHAKES, SHAKE_HZ = 3, (0.3, 5.0)  # sines that make up each of these
FLICKER, FLICKER_HZ = 0.05, 1.3
BLUR = (0.3, 1.0)  # pixels; one a film
NOISE, TILE, QUALITY = 4.0, 64, 85  # levels; pixels by which the noise is moved; JPEG


@dataclass(frozen=True)
class Portrait:
    """A still picture and the face in it."""

    image: Image
    face: Detection


class Shaken:
    """The film of one portrait, the same for the same seed."""

    def __init__(self, portrait: Portrait, profile: Profile, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._rng, self._portrait, self._fps = rng, portrait, profile.target_fps
        self._size = (profile.width, profile.height)
        low, high = (math.log(width * profile.width / 640) for width in WIDTHS)
        self._width = math.exp(rng.uniform(low, high))
        self._blur = rng.uniform(*BLUR)
        self._hz = rng.uniform(*SHAKE_HZ, (4, SHAKES))  # across, down, turn, zoom
        self._phase = rng.uniform(0, 2 * math.pi, (4, SHAKES))
        shape = (profile.height + TILE, profile.width + TILE, 3)
        noise = rng.standard_normal(shape, np.float32) * NOISE
        self._noise = noise.round().astype(np.int8)

    def __call__(self, seconds: float) -> Iterator[Frame]:
        """Its frames at the pace of the profile."""
        for index in range(round(seconds * self._fps)):
            at = index / self._fps
            yield Frame(self._image(at), at, at, index)

    def _image(self, at: float) -> Image:
        view = cv2.warpAffine(
            self._portrait.image,
            self._place(at),
            self._size,
            flags=cv2.INTER_AREA,
            borderMode=cv2.BORDER_REPLICATE,
        )
        view = cv2.GaussianBlur(view, (5, 5), self._blur)
        light = 1 + FLICKER * math.sin(2 * math.pi * FLICKER_HZ * at)
        x, y = self._rng.integers(TILE, size=2)
        noise = self._noise[y : y + view.shape[0], x : x + view.shape[1]]
        view = cv2.add(cv2.convertScaleAbs(view, alpha=light), noise, dtype=cv2.CV_8U)
        encoded = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        return cv2.imdecode(encoded, cv2.IMREAD_COLOR)

    def _place(self, at: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """How the portrait is carried into the picture: its face to the middle, and then shaken."""
        waves = np.sin(2 * math.pi * self._hz * at + self._phase)
        across, down, turn, zoom = waves.sum(axis=1) * math.sqrt(2 / SHAKES)
        box = self._portrait.face.box
        scale = self._width / box.width * (1 + ZOOM * zoom)
        matrix = cv2.getRotationMatrix2D(box.centre, TURN_DEGREES * turn, scale)
        matrix[0, 2] += self._size[0] / 2 - box.centre[0] + SHIFT * self._width * across
        matrix[1, 2] += self._size[1] / 2 - box.centre[1] + SHIFT * self._width * down
        return np.asarray(matrix, np.float64)
