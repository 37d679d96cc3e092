"""Random changes a clip may undergo without changing which word is said: the same turn, shift, zoom
and mirror for all its frames, other light, sharpness and noise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image

TURN_DEGREES = 8.0
ZOOM, FORM, SHIFT = 0.1, 0.08, 0.06  # form: of width to height; shift: a share of the sides
GAMMA = 0.4
BLUR_CHANCE, BLUR = 0.3, (0.4, 1.2)  # pixels
NOISE = 6.0  # grey levels at most
TREMBLE = 1 / 3  # of what boxes are off over a clip, in each frame
LEVELS = np.arange(256) / 255
Matrix = NDArray[np.float64]  # 3x3, on the model's canvas


@dataclass(frozen=True)
class Change:
    """What one clip undergoes."""

    matrix: Matrix
    tones: NDArray[np.uint8]
    blur: float  # pixels; 0: none
    noise: float
    sides: NDArray[np.float64] | None = None  # of lip boxes: how far each is off, of the box
    tremble: float = 0.0  # and by how much more at most, of a box, in each frame

    def off(self, aspect: float, rng: np.random.Generator) -> NDArray[np.float64] | None:
        """How far the sides of a frame's lip box are off, in widths of it."""
        if self.sides is None:
            return None
        along = np.array([1, 1, aspect, aspect])
        off: NDArray[np.float64] = (self.sides + rng.uniform(-1, 1, 4) * self.tremble) * along
        return off

    def relit(self, canvas: Image, rng: np.random.Generator) -> Image:
        """A frame in another light, seen by another camera."""
        grey = cv2.LUT(canvas, self.tones)
        if self.blur:
            grey = cv2.GaussianBlur(grey, (0, 0), self.blur)
        noisy = grey + rng.normal(0, self.noise, grey.shape)
        lit: Image = np.clip(noisy, 0, 255).astype(np.uint8)
        return lit


def drawn(height: int, width: int, rng: np.random.Generator, boxes: float = 0.0) -> Change:
    """A change for a clip of such frames; sides of lip boxes are off by up to so much of a box."""
    turn = np.deg2rad(rng.uniform(-TURN_DEGREES, TURN_DEGREES))
    zoom = np.exp(rng.uniform(-ZOOM, ZOOM))
    wide = zoom * np.exp(rng.uniform(-FORM, FORM))
    mirror = -1 if rng.random() < 0.5 else 1
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([width / 2, height / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = rotation @ np.diag([wide * mirror, zoom])
    shift = rng.uniform(-SHIFT, SHIFT, 2) * (width, height)
    matrix[:2, 2] = middle + shift - matrix[:2, :2] @ middle
    tones = np.rint(255 * LEVELS ** np.exp(rng.uniform(-GAMMA, GAMMA))).astype(np.uint8)
    blur = rng.uniform(*BLUR) if rng.random() < BLUR_CHANCE else 0.0
    change = Change(matrix, tones, blur, rng.uniform(0, NOISE))
    if not boxes:
        return change
    return replace(change, sides=rng.uniform(-boxes, boxes, 4), tremble=TREMBLE * boxes)
