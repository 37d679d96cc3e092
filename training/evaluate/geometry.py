"""A baseline: what MediaPipe's face mesh alone tells of the six shapes.

Four measures of the lips, their squares, and a softmax regression in which every shape weighs the
same; for a frame by itself, and with two frames on each side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.shapes import SHAPES
from training.evaluate.figures import Values
from training.evaluate.shapes import NONE, Shapes
from training.gaps import EYES_MESH, mesh_ratio

# Inner width, outer height and outer width, beside the gap: pairs of points of the mesh.
PAIRS = ((78, 308), (0, 17), (61, 291))
MEASURES = 1 + len(PAIRS)
NEAR = 2  # frames on each side
STEPS, RIDGE = 300, 1e-4


def measures(points: NDArray[np.floating]) -> Values:
    """Of (…, 468, 2) points, in eye distances: gap, inner width, outer height, outer width."""
    places = np.asarray(points, np.float64)
    right, left = (places[..., list(corners), :].mean(axis=-2) for corners in EYES_MESH)
    eyes = np.linalg.norm(left - right, axis=-1)
    spans = [np.linalg.norm(places[..., a, :] - places[..., b, :], axis=-1) for a, b in PAIRS]
    return np.stack([mesh_ratio(points), *(span / eyes for span in spans)], axis=-1)


def beside(values: Values, clips: NDArray[np.str_], frames: NDArray[np.int_]) -> Values:
    """Each frame's measures with those of its neighbours; where there is none, its own."""
    place = {pair: row for row, pair in enumerate(zip(clips, frames.tolist(), strict=True))}
    columns = []
    for ahead in range(-NEAR, NEAR + 1):
        rows = [place.get((c, f + ahead), row) for (c, f), row in place.items()]
        there = values[rows]
        columns.append(np.where(np.isfinite(there), there, values))
    return np.concatenate(columns, axis=1)


@dataclass(frozen=True)
class Regression:
    """A softmax regression of standardised values and their squares."""

    middle: Values
    spread: Values
    weights: Values  # (terms, shapes)

    @classmethod
    def fitted(cls, values: Values, truth: Shapes) -> Regression:
        """Fit to rows that are whole."""
        whole = np.isfinite(values).all(axis=1)
        values, truth = values[whole], truth[whole]
        middle, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
        terms = _terms((values - middle) / spread)
        sizes = np.bincount(truth, minlength=len(SHAPES)).clip(1)
        share = 1 / sizes[truth]
        share /= share.sum()
        wanted = np.eye(len(SHAPES))[truth]
        # Steps with the Hessian's upper bound (Böhning 1992): each brings the fit closer.
        bound = terms.T @ (share[:, None] * terms) / 2 + RIDGE * np.eye(terms.shape[1])
        step = np.linalg.inv(bound)
        weights = np.zeros((terms.shape[1], len(SHAPES)))
        for _ in range(STEPS):
            off = share[:, None] * (wanted - _softmax(terms @ weights))
            weights += step @ (terms.T @ off - RIDGE * weights)
        return cls(middle, spread, weights)

    def __call__(self, values: Values) -> Shapes:
        """The likeliest shapes; NONE where a value is missing."""
        whole = np.isfinite(values).all(axis=1)
        scaled = (np.where(whole[:, None], values, self.middle) - self.middle) / self.spread
        return np.where(whole, (_terms(scaled) @ self.weights).argmax(axis=1), NONE)


def _terms(scaled: Values) -> Values:
    return np.concatenate([np.ones((len(scaled), 1)), scaled, scaled**2], axis=1)


def _softmax(logits: Values) -> Values:
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)
