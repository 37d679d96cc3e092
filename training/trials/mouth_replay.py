"""What rules make of ballots: shapes that were told, how often, how late, and how right."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from edge.mouth import MouthDecider, MouthRules
from edge.shapes import SHAPES, Shown
from edge.votes import Counter, Counting
from training.phones import GRID_FPS, Spoken, allowed, phone_at, scored_shape
from training.trials.ballots import Reading

FLICKER_S = 0.08  # what is shown for a shorter time is no shape, whatever rules would hold
NEAR_S = 0.12  # a change is told so long before it shows, or after the next one, or not at all
SILENCE_S, LIPS_S = 0.3, 0.15  # silences are at least so long; how far speech reaches into them
EVEN_S = 1e-6  # times are not exact


class Change(NamedTuple):
    """A mouth takes another shape."""

    at: float
    shape: int  # number of `SHAPES`


@dataclass(frozen=True, slots=True)
class Counted:
    """What a mouth shows, as the daemon counts it at some look-ahead."""

    reading: Reading
    shown: tuple[tuple[float, Shown], ...]  # by frame: the moment, and what was shown at it


def count(reading: Reading, how: Counting) -> Counted:
    """Count a reading's ballots."""
    counter = Counter(how)
    return Counted(reading, tuple(counter(at, ballot) for at, ballot in reading))


def told(counted: Counted, rules: MouthRules) -> list[Change]:
    """What the daemon tells by the rules, at the times of the frames at which it does; the first
    is the shape in which the mouth was found."""
    decide = MouthDecider(rules)
    return [
        Change(at, SHAPES.index(changed.shape))
        for at, (moment, shown) in zip(counted.reading.at.tolist(), counted.shown, strict=True)
        if (changed := decide(moment, shown))
    ]


def informed(reading: Reading, how: Counting) -> list[Change]:
    """The shapes that are the likeliest when all votes are in, as if they were known without delay;
    the first is the one of the beginning. A change is where the new shape comes to lead."""
    shown = _by_moment(reading, how)
    if not shown:
        return []
    weights = np.array([each.weights for each in shown.values()])
    likeliest, moments = weights.argmax(axis=1), [*shown, float(reading.at[-1])]
    firsts = [0, *(np.flatnonzero(np.diff(likeliest)) + 1).tolist(), len(likeliest)]
    kept: list[int] = []
    for first, end in pairwise(firsts):
        lasts = moments[end] - moments[first]
        if kept and (lasts < FLICKER_S - EVEN_S or likeliest[first] == likeliest[kept[-1]]):
            continue
        kept.append(first)
    return [Change(_crossing(moments, weights, first), int(likeliest[first])) for first in kept]


def _by_moment(reading: Reading, how: Counting) -> dict[float, Shown]:
    """What was shown at each moment when all who vote for it were heard."""
    all_votes = Counting(how.moments_s, max(how.moments_s), how.temperature)
    counter = Counter(all_votes)
    # The first moments are counted several times, at last with all votes.
    return dict(counter(at, ballot) for at, ballot in reading)


def _crossing(moments: Sequence[float], weights: np.ndarray, first: int) -> float:
    """When the likeliest shape of a frame came to lead, between the frame before and this one."""
    if first == 0:
        return moments[0]
    shape = int(weights[first].argmax())
    others = np.delete(weights[first - 1 : first + 1], shape, axis=1).max(axis=1)
    before, after = weights[first - 1 : first + 1, shape] - others
    share = before / (before - after)
    return float(moments[first - 1] + share * (moments[first] - moments[first - 1]))
