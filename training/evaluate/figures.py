"""Figures of a classifier, each with how sure it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Interval = tuple[float, float]
ROUNDS = 2000
BINS = 10  # of probabilities
MIDDLE_95 = (0.025, 0.975)


@dataclass(frozen=True)
class Bin:
    """Answers of about the same probability."""

    low: float
    high: float
    n: int
    told: float  # mean probability
    true: float  # share of smiles


def interval(right: Flags, seed: int = 0) -> Interval:
    """95 % bootstrap interval of a share."""
    rng = np.random.default_rng(seed)
    return _middle(rng.binomial(len(right), right.mean(), ROUNDS) / len(right))


def interval_by_group(values: Values | Flags, groups: NDArray[np.int_], seed: int = 0) -> Interval:
    """95 % bootstrap interval of a mean whose values hang together in groups, as a person's do."""
    _, which = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(which, values), np.bincount(which)
    drawn = np.random.default_rng(seed).integers(0, len(sums), (ROUNDS, len(sums)))
    return _middle(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))


def interval_of(
    figure: Callable[[Values, Flags], float], values: Values, truth: Flags, seed: int = 0
) -> Interval:
    """95 % bootstrap interval of any figure; both classes keep their sizes."""
    rng = np.random.default_rng(seed)
    of_class = np.flatnonzero(truth), np.flatnonzero(~truth)
    drawn = (np.concatenate([rng.choice(rows, len(rows)) for rows in of_class]) for _ in range(500))
    return _middle(np.array([figure(values[rows], truth[rows]) for rows in drawn]))


def interval_over_groups(
    figure: Callable[[NDArray[np.int_]], float], groups: NDArray[np.int_], seed: int = 0
) -> Interval:
    """95 % bootstrap interval of any figure of rows that hang together in groups."""
    _, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(which, kind="stable"), np.cumsum(sizes)[:-1])
    drawn = np.random.default_rng(seed).integers(0, len(members), (500, len(members)))
    rounds = [figure(np.concatenate([members[one] for one in some])) for some in drawn]
    return _middle(np.array(rounds))


def paired_difference(right: Flags, other: Flags, seed: int = 0) -> tuple[float, Interval]:
    """How much more often the first is right on the same items, with its 95 % interval."""
    gains = right.astype(np.int_) - other
    shares = [(gains == value).mean() for value in (-1, 0, 1)]
    counts = np.random.default_rng(seed).multinomial(len(gains), shares, ROUNDS)
    return round(float(gains.mean()), 4), _middle((counts[:, 2] - counts[:, 0]) / len(gains))


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


def roc(scores: Values, truth: Flags) -> tuple[Values, Values]:
    """Shares of non-smiles and of smiles told as smiles, from the highest threshold down."""
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.diff(scores[order]) != 0, True)
    hits, misses = np.cumsum(truth[order])[last_of_ties], np.cumsum(~truth[order])[last_of_ties]
    start = np.zeros(1)
    return (
        np.concatenate([start, misses / max(misses[-1], 1)]),
        np.concatenate([start, hits / max(hits[-1], 1)]),
    )


def reliability(probabilities: Values, truth: Flags, bins: int = BINS) -> list[Bin]:
    """Told against true, over equal-width bins that hold anything."""
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    edges = list(pairwise(np.linspace(0, 1, bins + 1)))
    return [
        Bin(
            float(edges[b][0]),
            float(edges[b][1]),
            int((which == b).sum()),
            float(probabilities[which == b].mean()),
            float(truth[which == b].mean()),
        )
        for b in np.unique(which)
    ]


def calibration_error(probabilities: Values, truth: Flags, bins: int = BINS) -> float:
    """Expected calibration error over equal-width bins."""
    gaps = [abs(b.told - b.true) * b.n for b in reliability(probabilities, truth, bins)]
    return sum(gaps) / len(truth)


def fit_temperature(logits: Values, truth: Flags) -> float:
    """The divisor of the logits under which the probabilities are most likely."""
    choices = np.geomspace(0.2, 5, 200)
    signed = np.where(truth, logits, -logits)
    losses = [np.logaddexp(0, -signed / choice).mean() for choice in choices]
    return round(float(choices[int(np.argmin(losses))]), 4)


def _middle(rounds: Values) -> Interval:
    low, high = np.quantile(rounds, MIDDLE_95)
    return round(float(low), 4), round(float(high), 4)
