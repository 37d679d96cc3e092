"""MediaPipe's face mesh as a teacher: where 468 points of a face lie in its kept crop.

It learned from far more faces than the data sets here hold. A model that must tell the points of
mouth, eyes and cheeks beside its own answer learns from it what a face is; on the device only the
answer is left.
"""

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

# Those that are taught: left and right of each other, or in the middle and their own mirror image.
_PAIRS = (
    # Lips, outside: from the corners along the lower and the upper edge; then inside.
    *((61, 291), (146, 375), (91, 321), (181, 405), (84, 314), (17, 17)),
    *((185, 409), (40, 270), (39, 269), (37, 267), (0, 0)),
    *((78, 308), (95, 324), (88, 318), (178, 402), (87, 317), (14, 14)),
    *((191, 415), (80, 310), (81, 311), (82, 312), (13, 13)),
    # Eyes, brows, nose.
    *((33, 263), (133, 362), (159, 386), (145, 374), (70, 300), (105, 334), (107, 336)),
    *((1, 1), (4, 4), (98, 327)),
    # Cheeks beside nose and mouth; the face's edge.
    *((50, 280), (205, 425), (207, 427), (216, 436)),
    *((10, 10), (152, 152), (234, 454), (172, 397)),
)
_SIDES = dict(_PAIRS) | {right: left for left, right in _PAIRS}
TAUGHT = np.array(sorted(_SIDES))
# Where in TAUGHT the point stands that takes each one's place in a mirror image.
MIRRORED = np.searchsorted(TAUGHT, [_SIDES[point] for point in sorted(_SIDES)])


class Mesh:
    """Finds the points of an upright face that fills its crop."""

    def __init__(self, folder: Path | None = None) -> None:
        self._interpreter = Interpreter(models.find(models.FACE_MESH, folder))
        shapes = {tensor.shape[1:] for tensor in self._interpreter.outputs}
        if shapes != {(1, 1, 3 * POINTS), (1, 1, 1)}:
            raise ModelError(f"{self._interpreter.path}: not the face mesh (outputs {shapes})")

    def __call__(self, kept: Image) -> Points:
        """The points in pixels of the kept crop; all NaN where the mesh sees no face."""
        fitted = cv2.resize(kept, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        colours = np.repeat(fitted[None, ..., None], 3, axis=3).astype(np.float32) / 255
        points, sure = sorted(self._interpreter.run(colours), key=np.size, reverse=True)
        if sure.item() <= 0:  # a logit
            return np.full((POINTS, 2), np.nan, np.float32)
        flat: Points = points.reshape(POINTS, 3)[:, :2] * (kept.shape[0] / SIDE)
        return flat
