"""Faces in a picture: MediaPipe's short-range BlazeFace, run straight on the TFLite runtime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.frame import Image
from edge.interpreter import Interpreter

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in picture pixels; it may reach past the border."""

    left: float
    top: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Points of a face in picture pixels as x + y·i; right and left are the person's own."""

    right_eye: complex
    left_eye: complex
    nose: complex
    mouth: complex

    @property
    def eye_distance(self) -> float:
        return abs(self.left_eye - self.right_eye)


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found in one picture."""

    box: Box
    keypoints: Keypoints
    score: float  # 0 to 1


class Detector(Protocol):
    """Anything that finds faces in a picture."""

    def __call__(self, image: Image) -> list[Detection]: ...


SIZE = 128  # side of the model's square input; its offsets are in these pixels
SAME_FACE_OVERLAP = 0.3  # boxes that overlap more are one face, averaged by score
INPUT_SHAPE, OFFSETS_SHAPE, SCORES_SHAPE = (1, SIZE, SIZE, 3), (1, 896, 16), (1, 896, 1)


class BlazeFace:
    """Finds faces of about a fifth of the picture's height and more, within some two metres."""

    def __init__(self, path: Path, min_score: float = 0.5, threads: int = 1) -> None:
        self.interpreter = Interpreter(path, threads)
        shapes = [tensor.shape for tensor in self.interpreter.inputs + self.interpreter.outputs]
        if shapes != [INPUT_SHAPE, OFFSETS_SHAPE, SCORES_SHAPE]:
            raise ModelError(f"{path}: not the short-range BlazeFace (tensors {shapes})")
        # The model gives logits: comparing them with the threshold's logit saves 896 sigmoids.
        self._min_logit = float(np.log(min_score / (1 - min_score)))
        self._anchors = _anchors()
        self._square = np.zeros((SIZE, SIZE, 3), np.uint8)
        self._input = np.empty(INPUT_SHAPE, np.float32)

    def __call__(self, image: Image) -> list[Detection]:
        scale, left, top = self._letterbox(image)
        offsets, logits = self.interpreter.run(self._input)
        likely = np.flatnonzero(logits[0, :, 0] > self._min_logit)
        if not likely.size:
            return []
        scores = 1 / (1 + np.exp(-logits[0, likely, 0]))
        faces = _merge(self._decode(offsets[0, likely], likely), scores)
        return [_detection(values, score, scale, left, top) for values, score in faces]

    def _letterbox(self, image: Image) -> tuple[float, int, int]:
        """Fit the picture into the input, black around it; gives the scale and the margins."""
        height, width = image.shape[:2]
        scale = SIZE / max(height, width)
        inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (SIZE - inner_width) // 2, (SIZE - inner_height) // 2
        small = cv2.resize(image, (inner_width, inner_height), interpolation=cv2.INTER_LINEAR)
        code = cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB
        self._square[:] = 0
        self._square[top : top + inner_height, left : left + inner_width] = cv2.cvtColor(
            small, code
        )
        np.multiply(self._square, np.float32(1 / 127.5), out=self._input[0])
        self._input -= 1
        return scale, left, top

    def _decode(self, offsets: Floats, likely: NDArray[np.intp]) -> Floats:
        """Centre, size and points in input pixels, one row a candidate."""
        values = offsets.copy()
        centres = self._anchors[likely]
        values[:, 0:2] += centres
        values[:, 4:] += np.tile(centres, 6)
        return values


def _anchors() -> Floats:
    """The centres the offsets count from: two a cell of 8 pixels, then six a cell of 16."""
    rows = []
    for stride, each in ((8, 2), (16, 6)):
        middles = (np.arange(SIZE // stride) + 0.5) * stride
        x, y = np.meshgrid(middles, middles)
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(rows).astype(np.float32)


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


def _detection(values: Floats, score: float, scale: float, left: int, top: int) -> Detection:
    """Back to the picture's own pixels."""
    x = [(value - left) / scale for value in values[0::2].tolist()]
    y = [(value - top) / scale for value in values[1::2].tolist()]
    width, height = float(values[2]) / scale, float(values[3]) / scale
    points = Keypoints(
        complex(x[2], y[2]), complex(x[3], y[3]), complex(x[4], y[4]), complex(x[5], y[5])
    )
    return Detection(Box(x[0] - width / 2, y[0] - height / 2, width, height), points, score)
