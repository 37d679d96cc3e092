"""Figures of a classifier, each with how sure it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
ROUNDS = 2000


def interval(right: Flags, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of a share."""
    rng = np.random.default_rng(seed)
    shares = rng.binomial(len(right), right.mean(), ROUNDS) / len(right)
    low, high = np.quantile(shares, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def balanced_accuracy(told: Flags, truth: Flags) -> float:
    """The mean of both classes' accuracies."""
    return float((told[truth].mean() + (~told[~truth]).mean()) / 2)


def auc(scores: Values, truth: Flags) -> float:
    """Area under the ROC curve: how often a smile scores over a non-smile, ties half."""
    _, first, repeats = np.unique(scores, return_inverse=True, return_counts=True)
    last_rank = np.cumsum(repeats)
    ranks = (last_rank - (repeats - 1) / 2)[first]
    positives, negatives = truth.sum(), (~truth).sum()
    above = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def calibration_error(probabilities: Values, truth: Flags, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins."""
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        abs(probabilities[which == b].mean() - truth[which == b].mean()) * (which == b).mean()
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def fit_temperature(logits: Values, truth: Flags) -> float:
    """The divisor of the logits under which the probabilities are most likely."""
    choices = np.geomspace(0.2, 5, 200)
    signed = np.where(truth, logits, -logits)
    losses = [np.logaddexp(0, -signed / choice).mean() for choice in choices]
    return round(float(choices[int(np.argmin(losses))]), 4)
