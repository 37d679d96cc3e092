"""Random changes a face may undergo without changing what it shows.

Turns, shifts, zooms and mirrors act on the kept crop, before the model's own is cut from it; light,
noise and blur act on what was cut. Crops are grey, so changes of hue and saturation come down to
changes of brightness: the tone curve stands for them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.crop import FACE, CropKind
from edge.frame import Image
from training.crops import DETAIL, MARGIN

Matrix = NDArray[np.float64]  # 2x3, from the kept crop's pixels to the model's

TURN_DEGREES = 15.0
ZOOM, SHEAR, SHIFT = 0.1, 0.1, 0.06  # shift: of the crop's side
BRIGHTNESS = CONTRAST = 0.4
GAMMA = 0.3
NOISE_CHANCE, NOISE = 0.3, (2.0, 10.0)  # standard deviation in grey levels
COARSE_CHANCE, COARSE_SHARE = 0.15, (0.4, 0.75)  # resampled through so much of the side
GRAIN = np.random.default_rng(0).normal(0, 1, 1 << 20).astype(np.float32)


def augment(kept: Image, kind: CropKind, rng: np.random.Generator) -> Image:
    """A crop of the model's kind, seen as on another day by another camera."""
    return relit(cut(kept, geometry(kept.shape[0], kind, rng), kind.size, rng), rng)


def geometry(kept: int, kind: CropKind, rng: np.random.Generator) -> Matrix:
    """A random mirror, turn, zoom, shear and shift on the way to the model's crop."""
    turn = np.deg2rad(rng.uniform(-TURN_DEGREES, TURN_DEGREES))
    zoom = rng.uniform(1 - ZOOM, 1 + ZOOM)
    shear = rng.uniform(-SHEAR, SHEAR)
    mirror = -1 if rng.random() < 0.5 else 1
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    change = zoom * rotation @ np.array([[1, shear], [0, 1]]) @ np.diag([mirror, 1])
    matrix = straight(kept, kind)
    middle = np.full(2, kind.size / 2)
    matrix[:, 2] -= middle
    matrix = change @ matrix
    matrix[:, 2] += middle + rng.uniform(-SHIFT, SHIFT, 2) * kind.size
    return matrix


def straight(kept: int, kind: CropKind) -> Matrix:
    """The way from a kept face to the model's crop of the same, upright as both are."""
    wide = FACE.widened(MARGIN)
    zoom = kind.eye_distance * kind.size / (wide.eye_distance * kept)
    return np.array(
        [
            [zoom, 0, kind.size / 2 - zoom * kept / 2],
            [0, zoom, kind.eyes_y * kind.size - zoom * wide.eyes_y * kept],
        ]
    )


def cut(kept: Image, matrix: Matrix, size: int, rng: np.random.Generator) -> Image:
    """The model's crop; now and then as coarse as a far face."""
    fine = matrix * DETAIL
    fine[:, 2] += (DETAIL - 1) / 2
    face = cv2.warpAffine(kept, fine, (size * DETAIL,) * 2, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < COARSE_CHANCE:
        side = round(size * rng.uniform(*COARSE_SHARE))
        coarse = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        return cv2.resize(coarse, (size, size), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)


def relit(face: Image, rng: np.random.Generator) -> Image:
    """Other sharpness, brightness, contrast, tones and noise."""
    face = _resharpened(face, rng)
    face = cv2.LUT(face, _tones(float(face.mean()), rng))
    if rng.random() >= NOISE_CHANCE:
        return face
    start = rng.integers(len(GRAIN) - face.size)
    grain = GRAIN[start : start + face.size].reshape(face.shape)
    return cv2.add(face, (grain * rng.uniform(*NOISE)).astype(np.int16), dtype=cv2.CV_8U)


def _tones(middle: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """What becomes of each grey level."""
    levels = (np.arange(256) - middle) * rng.uniform(1 - CONTRAST, 1 + CONTRAST)
    levels += middle * rng.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS)
    levels = 255 * (np.clip(levels, 0, 255) / 255) ** np.exp(rng.uniform(-GAMMA, GAMMA))
    return np.rint(levels).astype(np.uint8)


def _resharpened(face: Image, rng: np.random.Generator) -> Image:
    """Mostly as it is; else out of focus, moved, cleaned of noise, or sharpened."""
    draw = rng.random()
    if draw < 0.12:
        return cv2.GaussianBlur(face, (0, 0), rng.uniform(0.4, 1.4))
    if draw < 0.20:
        return cv2.filter2D(face, -1, _motion(rng.uniform(0, np.pi)))
    if draw < 0.25:
        return cv2.medianBlur(face, 3)
    if draw < 0.35:
        return cv2.addWeighted(face, 1.6, cv2.GaussianBlur(face, (0, 0), 1.2), -0.6, 0)
    return face


def _motion(direction: float, length: int = 5) -> NDArray[np.float32]:
    """The trace of a point that moves in a straight line while the shutter is open."""
    trace = np.zeros((length, length), np.float32)
    half = length // 2
    for step in np.linspace(-half, half, 2 * length):
        row, column = half + step * np.sin(direction), half + step * np.cos(direction)
        trace[round(row), round(column)] = 1
    return trace / trace.sum()


def moved(points: NDArray[np.float32], matrix: Matrix) -> NDArray[np.float32]:
    """Where points of the kept crop come to lie in the model's."""
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def centre(kept: NDArray[np.uint8], kind: CropKind) -> NDArray[np.uint8]:
    """The model's crops out of kept ones, unchanged."""
    matrix = straight(kept.shape[-1], kind)
    faces = [_shrunk(face, matrix, kind.size) for face in kept.reshape(-1, *kept.shape[-2:])]
    return np.stack(faces).reshape(*kept.shape[:-2], kind.size, kind.size)


def _shrunk(kept: Image, matrix: Matrix, size: int) -> Image:
    """Cut at a multiple of the model's detail, and then made smaller."""
    detail = max(DETAIL, int(1 / matrix[0, 0]))
    fine = matrix * detail
    fine[:, 2] += (detail - 1) / 2
    face = cv2.warpAffine(kept, fine, (size * detail,) * 2, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
