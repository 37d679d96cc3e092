"""A sheet of mouths by what they may show, so that a person can judge the labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image
from edge.shapes import SHAPES
from training import masks
from training.crops import Crops
from training.datasets.picture import Picture
from training.prepare.pieces import whole

MANY = 12  # of each class
PART = 72  # pixels of a kept crop around the mouth
CORNER = (60, 94)  # of that part, across and down
SIDE = 96  # as which it is shown
TITLE, CAPTION, GAP = 22, 14, 4  # heights in pixels, and what is left between
PAPER, INK = 245, 30

Rows = NDArray[np.intp]


def write_sheet(crops: Crops, pictures: Sequence[Picture], path: Path) -> None:
    """Write samples of every class as a picture."""
    _, png = cv2.imencode(".png", draw_sheet(crops, dict(groups(crops, pictures))))
    whole(path, png.tobytes())


def groups(crops: Crops, pictures: Sequence[Picture]) -> Iterator[tuple[str, Rows]]:
    """The crops of each class; those of several shapes by which these are. Where labels say no
    more than open or closed, these two."""
    if {picture.shapes for picture in pictures} <= {masks.OPEN, masks.CLOSED}:
        closed = np.array([picture.shapes == masks.CLOSED for picture in pictures])
        yield "open", np.flatnonzero(~closed)
        yield "closed", np.flatnonzero(closed)
        return
    for label, shape in enumerate(SHAPES):
        yield shape, np.flatnonzero(crops.labels == label)
    for allowed in np.unique(crops.shapes[crops.labels == masks.SEVERAL]).tolist():
        shapes = " or ".join(masks.shapes_of(allowed)) or "nothing said"
        yield f"several: {shapes}", np.flatnonzero(crops.shapes == allowed)


def draw_sheet(crops: Crops, groups: dict[str, Rows]) -> Image:
    """A row of samples a group, drawn by chance, below its name and count; gaps stand below."""
    rng = np.random.default_rng(0)
    return np.vstack(
        [
            _row(crops, f"{name} ({len(rows)})", rng.permutation(rows)[:MANY])
            for name, rows in groups.items()
        ]
    )


def _row(crops: Crops, title: str, rows: Rows) -> Image:
    height = TITLE + (SIDE + CAPTION) * bool(len(rows))
    strip = np.full((height, GAP + MANY * (SIDE + GAP), 1), PAPER, np.uint8)
    _print(strip, title, (GAP, TITLE - 7), 0.5)
    across, down = CORNER
    for place, row in enumerate(rows):
        left = GAP + place * (SIDE + GAP)
        mouth = crops.images[row][down : down + PART, across : across + PART]
        shown = cv2.resize(mouth, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        strip[TITLE : TITLE + SIDE, left : left + SIDE, 0] = shown
        gap = crops.gaps[row]
        said = "gap unknown" if np.isnan(gap) else f"gap {gap:.2f}"
        _print(strip, said, (left, TITLE + SIDE + CAPTION - 3), 0.35)
    return strip


def _print(strip: Image, text: str, place: tuple[int, int], size: float) -> None:
    cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, INK, 1, cv2.LINE_AA)
