"""A YOLO that was trained on faces, as an ONNX file, through OpenCV.

The file must give one output with a candidate a row or a column: x, y, width, height (the middle
and the size in pixels of the input) and a score; points that follow are not looked at. Where there
are 6 or 16 numbers (YOLOv5 and v7: box, score of any object, 10 numbers for points, score of the
class) the last one is multiplied to the score. Heads before decoding are refused.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection import Box
from edge.errors import SourceError
from edge.frame import Image

MIN_SCORE, SAME_FACE_OVERLAP = 0.5, 0.45
AROUND = 114  # grey beside a picture that is not square, as in training
WITH_CLASS = (6, 16)  # numbers a candidate where the last one is the score of its class
LEAST = 5


class Yolo:
    """Finds faces in a picture that is fitted into the model's square input."""

    def __init__(self, path: Path, side: int) -> None:
        if not path.is_file():
            raise SourceError(f"{path}: no such file")
        try:
            self._net = cv2.dnn.readNetFromONNX(str(path))
            self._given = self._net.getUnconnectedOutLayersNames()
        except cv2.error as error:
            raise SourceError(f"{path}: not a model that OpenCV reads: {error.err}") from None
        self._path, self._side = path, side

    def __call__(self, image: Image) -> list[Box]:
        square, scale = fitted(image, self._side)
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 255, swapRB=True))
        try:
            outputs = self._net.forward(self._given)
        except cv2.error as error:
            raise SourceError(
                f"{self._path}: does not run on {self._side}x{self._side} pixels (--yolo-side): "
                f"{error.err}"
            ) from None
        if len(outputs) != 1:
            raise SourceError(
                f"{self._path}: gives {len(outputs)} outputs; export it with its decoding, "
                "as one output of x, y, width, height, score"
            )
        return [
            Box(box.left / scale, box.top / scale, box.width / scale, box.height / scale)
            for box in decoded(self._path, outputs[0])
        ]


def fitted(image: Image, side: int) -> tuple[Image, float]:
    """The picture in the upper left of a square, and how much smaller it became."""
    height, width = image.shape[:2]
    scale = side / max(width, height)
    small = cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))))
    square = np.full((side, side, 3), AROUND, np.uint8)
    square[: small.shape[0], : small.shape[1]] = small
    return square, scale


def decoded(path: Path, output: NDArray[np.float32]) -> list[Box]:
    """Boxes in pixels of the input, best first, each face once."""
    rows = np.squeeze(output)
    if rows.ndim == 2 and rows.shape[0] < rows.shape[1]:  # YOLOv8 has a column a candidate
        rows = rows.T
    if rows.ndim != 2 or rows.shape[1] < LEAST:
        raise SourceError(f"{path}: gives {output.shape}, not x, y, width, height, score for each")
    scores = rows[:, 4] * (rows[:, -1] if rows.shape[1] in WITH_CLASS else 1)
    corners = np.column_stack([rows[:, 0:2] - rows[:, 2:4] / 2, rows[:, 2:4]])
    kept = cv2.dnn.NMSBoxes(corners.tolist(), scores.tolist(), MIN_SCORE, SAME_FACE_OVERLAP)
    return [Box(*map(float, corners[index])) for index in np.ravel(kept).astype(int)]
