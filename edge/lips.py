"""Draws the lips of each mouth shape, as a person would know it again."""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image

LIP, LIP_EDGE, DARK = (96, 92, 196), (70, 62, 150), (36, 22, 44)  # BGR, as all colours here
TEETH, TONGUE = (238, 242, 242), (112, 104, 214)
BETWEEN_LIPS = (52, 44, 116)
POINTS = 41  # of an outline from corner to corner
SHIFT = 4  # binary places of a pixel in which outlines are drawn
Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Lips:
    """A mouth's form; lengths in shares of the patch's height."""

    half_width: float
    gap: float  # between the lips, in the middle
    upper: float  # thickness of the lips
    lower: float
    teeth: float  # share of the gap in which the upper teeth show
    tongue: float  # and the tongue

    def towards(self, other: Lips, share: float) -> Lips:
        """The form part of the way to another."""
        mixed = (
            getattr(self, each.name) * (1 - share) + getattr(other, each.name) * share
            for each in fields(self)
        )
        return Lips(*mixed)


FORMS = {
    "closed": Lips(0.52, 0.0, 0.10, 0.13, 0.0, 0.0),
    "narrow": Lips(0.56, 0.11, 0.09, 0.12, 1.0, 0.0),
    "open": Lips(0.52, 0.26, 0.09, 0.12, 0.35, 0.25),
    "wide_open": Lips(0.50, 0.52, 0.085, 0.115, 0.22, 0.36),
    "rounded": Lips(0.36, 0.28, 0.11, 0.14, 0.15, 0.15),
    "puckered": Lips(0.24, 0.09, 0.14, 0.17, 0.0, 0.0),
}


def draw_lips(patch: Image, lips: Lips) -> None:
    """Draw a mouth into the middle of a patch."""
    height, width = patch.shape[:2]
    x = np.linspace(-1, 1, POINTS)
    across = width / 2 + x * lips.half_width * height
    # A pursed mouth is round at its corners, a wide one runs out in points.
    bow = (1 - x**2) ** 0.75
    dip = 0.3 * np.exp(-((x / 0.16) ** 2)) - 0.12 * np.exp(-(((np.abs(x) - 0.3) / 0.2) ** 2))
    middle = height * (0.5 + (lips.upper - lips.lower) / 2)
    top = middle - lips.gap * height / 2 * bow
    bottom = middle + lips.gap * height / 2 * bow
    outer_top = top - lips.upper * height * bow * (1 - dip)
    outer_bottom = bottom + lips.lower * height * bow**0.8
    _fill(patch, across, outer_top, outer_bottom, LIP)
    _line(patch, across, outer_top, LIP_EDGE)
    _line(patch, across, outer_bottom, LIP_EDGE)
    if lips.gap * height < 2:
        _line(patch, across, (top + bottom) / 2, BETWEEN_LIPS)
        return
    _fill(patch, across, top, bottom, DARK)
    _fill(patch, across, bottom - (bottom - top) * lips.tongue * bow, bottom, TONGUE)
    _fill(patch, across, top, top + (bottom - top) * lips.teeth, TEETH)
    _line(patch, across, top, LIP_EDGE)
    _line(patch, across, bottom, LIP_EDGE)


def _fill(
    patch: Image, across: Curve, top: Curve, bottom: Curve, colour: tuple[int, int, int]
) -> None:
    upper = np.stack([across, top], axis=1)
    lower = np.stack([across, bottom], axis=1)[::-1]
    cv2.fillPoly(patch, [_fixed(np.concatenate([upper, lower]))], colour, cv2.LINE_AA, SHIFT)


def _line(patch: Image, across: Curve, down: Curve, colour: tuple[int, int, int]) -> None:
    points = [_fixed(np.stack([across, down], axis=1))]
    cv2.polylines(patch, points, False, colour, 2, cv2.LINE_AA, SHIFT)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.rint(points * (1 << SHIFT)).astype(np.int32)
