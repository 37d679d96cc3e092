"""What rules make of ballots: shapes that were told, how often, how late, and how right."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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


NEVER = Change(float("inf"), -1)


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


def trembles(counted: Counted, rules: MouthRules) -> float:
    """By how much the opening changes from frame to frame, in the mean; 1 is from shut to wide."""
    decide, openings = MouthDecider(rules), []
    for moment, shown in counted.shown:
        decide(moment, shown)
        openings.append(decide.opening)
    return float(np.abs(np.diff(openings)).mean()) if len(openings) > 1 else 0.0


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
    counter = Counter(replace(how, ahead_s=max(how.moments_s)))
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


def delays(truth: Sequence[Change], tells: Sequence[Change]) -> list[float | None]:
    """How late each change was told, none where it was not; the beginnings are no changes. What is
    told is taken for the first change to its shape that it can mean."""
    waiting, found = list(tells[1:]), []
    for change, after in pairwise([*truth[1:], NEVER]):
        meant = (
            each
            for each in waiting
            if each.shape == change.shape and change.at - NEAR_S <= each.at < after.at + NEAR_S
        )
        if each := next(meant, None):
            waiting.remove(each)
        found.append(each.at - change.at if each else None)
    return found


def phone_delays(spoken: Sequence[Spoken], tells: Sequence[Change]) -> list[float | None]:
    """How long after the beginning of a phone its one shape was told; none where it was not. Left
    out are phones after others that may look the same."""
    found: list[float | None] = []
    for before, phone in pairwise(spoken):
        shape = scored_shape(phone.phone)
        if shape is None or not phone.agrees or allowed(before.phone) >> shape & 1:
            continue
        meant = (
            each.at - phone.start_s
            for each in tells[1:]
            if each.shape == shape and before.start_s <= each.at < phone.end_s + NEAR_S
        )
        found.append(next(meant, None))
    return found


def in_silence(spoken: Sequence[Spoken], tells: Sequence[Change]) -> tuple[int, float]:
    """Changes told in the silences before and after speech, and how many seconds these last."""
    changes, seconds = 0, 0.0
    for number, phone in enumerate(spoken):
        is_edge = number in (0, len(spoken) - 1)
        if phone.phone != "SIL" or not phone.agrees or not is_edge:
            continue
        if phone.end_s - phone.start_s < SILENCE_S:
            continue
        begin = phone.start_s + (LIPS_S if number else 0.0)
        end = phone.end_s - (0.0 if number else LIPS_S)
        changes += sum(begin <= each.at < end for each in tells[1:])
        seconds += end - begin
    return changes, seconds


def shapes_at(tells: Sequence[Change], times: Iterable[float]) -> list[int]:
    """The shape that was told last by each time; -1 where none was."""
    starts = [change.at for change in tells]
    places = [bisect_right(starts, at + EVEN_S) for at in times]
    return [tells[place - 1].shape if place else -1 for place in places]


def scored_frames(spoken: Sequence[Spoken]) -> dict[int, int]:
    """The frames of a clip that count in figures, and the shape of each."""
    frames = range(round(spoken[-1].end_s * GRID_FPS))
    shapes = {frame: scored_shape(phone_at(spoken, frame)) for frame in frames}
    return {frame: shape for frame, shape in shapes.items() if shape is not None}
