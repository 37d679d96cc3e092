"""Figures of a smile model's answers; a face that is not found counts as a wrong answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from training.datasets import Picture
from training.evaluate.answers import Answers
from training.evaluate.figures import (
    Flags,
    Interval,
    Values,
    auc,
    balanced_accuracy,
    calibration_error,
    interval,
    interval_by_group,
    interval_of,
    paired_difference,
    reliability,
)
from training.evaluate.slices import CHANGES, Kind, by_cheeks, by_pose


def class_figures(logits: Values, right: Flags, truth: Flags) -> dict[str, Any]:
    """Figures that weigh both classes; scores are those of the faces that were found."""
    found = np.isfinite(logits)
    scores, of_found = 1 / (1 + np.exp(-logits[found])), truth[found]
    told = np.where(right, truth, ~truth)
    report: dict[str, Any] = {
        "undetected": int((~found).sum()),
        "balanced_accuracy": None,
        "balanced_accuracy_interval": None,
        "auc": None,
        "auc_interval": None,
        "calibration_error": round(calibration_error(scores, of_found), 4),
        "reliability": [
            {key: round(value, 4) for key, value in asdict(part).items()}
            for part in reliability(scores, of_found)
        ],
    }
    if 0 < of_found.sum() < len(of_found):
        balanced = interval_of(lambda t, y: balanced_accuracy(t > 0, y), told.astype(float), truth)
        report |= {
            "balanced_accuracy": round(balanced_accuracy(told, truth), 4),
            "balanced_accuracy_interval": balanced,
            "auc": round(auc(scores, of_found), 4),
            "auc_interval": interval_of(auc, scores, of_found),
        }
    return report


def right_answers(logits: Values, truth: Flags) -> Flags:
    """Which answers are right; none is not."""
    return ((logits >= 0) == truth) & np.isfinite(logits)


def share_interval(right: Flags, pictures: Sequence[Picture]) -> Interval:
    """By picture, or by person where the set knows its people."""
    people = [picture.person for picture in pictures]
    if not all(people):
        return interval(right)
    return interval_by_group(right, np.unique(people, return_inverse=True)[1])


def mirror_gain(answers: Answers, right: Flags, truth: Flags) -> dict[str, Any]:
    """What reading the mirror image too would be worth, and what one more reading costs."""
    better = right_answers(answers.mirrored, truth)
    gain, within = paired_difference(better, right)
    return {
        "accuracy": round(float(better.mean()), 4),
        "interval": interval(better),
        "gain": gain,
        "gain_interval": within,
        "read_ms": round(answers.read_ms, 4),
    }


def slice_figures(answers: Answers, truth: Flags) -> list[dict[str, Any]]:
    as_it_is = right_answers(answers.logits[0], truth)
    rows = [_slice(kind, answers.logits[0], truth) for kind in by_pose(answers.poses)]
    for change, logits, shown in zip(CHANGES, answers.logits[1:], answers.shown[1:], strict=True):
        if shown.any():
            row = _slice(Kind(change.slice, change.value, shown), logits, truth)
            rows.append({**row, "as_it_is": round(float(as_it_is[shown].mean()), 4)})
    return rows + [_slice(kind, answers.logits[0], truth) for kind in by_cheeks(answers.cheeks)]


def _slice(kind: Kind, logits: Values, truth: Flags) -> dict[str, Any]:
    right = right_answers(logits[kind.rows], truth[kind.rows])
    return {
        "slice": kind.slice,
        "value": kind.value,
        "n": int(kind.rows.sum()),
        "accuracy": round(float(right.mean()), 4),
        "interval": interval(right),
        "undetected": int(np.isnan(logits[kind.rows]).sum()),
    }
