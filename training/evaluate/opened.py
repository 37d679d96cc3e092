"""Open or closed: figures of single pictures of mouths.

A picture in which no face is found counts as wrong in every accuracy; what is told of the others is
all that areas, correlations and errors can be of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training import masks
from training.datasets import Picture
from training.evaluate.figures import (
    Flags,
    Interval,
    Values,
    auc,
    calibration_error,
    interval_by_group,
    interval_over_groups,
    reliability,
)
from training.evaluate.mouth_readers import MouthReader
from training.evaluate.mouths import CLOSED_GAP, MIDDLE, OPEN_GAP
from training.evaluate.slices import Kind
from training.gaps import POINTS_68, gap_of_68

NARROW = masks.mask("narrow")  # neither open nor closed
LEVELS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, np.inf)  # of openings that are told
Rows = NDArray[np.int_]


@dataclass(frozen=True)
class Truth:
    """What is known of the mouths in pictures."""

    gaps: Values  # in eye distances; NaN where nobody measured them
    opened: Flags  # more open than closed
    known: Flags  # which of the two it is
    clear: Flags  # and beyond dispute
    groups: Rows  # people, or the picture itself where none are known

    @classmethod
    def of(cls, pictures: Sequence[Picture]) -> Truth:
        """By points where a set has them, else by its labels."""
        measured = [len(picture.points) == POINTS_68 for picture in pictures]
        gaps = np.array(
            [
                gap_of_68(picture.points) if points else np.nan
                for picture, points in zip(pictures, measured, strict=True)
            ]
        )
        shapes = np.array([picture.shapes or 0 for picture in pictures])
        opened = (shapes > 0) & (shapes & ~masks.OPEN == 0) & (shapes != NARROW)
        by_label = opened | (shapes == masks.CLOSED)
        people = [picture.person or f"picture {row}" for row, picture in enumerate(pictures)]
        return cls(
            gaps,
            np.where(measured, gaps > MIDDLE, opened),
            np.where(measured, np.isfinite(gaps), by_label),
            np.where(measured, (gaps <= CLOSED_GAP) | (gaps >= OPEN_GAP), by_label),
            np.unique(people, return_inverse=True)[1],
        )


@dataclass(frozen=True)
class Told:
    """What is told of mouths in pictures."""

    openings: Values  # or probabilities of an open mouth; NaN where no face was found
    thresholds: Values  # over which each is told open

    def right(self, truth: Truth) -> Flags:
        """Which answers are right; none is not."""
        told: Flags = self.openings > self.thresholds
        return (told == truth.opened) & np.isfinite(self.openings)


def open_figures(told: Told, truth: Truth, reader: MouthReader) -> dict[str, Any]:
    """All figures; `reader` is one of those that told."""
    right, clear = told.right(truth), truth.clear
    accuracy = share(right[clear])
    return {
        "accuracy": accuracy,
        "interval": interval_by_group(right[clear], truth.groups[clear]),
        "open_closed_accuracy": accuracy,
        "n_clear": int(clear.sum()),
        "balanced_accuracy": _balanced(right, truth),
        "auc": area(told, truth, truth.known),
        "auc_interval": _within(lambda rows: _area(told, truth, rows), told, truth, truth.known),
        "auc_clear": area(told, truth, clear),
        "auc_clear_interval": _within(lambda rows: _area(told, truth, rows), told, truth, clear),
        **(gap_figures(told, truth) if reader.moments else {"gap_correlation": None}),
        "undetected": int(np.isnan(told.openings).sum()),
        "confusion": _confusion(right, told, truth),
        "clear_gaps": [CLOSED_GAP, OPEN_GAP] if np.isfinite(truth.gaps).any() else None,
        "open_gap": MIDDLE if np.isfinite(truth.gaps).any() else None,
        **({} if reader.moments else _calibration(told, truth)),
    }


def gap_figures(told: Told, truth: Truth) -> dict[str, Any]:
    """How well the opening that is told follows the one that was measured."""
    rows = np.flatnonzero(np.isfinite(truth.gaps) & np.isfinite(told.openings))
    if len(rows) < 2:
        return {"gap_correlation": None}
    openings, gaps = told.openings[rows], truth.gaps[rows]
    levels = np.digitize(openings, LEVELS[1:-1])
    return {
        "gap_correlation": correlation(told, truth, rows),
        "gap_correlation_interval": interval_over_groups(
            lambda some: correlation(told, truth, rows[some]), truth.groups[rows]
        ),
        "gap_error": round(float(np.abs(openings - gaps).mean()), 4),
        "openings": [
            {
                "low": low,
                "high": high if np.isfinite(high) else None,
                "n": int((levels == level).sum()),
                "told": round(float(openings[levels == level].mean()), 4),
                "true": round(float(gaps[levels == level].mean()), 4),
            }
            for level, (low, high) in enumerate(pairwise(LEVELS))
            if (levels == level).any()
        ],
    }


def share(right: Flags) -> float | None:
    """How many are right; None of none."""
    return round(float(right.mean()), 4) if len(right) else None


def area(told: Told, truth: Truth, among: Flags) -> float | None:
    """The area under the ROC curve of faces that were found; None where all are of a kind."""
    rows = np.flatnonzero(among & np.isfinite(told.openings))
    both = len(np.unique(truth.opened[rows])) == 2
    return round(_area(told, truth, rows), 4) if both else None


def correlation(told: Told, truth: Truth, rows: Rows) -> float:
    """Of openings and gaps; 0 where one of them never changes."""
    openings, gaps = told.openings[rows], truth.gaps[rows]
    if not np.ptp(openings) or not np.ptp(gaps):
        return 0.0
    return round(float(np.corrcoef(openings, gaps)[0, 1]), 4)


def slice_row(kind: Kind, told: Told, truth: Truth, plain: Flags | None = None) -> dict[str, Any]:
    """Figures of some pictures; `plain` is what is right of them as they are."""
    rows = kind.rows & truth.clear
    right = told.right(truth)[rows]
    row = {
        "slice": kind.slice,
        "value": kind.value,
        "n": int(rows.sum()),
        "accuracy": share(right),
        "interval": interval_by_group(right, truth.groups[rows]),
        "undetected": int(np.isnan(told.openings[rows]).sum()),
        "auc": area(told, truth, kind.rows & truth.known),
    }
    return row if plain is None else row | {"as_it_is": share(plain[rows])}


def _area(told: Told, truth: Truth, rows: Rows) -> float:
    opened = truth.opened[rows]
    if opened.all() or not opened.any():
        return float("nan")
    return auc(told.openings[rows], opened)


def _within(
    figure: Callable[[Rows], float], told: Told, truth: Truth, among: Flags
) -> Interval | None:
    """The interval of a figure, by person; None where there is no figure."""
    rows = np.flatnonzero(among & np.isfinite(told.openings))
    if not len(rows) or np.isnan(figure(rows)):
        return None
    return interval_over_groups(lambda some: figure(rows[some]), truth.groups[rows])


def _balanced(right: Flags, truth: Truth) -> float | None:
    shares = [right[truth.clear & (truth.opened == kind)] for kind in (False, True)]
    if not all(len(share) for share in shares):
        return None
    return round(float(np.mean([share.mean() for share in shares])), 4)


def _confusion(right: Flags, told: Told, truth: Truth) -> dict[str, Any]:
    """Of clear cases; a row is what is true."""
    found = np.isfinite(told.openings)
    rows, unseen = [], []
    for kind in (False, True):
        mine = truth.clear & (truth.opened == kind)
        hits, misses = int((mine & right).sum()), int((mine & found & ~right).sum())
        rows.append([misses, hits] if kind else [hits, misses])
        unseen.append(int((mine & ~found).sum()))
    return {"labels": ["closed", "open"], "counts": rows, "undetected": unseen}


def _calibration(told: Told, truth: Truth) -> dict[str, Any]:
    """Of a model that tells probabilities."""
    rows = truth.clear & np.isfinite(told.openings)
    scores, opened = told.openings[rows], truth.opened[rows]
    return {
        "calibration_error": round(calibration_error(scores, opened), 4),
        "reliability": [
            {key: round(value, 4) for key, value in asdict(part).items()}
            for part in reliability(scores, opened)
        ],
    }
