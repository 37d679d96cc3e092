"""The six shapes: figures of what is told of mouths that show exactly one of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.shapes import SHAPES
from training.evaluate.figures import (
    Values,
    calibration_error,
    interval_by_group,
    interval_over_groups,
    reliability,
)

Shapes = NDArray[np.int_]  # numbers of `SHAPES`; of answers: NONE where there is none
NONE = -1


def told_of(logits: Values) -> Shapes:
    """The likeliest shapes; logits are NaN where no face was found."""
    seen = np.isfinite(logits).all(axis=1)
    return np.where(seen, np.where(seen[:, None], logits, 0).argmax(axis=1), NONE)


def counts(told: Shapes, truth: Shapes) -> NDArray[np.int_]:
    """Rows are true, columns told; the last are mouths of which nothing was told."""
    columns = len(SHAPES) + 1
    flat = np.bincount(truth * columns + told % columns, minlength=len(SHAPES) * columns)
    return flat.reshape(len(SHAPES), columns)


def balanced(told: Shapes, truth: Shapes) -> float:
    """The mean over the shapes that occur of how many of each are told right."""
    table = counts(told, truth)
    occur = table.sum(axis=1)
    return float((np.diagonal(table)[occur > 0] / occur[occur > 0]).mean())


def answer_figures(told: Shapes, truth: Shapes, groups: NDArray[np.int_]) -> dict[str, Any]:
    """How many answers are right; intervals are by group."""
    right = told == truth
    return {
        "balanced_accuracy": round(balanced(told, truth), 4),
        "balanced_accuracy_interval": interval_over_groups(
            lambda rows: balanced(told[rows], truth[rows]), groups
        ),
        "accuracy": round(float(right.mean()), 4),
        "interval": interval_by_group(right, groups),
    }


def shape_figures(logits: Values, truth: Shapes, groups: NDArray[np.int_]) -> dict[str, Any]:
    """All figures; logits are over the temperature. A mouth that is not found counts as wrong."""
    told = told_of(logits)
    table = counts(told, truth)
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    found = told != NONE
    sure = (scores.max(axis=1) / scores.sum(axis=1))[found]
    right = (told == truth)[found]
    return {
        "n": len(truth),
        **answer_figures(told, truth, groups),
        "undetected": int((~found).sum()),
        "per_class": {
            shape: {"n": int(row.sum()), "accuracy": round(float(row[number] / row.sum()), 4)}
            for number, (shape, row) in enumerate(zip(SHAPES, table, strict=True))
            if row.sum()
        },
        "confusion": {
            "labels": list(SHAPES),
            "counts": table[:, :-1].tolist(),
            "undetected": table[:, -1].tolist(),
        },
        "calibration_error": round(calibration_error(sure, right), 4) if len(right) else None,
        "reliability": [
            {key: round(value, 4) for key, value in asdict(part).items()}
            for part in reliability(sure, right)
        ],
    }


def gain(told: Shapes, other: Shapes, truth: Shapes, groups: NDArray[np.int_]) -> dict[str, Any]:
    """How much higher the first's balanced accuracy is on the same mouths."""

    def difference(rows: NDArray[np.int_]) -> float:
        return balanced(told[rows], truth[rows]) - balanced(other[rows], truth[rows])

    return {
        "gain": round(difference(np.arange(len(truth))), 4),
        "gain_interval": interval_over_groups(difference, groups),
    }
