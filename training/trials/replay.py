"""What rules make of traces: smiles that were told, how often in an hour, and how late."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edge.decide import LONGEST_GAP_S, SmileDecider, SmileRules, Started
from training.trials.traces import Trace
from training.trials.tracks import at_most

BEFORE_S, AFTER_S = 1.0, 1.0  # of a face that does not smile, around a brief smile
LONGEST_SMILE_S = 2.0  # of those


@dataclass(frozen=True)
class Count:
    """What became of a number of films."""

    films: int
    faces: int  # that arrived
    counted: int  # of those, with a smile
    repeated: int  # of those, with two or more
    smiles: int
    hours: float  # in which faces were read

    @property
    def per_hour(self) -> float | None:
        return self.smiles / self.hours if self.hours else None

    def per_hour_at_most(self, by_face: bool) -> float | None:
        """The upper end at 95 %, one-sided. Smiles of one face hang together: where there are many
        faces, those that have any are counted, each with as many smiles as they have in the
        mean."""
        if not self.hours:
            return None
        if not by_face or not self.counted:
            return at_most(self.smiles) / self.hours
        return at_most(self.counted) * self.smiles / self.counted / self.hours

    @property
    def share(self) -> float | None:
        """How many of the faces were counted."""
        return self.counted / self.faces if self.faces else None

    @property
    def share_at_most(self) -> float | None:
        return share_at_most(self.counted, self.faces) if self.faces else None


@dataclass(frozen=True)
class Brief:
    """What became of smiles of one length."""

    seconds: float
    smiles: int
    told: int
    delay_s: float | None  # from a smile's beginning until it is told; the median


def replay(trace: Trace, rules: SmileRules) -> list[float]:
    """When smiles were told, by the daemon's own decisions."""
    if not len(trace.at) or trace.probability.max() < rules.on:
        return []  # smoothing never leads above what it smooths
    decide = SmileDecider(rules)
    told = [
        at
        for at, probability in zip(trace.at.tolist(), trace.probability.tolist(), strict=True)
        for what in decide(at, probability)
        if isinstance(what, Started)
    ]
    return told + [float(trace.at[-1]) for what in decide.finish() if isinstance(what, Started)]


def count(traces: Sequence[Trace], rules: SmileRules) -> Count:
    """Try rules on traces of one kind."""
    arrived = [trace for trace in traces if len(trace.at)]
    told = [len(replay(trace, rules)) for trace in arrived]
    return Count(
        films=len({trace.film for trace in traces}),
        faces=len(arrived),
        counted=sum(many > 0 for many in told),
        repeated=sum(many > 1 for many in told),
        smiles=sum(told),
        hours=sum(_seconds(trace) for trace in arrived) / 3600,
    )


def _seconds(trace: Trace) -> float:
    """How long a face was read; what it did in a long gap is not known."""
    gaps = np.diff(trace.at)
    return float(gaps[gaps <= LONGEST_GAP_S].sum())


def smiling_for(neutral: Trace, smiling: Trace, seconds: float) -> Trace:
    """A face that does not smile, then one that does for so long, then the first again."""
    parts = (
        (neutral, 0.0, BEFORE_S),
        (smiling, 0.0, seconds),
        (neutral, BEFORE_S, BEFORE_S + AFTER_S),
    )
    times, probabilities, start = [], [], 0.0
    for trace, begin, end in parts:
        since = trace.at - trace.at[0]
        inside = (since >= begin) & (since < end)
        times.append(since[inside] - begin + start)
        probabilities.append(trace.probability[inside])
        start += end - begin
    film = f"{neutral.film} {smiling.film}"
    at, probability = np.concatenate(times), np.concatenate(probabilities)
    return Trace("brief", film, True, neutral.choice, at, probability)


def long_enough(trace: Trace) -> bool:
    """Whether a trace can be made a part of `smiling_for`."""
    return len(trace.at) > 0 and trace.at[-1] - trace.at[0] >= max(
        BEFORE_S + AFTER_S, LONGEST_SMILE_S
    )


def brief(traces: Sequence[Trace], seconds: float, rules: SmileRules) -> Brief:
    """Try rules on traces of `smiling_for`; a smile that is told twice or too early is missed."""
    told = [times for trace in traces if len(times := replay(trace, rules)) == 1]
    delays = [times[0] - BEFORE_S for times in told if times[0] >= BEFORE_S]
    delay = round(float(np.median(delays)), 3) if delays else None
    return Brief(seconds, len(traces), len(delays), delay)


def share_at_most(seen: int, of: int) -> float:
    """The largest share under which so few of so many would still be seen in 5 % of all
    repetitions: 3.0 in a hundred for none of a hundred."""
    if seen >= of:
        return 1.0

    def chance(share: float) -> float:
        ways = (math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1) for k in ks)
        logs = [
            way + k * math.log(share) + (of - k) * math.log1p(-share)
            for k, way in zip(ks, ways, strict=True)
        ]
        return sum(map(math.exp, logs))

    ks = range(seen + 1)
    return _where(lambda share: chance(share) > 0.05, seen / of, 1.0)


def _where(below: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition that holds at `low` and not at `high` ceases to hold."""
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return high
