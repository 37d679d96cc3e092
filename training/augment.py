"""Random changes a face crop may undergo without changing what it shows."""

from __future__ import annotations

import cv2
import numpy as np

from edge.crop import FACE
from edge.frame import Image

TURN_DEGREES = 12.0
ZOOM = 0.1
SHIFT = 0.05  # of the crop's side
BLUR_CHANCE = 0.25
NOISE_CHANCE = 0.25


def augment(wide: Image, rng: np.random.Generator) -> Image:
    """Mirror, turn, zoom, shift, light, blur and noise; from a wide crop to the model's size."""
    size = FACE.size
    turn = np.deg2rad(rng.uniform(-TURN_DEGREES, TURN_DEGREES))
    zoom = rng.uniform(1 - ZOOM, 1 + ZOOM)
    across = zoom * (1 if rng.random() < 0.5 else -1)
    matrix = np.array(
        [
            [across * np.cos(turn), -zoom * np.sin(turn), 0.0],
            [across * np.sin(turn), zoom * np.cos(turn), 0.0],
        ]
    )
    middle = np.array([wide.shape[1] / 2, wide.shape[0] / 2])
    aim = size / 2 + rng.uniform(-SHIFT, SHIFT, 2) * size
    matrix[:, 2] = aim - matrix[:, :2] @ middle
    face = cv2.warpAffine(wide, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < BLUR_CHANCE:
        face = cv2.GaussianBlur(face, (0, 0), rng.uniform(0.4, 1.4))
    pixels = face.astype(np.float32)
    middle_grey = pixels.mean()
    pixels = (pixels - middle_grey) * rng.uniform(0.6, 1.4) + middle_grey * rng.uniform(0.6, 1.4)
    if rng.random() < NOISE_CHANCE:
        pixels += rng.normal(0, rng.uniform(2, 10), pixels.shape)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def centre(wide: Image) -> Image:
    """The model's crop out of a wide one, unchanged."""
    margin = (wide.shape[-1] - FACE.size) // 2
    return wide[..., margin : margin + FACE.size, margin : margin + FACE.size]
