"""MediaPipe's face mesh: where 468 points of a face lie in an upright crop of it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge import models
from edge.errors import ModelError
from edge.frame import Image
from edge.interpreter import Interpreter

POINTS = 468
SIDE = 192  # of its square input; a kept crop shows the face as large as the mesh wants it
Points = NDArray[np.float32]  # (points, 2)


class Mesh:
    """Finds the points of an upright face that fills its crop."""

    def __init__(self, folder: Path | None = None, threads: int = 1) -> None:
        """The folder is where fetched models are, if not in one of the usual places."""
        self.interpreter = Interpreter(models.find(models.FACE_MESH, folder), threads)
        shapes = {tensor.shape[1:] for tensor in self.interpreter.outputs}
        if shapes != {(1, 1, 3 * POINTS), (1, 1, 1)}:
            raise ModelError(f"{self.interpreter.path}: not the face mesh (outputs {shapes})")

    def __call__(self, kept: Image) -> Points:
        """The points in pixels of the kept crop; all NaN where the mesh sees no face."""
        fitted = cv2.resize(kept, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        colours = np.repeat(fitted[None, ..., None], 3, axis=3).astype(np.float32) / 255
        points, sure = sorted(self.interpreter.run(colours), key=np.size, reverse=True)
        if sure.item() <= 0:  # a logit
            return np.full((POINTS, 2), np.nan, np.float32)
        flat: Points = points.reshape(POINTS, 3)[:, :2] * (kept.shape[0] / SIDE)
        return flat
