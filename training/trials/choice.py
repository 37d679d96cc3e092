"""The rules of a smile, chosen: what each would cost, and which of them is taken."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.decide import SmileRules
from edge.errors import CheckFailed
from edge.progress import progress
from training.trials.replay import Brief, Count, brief, count, long_enough, smiling_for
from training.trials.traces import Trace

ON = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
BETWEEN = (0.1, 0.2, 0.3, 0.4)  # on less off
SMOOTHING_S = (0.0, 0.15, 0.3, 0.5)
MIN_DURATION_S = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
SECONDS = (0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0)  # that brief smiles last
PAIRS = 200  # of faces that brief smiles are made of, at most

# What rules must keep beside the share of non-smiling pictures that are counted: of the smiling
# ones, how many are counted twice; how many twitches are told. A twitch lasts twice as long as
# any vowel by which GRID's man draws his mouth wide (0.18 s).
MOST_REPEATED, MOST_TWITCHES, TWITCH_S = 0.01, 0.05, 0.4
# What they are taken by: smiles that are told once, of all; nearly as many as can be.
SMILE_S, NEAR_BEST = 1.0, 0.02


@dataclass(frozen=True)
class Half:
    """The films of one half: rules are chosen on the one and reported on the other."""

    stream: Sequence[Trace]
    fresh: Sequence[Trace]
    neutral: Sequence[Trace]
    smiling: Sequence[Trace]
    brief: dict[float, list[Trace]]  # by their length

    @classmethod
    def of(cls, traces: Sequence[Trace]) -> Half:
        """Sort the traces, and make brief smiles of them."""
        stills = [trace for trace in traces if trace.kind == "still"]
        neutral = [trace for trace in stills if not trace.smiles]
        smiling = [trace for trace in stills if trace.smiles]
        pairs = list(zip(filter(long_enough, neutral), filter(long_enough, smiling), strict=False))
        return cls(
            [trace for trace in traces if trace.kind == "stream"],
            [trace for trace in traces if trace.kind == "fresh"],
            neutral,
            smiling,
            {s: [smiling_for(n, y, s) for n, y in pairs[:PAIRS]] for s in SECONDS},
        )


@dataclass(frozen=True)
class Outcome:
    """What rules make of one half."""

    rules: SmileRules
    stream: Count
    fresh: Count
    neutral: Count
    smiling: Count
    twitch: Brief
    smile: Brief

    @property
    def sound(self) -> bool:
        """Whether the rules may be taken, if they keep still pictures from being counted."""
        return (
            self.stream.smiles == self.fresh.smiles == 0
            and self.smile.told > 0
            and self.smiling.repeated <= MOST_REPEATED * self.smiling.faces
            and self.twitch.told <= MOST_TWITCHES * self.twitch.smiles
        )


def try_out(half: Half, rules: SmileRules) -> Outcome:
    """Try rules on a half."""
    return Outcome(
        rules,
        count(half.stream, rules),
        count(half.fresh, rules),
        count(half.neutral, rules),
        count(half.smiling, rules),
        brief(half.brief[TWITCH_S], TWITCH_S, rules),
        brief(half.brief[SMILE_S], SMILE_S, rules),
    )


def sweep(half: Half, refractory_s: float) -> list[Outcome]:
    """Try all rules."""
    grid = list(itertools.product(ON, BETWEEN, SMOOTHING_S, MIN_DURATION_S))
    return [
        try_out(half, SmileRules(on, round(on - less, 3), smoothing_s, lasts_s, refractory_s))
        for on, less, smoothing_s, lasts_s in progress(grid, "rules")
    ]


def choose(outcomes: Sequence[Outcome], most: float) -> SmileRules:
    """Of the rules that keep what they must, and tell about as many smiles as the best of them,
    those that tell them soonest; of equal ones, those with the most between on and off."""
    sound = [outcome for outcome in outcomes if outcome.sound]
    kept = [o for o in sound if o.neutral.counted <= most * o.neutral.faces]
    if not kept:
        shares = [outcome.neutral.share or 0.0 for outcome in sound]
        able = f"{min(shares):.1%} can be had (--most)" if shares else "none keep the other limits"
        raise CheckFailed(f"no rules count at most {most:.1%} of faces that do not smile; {able}")
    best = max(outcome.smile.told for outcome in kept)
    least = best - NEAR_BEST * kept[0].smile.smiles
    near = [outcome for outcome in kept if outcome.smile.told >= least]
    return min(near, key=_cost).rules


def _cost(outcome: Outcome) -> tuple[float, ...]:
    rules = outcome.rules
    assert outcome.smile.delay_s is not None
    return (round(outcome.smile.delay_s, 2), -outcome.smile.told, rules.off - rules.on)


def cuts(half: Half, rules: SmileRules) -> dict[str, list[Outcome]]:
    """The curves: one part of the rules is changed and the others are left."""
    gap = rules.on - rules.off
    changed = {
        "on": [replace(rules, on=on, off=round(on - gap, 3)) for on in ON if on > gap],
        "between": [replace(rules, off=round(rules.on - less, 3)) for less in BETWEEN],
        "smoothing_s": [replace(rules, smoothing_s=value) for value in SMOOTHING_S],
        "min_duration_s": [replace(rules, min_duration_s=value) for value in MIN_DURATION_S],
    }
    return {name: [try_out(half, each) for each in several] for name, several in changed.items()}
