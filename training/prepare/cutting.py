"""Cutting the faces of many pictures, piece by piece, in one process or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind, crop, similarity
from edge.detection import Keypoints
from edge.frame import Image
from training.crops import kept
from training.datasets import DATASETS, Picture
from training.faces import load_detector, main_face
from training.gaps import LIPS, POINTS_68, mesh_ratio
from training.prepare.mesh import POINTS, Mesh
from training.prepare.pieces import Arrays


@dataclass(frozen=True)
class Cut:
    """How faces are cut."""

    dataset: str
    kind: CropKind  # that models see; more is kept
    models: Path | None  # where fetched models are
    points: bool  # whether the face mesh's points are told, too
    gaps: bool  # whether it is told how far the mesh sees the mouth open

    def cutter(self) -> Cutter:
        return Cutter(self)


class Cutter:
    """Cuts the main face out of each picture."""

    def __init__(self, cut: Cut) -> None:
        self._detector = load_detector(cut.models)
        self._mesh = Mesh(cut.models) if cut.points or cut.gaps else None
        self._many = POINTS * cut.points
        self._show, self._kind = DATASETS[cut.dataset].show, kept(cut.kind)

    def __call__(self, pictures: Sequence[Picture]) -> Arrays:
        """Crops, their rows among the pictures, and why the other rows have none."""
        side = self._kind.size
        images, points, lips, rows, reasons = [], [], [], [], []
        for row, picture in enumerate(pictures):
            face = self._face(picture)
            if isinstance(face, str):
                reasons.append((row, face))
                continue
            cut, eyes_and_mouth = face
            rows.append(row)
            images.append(cut)
            points.append(self._mesh(cut) if self._mesh else np.full((POINTS, 2), np.nan))
            lips.append(self._lips(picture, eyes_and_mouth))
        places = np.array(points, np.float32).reshape(len(rows), POINTS, 2)
        return {
            "images": np.array(images, np.uint8).reshape(len(rows), side, side),
            "points": places[:, : self._many].astype(np.float16),
            "gaps": mesh_ratio(places),
            "lips": np.array(lips, np.float32).reshape(len(rows), LIPS, 2),
            "rows": np.array(rows, np.int64),
            "skipped": np.array([row for row, _ in reasons], np.int64),
            "reasons": np.array([reason for _, reason in reasons], np.str_),
        }

    def _face(self, picture: Picture) -> tuple[Image, Keypoints] | str:
        """The kept crop and what it was cut by, or why there is none."""
        image = picture.load()
        if image is None:
            return "not a picture"
        image = self._show(image)
        face = main_face(self._detector, image)
        if face is None:
            return "no face found"
        cut = crop(image, face.keypoints, self._kind)
        return "face too small or cut off" if cut is None else (cut, face.keypoints)

    def _lips(self, picture: Picture, by: Keypoints) -> NDArray[np.float64]:
        """The set's own points of the lips in pixels of the crop; NaN where it has none."""
        if len(picture.points) != POINTS_68:
            return np.full((LIPS, 2), np.nan)
        turn, shift = similarity((by.right_eye, by.left_eye, by.mouth), self._kind.places())
        places = turn * np.array(picture.points[-LIPS:]) + shift
        return np.stack([places.real, places.imag], axis=1)
