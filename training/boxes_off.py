"""Lip boxes whose sides lie elsewhere: what a clip's own boxes would show if they were off.

A box that is off shows more or less of the picture it was cut from; what lies outside of the kept
one is not known, and its border is held.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.lipbox import KEPT_HEIGHT, KEPT_WIDTH, LipPicture

Values = NDArray[np.float64]
NARROWEST, LOWEST = 0.3, 0.05  # of a box that is off, in widths of the box as it is


def drawn(by: float, aspects: Values, rng: np.random.Generator, whole_clip: bool = False) -> Values:
    """For each box how far its left, right, top and bottom are off, in widths of the box: by up to
    so much of its width or height, anew in each frame or the same over the clip."""
    ones = np.ones_like(aspects)
    along = np.stack([ones, ones, aspects, aspects], axis=1)
    off: Values = rng.uniform(-by, by, (1 if whole_clip else len(aspects), 4)) * along
    return off


def moved(lips: LipPicture, off: Values) -> LipPicture:
    """A box with its left, right, top and bottom moved, in widths of the box."""
    left, right, top, bottom = np.array([0, 1, 0, lips.aspect]) + off
    width, height = max(right - left, NARROWEST), max(bottom - top, LOWEST)
    # From pixels of the new box's picture to those of the kept one.
    across, down = width, height / lips.aspect
    first_x = left * KEPT_WIDTH + (across - 1) / 2
    first_y = top / lips.aspect * KEPT_HEIGHT + (down - 1) / 2
    image = cv2.warpAffine(
        lips.image,
        np.array([[across, 0, first_x], [0, down, first_y]]),
        (KEPT_WIDTH, KEPT_HEIGHT),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return LipPicture(image, float(height / width))
