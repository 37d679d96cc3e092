"""Sheets of samples: what a model in training sees, and what it is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.crop import CropKind
from edge.frame import Image
from training.train.augment import augment, centre

FACES = 6  # of each class
CHANGED = 8  # samples of each face
GAP = 4
SIDE = 96  # of faces that have captions
TITLE, CAPTION = 20, 14  # heights
PAPER, INK = 245, 30


@dataclass(frozen=True)
class Captioned:
    """A row of faces with something said of each."""

    title: str
    faces: Sequence[Image]
    captions: Sequence[str]


def draw_changed(classes: Sequence[Sequence[Image]], kind: CropKind, seed: int) -> Image:
    """A row a kept face, class by class: first unchanged, then augmented."""
    rng = np.random.default_rng(seed)
    return _side_by_side(
        [
            [centre(kept, kind), *(augment(kept, kind, rng) for _ in range(CHANGED))]
            for of_class in classes
            for kept in of_class
        ]
    )


def draw_unchanged(classes: Sequence[Sequence[Image]], kind: CropKind) -> Image:
    """A row of kept faces a class, none of which is ever changed."""
    return _side_by_side([[centre(kept, kind) for kept in of_class] for of_class in classes])


def draw_captioned(head: str, rows: Sequence[Captioned]) -> Image:
    """A line that explains the captions, and the rows."""
    most = max(len(row.faces) for row in rows)
    line = np.full((TITLE, GAP + most * (SIDE + GAP), 1), PAPER, np.uint8)
    _print(line, head, (GAP, TITLE - 6), 0.45)
    return np.vstack([line, *(_strip(row, line.shape[1]) for row in rows)])


def _side_by_side(rows: Sequence[Sequence[Image]]) -> Image:
    size, most = rows[0][0].shape[0], max(map(len, rows))
    step = size + GAP
    sheet = np.full((len(rows) * step + GAP, most * step + 2 * GAP, 1), PAPER, np.uint8)
    for down, row in enumerate(rows):
        for across, face in enumerate(row):
            top = GAP + down * step
            left = GAP + across * step + (GAP if across else 0)
            sheet[top : top + size, left : left + size, 0] = face
    return sheet


def _strip(row: Captioned, width: int) -> Image:
    strip = np.full((TITLE + SIDE + CAPTION + GAP, width, 1), PAPER, np.uint8)
    _print(strip, row.title, (GAP, TITLE - 6), 0.45)
    for place, (face, caption) in enumerate(zip(row.faces, row.captions, strict=True)):
        left = GAP + place * (SIDE + GAP)
        shown = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        strip[TITLE : TITLE + SIDE, left : left + SIDE, 0] = shown
        _print(strip, caption, (left, TITLE + SIDE + CAPTION - 3), 0.38)
    return strip


def _print(strip: Image, text: str, place: tuple[int, int], size: float) -> None:
    cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, INK, 1, cv2.LINE_AA)
