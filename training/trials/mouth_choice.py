"""The rules of a mouth that changes, chosen: what each would cost, and which of them is taken."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.errors import CheckFailed
from edge.mouth import MouthRules
from edge.progress import progress
from edge.votes import Counting
from training.evaluate.shapes import balanced
from training.phones import GRID_FPS, Spoken
from training.trials.ballots import Reading
from training.trials.mouth_replay import (
    Change,
    Counted,
    count,
    delays,
    in_silence,
    informed,
    phone_delays,
    scored_frames,
    shapes_at,
    told,
    trembles,
)

AHEAD_S = (0.0, 0.04)
SMOOTHING_S = (0.0, 0.01, 0.02, 0.04)
HOLD_S = (0.08, 0.12)
MARGIN = (0.1, 0.2, 0.3, 0.4)
STILL_MARGIN = (0.0, 0.6, 0.7, 0.8, 1.0)
ALLOWED_S = (0.0, 0.04, 0.08)  # after which a frame's shape is to be told
MOST_DELAY_S = 0.08  # less in the median
NEAR_BEST = 0.02  # of balanced accuracy


@dataclass(frozen=True)
class Rules:
    """All that makes a mouth steady."""

    ahead_s: float  # look-ahead of what is counted
    smoothing_s: float
    hold_s: float
    margin: float
    still_margin: float

    def mouth(self) -> MouthRules:
        """Those of the decider."""
        return MouthRules(
            smoothing_s=self.smoothing_s,
            hold_s=self.hold_s,
            margin=self.margin,
            still_margin=self.still_margin,
        )


@dataclass(frozen=True)
class Talk:
    """What rules make of clips of a man who talks; figures are by clip."""

    late: tuple[tuple[float | None, ...], ...]  # changes
    after: tuple[tuple[float | None, ...], ...]  # phones
    silent: tuple[tuple[int, float], ...]  # changes and seconds
    shapes: Mapping[float, tuple[tuple[int, ...], ...]]  # told of scored frames, by allowance
    truth: tuple[tuple[int, ...], ...]

    @property
    def median_s(self) -> float:
        """Of the delays of what is told."""
        known = [delay for clip in self.late for delay in clip if delay is not None]
        return float(np.median(known)) if known else float("inf")

    def accuracy(self, allowed_s: float) -> float:
        """Balanced, so long after each frame."""
        told_then, truth = np.concatenate(self.shapes[allowed_s]), np.concatenate(self.truth)
        return balanced(told_then.astype(int), truth.astype(int)) if len(truth) else 0.0

    @property
    def best(self) -> float:
        """The accuracy after the allowance that suits the rules."""
        return max(map(self.accuracy, ALLOWED_S))


class Half:
    """The films of one half: rules are chosen on the one and reported on the other."""

    def __init__(
        self,
        readings: Sequence[Reading],
        phones: Mapping[str, Sequence[Spoken]],
        moments_s: tuple[float, ...],
    ) -> None:
        talk = [each for each in readings if each.kind == "talk" and each.film in phones]
        still = [each for each in readings if each.kind == "still"]
        self._readings, self._moments_s = {"talk": talk, "still": still}, moments_s
        self._counted: dict[tuple[str, float], list[Counted]] = {}
        self._spoken = [phones[reading.film] for reading in talk]
        self._scored = [scored_frames(spoken) for spoken in self._spoken]
        self.informed = [informed(reading, self._how(reading, 0.0)) for reading in talk]

    def talking(self, rules: Rules) -> Talk:
        """Try rules on the man who talks."""
        return self._judged(self._told("talk", rules))

    def unsteadied(self) -> Talk:
        """What no rules would tell, were all votes in at once."""
        return self._judged(self.informed)

    def resting(self, rules: Rules) -> list[int]:
        """How often each still face changes its mouth."""
        return [len(tells) - 1 for tells in self._told("still", rules)]

    def trembling(self, rules: Rules) -> list[float]:
        """By how much each still face's opening changes from frame to frame, in the mean."""
        return [trembles(counted, rules.mouth()) for counted in self._count("still", rules)]

    def _told(self, kind: str, rules: Rules) -> list[list[Change]]:
        return [told(counted, rules.mouth()) for counted in self._count(kind, rules)]

    def _count(self, kind: str, rules: Rules) -> list[Counted]:
        key = kind, rules.ahead_s
        if key not in self._counted:
            self._counted[key] = [
                count(reading, self._how(reading, rules.ahead_s))
                for reading in self._readings[kind]
            ]
        return self._counted[key]

    def _how(self, reading: Reading, ahead_s: float) -> Counting:
        return Counting(self._moments_s, ahead_s, reading.temperature)

    def _judged(self, tells: Sequence[Sequence[Change]]) -> Talk:
        both = list(zip(self._spoken, tells, strict=True))
        return Talk(
            tuple(tuple(delays(truth, t)) for truth, t in zip(self.informed, tells, strict=True)),
            tuple(tuple(phone_delays(spoken, t)) for spoken, t in both),
            tuple(in_silence(spoken, t) for spoken, t in both),
            {
                allowed_s: tuple(
                    tuple(shapes_at(t, (frame / GRID_FPS + allowed_s for frame in scored)))
                    for scored, t in zip(self._scored, tells, strict=True)
                )
                for allowed_s in ALLOWED_S
            },
            tuple(tuple(scored.values()) for scored in self._scored),
        )


def sweep() -> list[Rules]:
    """All rules that are tried."""
    values = AHEAD_S, SMOOTHING_S, HOLD_S, MARGIN, STILL_MARGIN
    return [Rules(*each) for each in itertools.product(*values)]


@dataclass(frozen=True)
class Outcome:
    """What rules come to on the half on which they are chosen."""

    rules: Rules
    median_s: float
    accuracy: float
    changes: float | None  # of a still face; not counted where the rules cannot be taken


def outcomes(half: Half, rules: Sequence[Rules]) -> list[Outcome]:
    """Try rules; those that are soon enough and right nearly as often as can be, on stills, too."""
    tried = []
    for each in progress(rules, "rules, talking"):
        talk = half.talking(each)
        tried.append(Outcome(each, talk.median_s, talk.best, None))
    soon = [outcome for outcome in tried if outcome.median_s < MOST_DELAY_S]
    if not soon:
        soonest = min(outcome.median_s for outcome in tried)
        raise CheckFailed(
            f"no rules tell changes within {1000 * MOST_DELAY_S:.0f} ms in the median; "
            f"{1000 * soonest:.0f} ms can be had"
        )
    least = max(outcome.accuracy for outcome in soon) - NEAR_BEST
    able = {outcome.rules for outcome in soon if outcome.accuracy >= least}
    changes = {each: float(np.mean(half.resting(each))) for each in progress(able, "rules, stills")}
    return [Outcome(o.rules, o.median_s, o.accuracy, changes.get(o.rules)) for o in tried]


def choose(tried: Sequence[Outcome]) -> Rules:
    """Of those that were tried on stills, the ones that change a still mouth least; of equal ones
    those that are right most often, and then the soonest."""
    able = [outcome for outcome in tried if outcome.changes is not None]
    return min(able, key=lambda o: (round(o.changes or 0, 2), -o.accuracy, o.median_s)).rules
