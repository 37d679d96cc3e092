"""MediaPipe's BlazeFace, run straight on the TFLite runtime."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge import models
from edge.detection import Box, Detection, Keypoints, Part
from edge.errors import ModelError
from edge.frame import Picture
from edge.interpreter import Interpreter
from edge.picture import Fit, size

Floats = NDArray[np.float32]
SAME_FACE_OVERLAP = 0.3  # boxes that overlap more are one face, averaged by score
# Pixels as the models want them, from -1 to 1.
LEVELS = (np.arange(256, dtype=np.float32) / np.float32(127.5)) - np.float32(1)


@dataclass(frozen=True)
class Kind:
    """One of MediaPipe's face models."""

    name: str
    model: str
    side: int  # of the square input; its offsets are in these pixels
    cells: tuple[tuple[int, int], ...]  # sizes of the cells that candidates sit in; how many each

    def anchors(self) -> Floats:
        """The centres the offsets count from."""
        rows = []
        for cell, each in self.cells:
            middles = (np.arange(self.side // cell) + 0.5) * cell
            x, y = np.meshgrid(middles, middles)
            rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
        return np.concatenate(rows).astype(np.float32)


SHORT_RANGE = Kind("short-range", models.SHORT_RANGE, 128, ((8, 2), (16, 6)))
FULL_RANGE = Kind("full-range", models.FULL_RANGE, 192, ((4, 1),))


class BlazeFace:
    """Finds faces in a picture or a part of one."""

    def __init__(
        self,
        path: Path,
        min_score: float = 0.5,
        threads: int = 1,
        kind: Kind = SHORT_RANGE,
        sweep_score: float | None = None,
    ) -> None:
        """A lower score is no face; in a whole picture, a lower one than `sweep_score`."""
        self.interpreter = Interpreter(path, threads)
        self._anchors = kind.anchors()
        shapes = [tensor.shape for tensor in self.interpreter.inputs + self.interpreter.outputs]
        many = len(self._anchors)
        if shapes != [(1, kind.side, kind.side, 3), (1, many, 16), (1, many, 1)]:
            raise ModelError(f"{path}: not the {kind.name} BlazeFace (tensors {shapes})")
        self._min_score, self._sweep_score = min_score, sweep_score or min_score
        self._fit = Fit(kind.side)
        self._input = np.empty((1, kind.side, kind.side, 3), np.float32)

    def __call__(self, picture: Picture) -> list[Detection]:
        return self._find(picture, (0, 0, *size(picture)), self._sweep_score)

    def look(self, picture: Picture, part: Part) -> list[Detection]:
        """Find the faces in a part of the picture."""
        return self._find(picture, part, self._min_score)

    def _find(self, picture: Picture, part: Part, min_score: float) -> list[Detection]:
        place = self._fit(picture, *part)
        cv2.LUT(self._fit.square, LEVELS, dst=self._input[0])
        offsets, logits = self.interpreter.run(self._input)
        # The model gives logits: comparing them with the threshold's logit saves the sigmoids.
        likely = np.flatnonzero(logits[0, :, 0] > math.log(min_score / (1 - min_score)))
        if not likely.size:
            return []
        scores = 1 / (1 + np.exp(-logits[0, likely, 0]))
        faces = _merge(self._decode(offsets[0, likely], likely), scores)
        return [_detection(place.back(values), score) for values, score in faces]

    def _decode(self, offsets: Floats, likely: NDArray[np.intp]) -> Floats:
        """Centre, size and points in input pixels, one row a candidate."""
        values = offsets.copy()
        centres = self._anchors[likely]
        values[:, 0:2] += centres
        values[:, 4:].reshape(-1, 6, 2)[:] += centres[:, None]
        return values


def _merge(values: Floats, scores: Floats) -> list[tuple[Floats, float]]:
    """Average the candidates of each face, weighted by score, best face first."""
    low, high = values[:, 0:2] - values[:, 2:4] / 2, values[:, 0:2] + values[:, 2:4] / 2
    areas = values[:, 2] * values[:, 3]
    left = np.argsort(-scores)
    faces = []
    while left.size:
        best = left[0]
        shared = np.clip(
            np.minimum(high[left], high[best]) - np.maximum(low[left], low[best]), 0, None
        ).prod(axis=1)
        same = shared > SAME_FACE_OVERLAP * (areas[left] + areas[best] - shared)
        same[0] = True  # a box always is its own face, whatever its size
        weights = scores[left[same]]
        faces.append((weights @ values[left[same]] / weights.sum(), float(scores[best])))
        left = left[~same]
    return faces


def _detection(values: list[float], score: float) -> Detection:
    x, y, width, height = values[:4]
    points = [complex(*values[i : i + 2]) for i in (4, 6, 8, 10)]
    return Detection(Box(x - width / 2, y - height / 2, width, height), Keypoints(*points), score)
