"""From probabilities to smiles: pure functions of values and timestamps, no clock, no I/O.

The smoothing filter is solved exactly for a probability that moves in a straight line from one
frame to the next, and a crossing of a threshold is placed between the frames, so the frame rate
drops out: the same face gives the same smiles at 5 and at 50 frames a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class SmileRules:
    """What it takes to be a smile."""

    on: float  # smoothed probability that begins one
    off: float  # and that ends it
    smoothing_s: float
    min_duration_s: float
    refractory_s: float


@dataclass(frozen=True, slots=True)
class Started:
    """A smile exists: it has lasted the minimum duration since its onset."""

    onset: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A smile is over."""

    at: float
    duration_s: float
    peak: float  # highest smoothed probability


class Smoother:
    """A first-order low-pass filter over unevenly spaced samples."""

    def __init__(self, time_constant_s: float) -> None:
        self._tau = time_constant_s
        self.at = 0.0  # of the last sample
        self._sample = 0.0
        self.value: float | None = None  # nothing seen yet

    def __call__(self, at: float, sample: float) -> float:
        gap = at - self.at
        if self.value is None or self._tau == 0:
            self.value = sample
        elif gap > 0:
            lag = (sample - self._sample) / gap * self._tau  # how far a ramp is followed behind
            kept = math.exp(-gap / self._tau)
            self.value = sample - lag + (self.value - self._sample + lag) * kept
        self.at, self._sample = at, sample
        return self.value


LONGEST_GAP_S = 2.0  # what a face did in a longer time without samples is not known


class SmileDecider:
    """Turns one face's probabilities into smiles that started and ended."""

    def __init__(self, rules: SmileRules) -> None:
        self._rules = rules
        self._smooth = Smoother(rules.smoothing_s)
        self._onset: float | None = None  # of the smile, or of what may become one
        self._told = False  # whether that smile was long enough to exist
        self._peak = 0.0
        self._rest_until = -math.inf

    @property
    def smile_s(self) -> float | None:
        """How long the smile that exists right now has lasted."""
        return self._smooth.at - self._onset if self._told and self._onset is not None else None

    @property
    def peak(self) -> float:
        """The highest smoothed probability of the present smile."""
        return self._peak

    @property
    def probability(self) -> float:
        """The smoothed probability, 0 before the first sample."""
        return self._smooth.value or 0.0

    def __call__(self, at: float, probability: float) -> list[Started | Ended]:
        """Take the probability of one frame; `at` never goes back."""
        before, before_at = self._smooth.value, self._smooth.at
        if before is not None and at - before_at > LONGEST_GAP_S:
            ended = self.finish()
            self._smooth = Smoother(self._rules.smoothing_s)
            return ended + self(at, probability)
        value = self._smooth(at, probability)
        if before is None:
            before, before_at = value, at

        def crossing(level: float) -> float:
            if before == value:
                return at
            share = min(1.0, max(0.0, (level - before) / (value - before)))
            return before_at + share * (at - before_at)

        if self._onset is None:
            if value >= self._rules.on:
                onset = before_at if before >= self._rules.on else crossing(self._rules.on)
                # A smile held through the rest time begins when that is over.
                onset = max(onset, self._rest_until)
                if onset <= at:
                    self._onset, self._peak = onset, value
                    return self._confirm(at)
            return []
        if value > self._rules.off:
            self._peak = max(self._peak, value)
            return self._confirm(at)
        return self._end(crossing(self._rules.off))

    def finish(self) -> list[Started | Ended]:
        """The face is gone: what was open ends with the last sample."""
        return [] if self._onset is None else self._end(self._smooth.at)

    def _confirm(self, at: float) -> list[Started | Ended]:
        if self._told or self._onset is None or at - self._onset < self._rules.min_duration_s:
            return []
        self._told = True
        return [Started(self._onset)]

    def _end(self, at: float) -> list[Started | Ended]:
        decided = self._confirm(at)
        if self._told and self._onset is not None:
            decided.append(Ended(at, at - self._onset, self._peak))
            self._rest_until = at + self._rules.refractory_s
        self._onset, self._told = None, False
        return decided
