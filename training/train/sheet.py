"""A sheet of samples: faces as they are, and as a model in training sees them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.crop import CropKind
from edge.frame import Image
from training.crops import Crops
from training.train.augment import augment, centre
from training.written import written

FACES = 6  # of each class
CHANGED = 8  # samples of each face
GAP = 4
PAPER = 245


def draw_sheet(crops: Crops, kind: CropKind, seed: int) -> Image:
    """A row a face: first unchanged, then augmented; classes one after another."""
    rng = np.random.default_rng(seed)
    rows = []
    for label in range(len(crops.origin.classes)):
        of_class = np.flatnonzero(crops.labels == label)
        for row in rng.choice(of_class, min(FACES, len(of_class)), replace=False):
            kept = crops.images[row]
            rows.append([centre(kept, kind), *(augment(kept, kind, rng) for _ in range(CHANGED))])
    size = kind.size
    step = size + GAP
    sheet = np.full((len(rows) * step + GAP, (1 + CHANGED) * step + 2 * GAP, 1), PAPER, np.uint8)
    for down, row in enumerate(rows):
        for across, face in enumerate(row):
            top = GAP + down * step
            left = GAP + across * step + (GAP if across else 0)
            sheet[top : top + size, left : left + size, 0] = face
    return sheet


def write_sheet(crops: Crops, kind: CropKind, seed: int, path: Path) -> None:
    """Write the sheet as a picture."""
    _, png = cv2.imencode(".png", draw_sheet(crops, kind, seed))
    with written(path) as partial:
        partial.write_bytes(png.tobytes())
