"""Counting what the pictures of a mouth say of each other's moments.

Lips are on their way before and after a sound, so every picture votes for the shapes at moments
around its own. What a mouth shows at a moment is known best when all who vote for it were taken;
how long to wait for those to come is the counter's look-ahead.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.shapes import Shown

Numbers = NDArray[np.float64]
# Pictures farther apart say nothing of what was between them: each is taken for a mouth that rests.
APART_S = 0.1
EARLY_S = 0.005  # frames do not come on the dot


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one picture of a mouth says."""

    opening: float  # in eye distances
    votes: Numbers  # (moments, shapes), logits


@dataclass(frozen=True, slots=True)
class Counting:
    """How votes are counted."""

    moments_s: tuple[float, ...]  # that pictures vote for, from when they were taken
    ahead_s: float  # how long pictures to come are waited for
    temperature: float


class Counter:
    """Counts the votes of one mouth's pictures."""

    def __init__(self, how: Counting) -> None:
        self._how = how
        self._kept_s = max(how.moments_s) + how.ahead_s + APART_S
        self._ballots: deque[tuple[float, Ballot]] = deque()

    def __call__(self, at: float, ballot: Ballot) -> tuple[float, Shown]:
        """Take a picture's ballot; gives the moment that is decided by it, and what was shown."""
        if self._ballots and at - self._ballots[-1][0] > APART_S:
            self._ballots.clear()
        self._ballots.append((at, ballot))
        while at - self._ballots[0][0] > self._kept_s:
            self._ballots.popleft()
        if len(self._ballots) == 1:
            return at, self._shown(ballot.opening, ballot.votes.sum(axis=0))
        moment = max(at - self._how.ahead_s, self._ballots[0][0])
        total = np.zeros(ballot.votes.shape[1])
        for number, ahead_s in enumerate(self._how.moments_s):
            if (votes := self._votes(moment - ahead_s, number)) is not None:
                total += votes
        return moment, self._shown(self._opening(moment), total)

    def _votes(self, at: float, number: int) -> Numbers | None:
        """A moment's votes by a picture that would have been taken at a time; none where there is
        no such picture yet or any more."""
        before, after, share = self._around(at)
        if before is None or after is None:
            return None
        votes: Numbers = (1 - share) * before.votes[number] + share * after.votes[number]
        return votes

    def _opening(self, at: float) -> float:
        before, after, share = self._around(at)
        assert before
        assert after
        return (1 - share) * before.opening + share * after.opening

    def _around(self, at: float) -> tuple[Ballot | None, Ballot | None, float]:
        """The ballots before and after a time, and how far from the first to the second it is."""
        last_at, last = self._ballots[-1]
        if at > last_at - EARLY_S:
            return (last, last, 0.0) if at < last_at + EARLY_S else (None, None, 0.0)
        later_at, later = last_at, last
        for when, ballot in reversed(self._ballots):
            if when <= at + EARLY_S:
                if when >= at:
                    return ballot, ballot, 0.0
                return ballot, later, (at - when) / (later_at - when)
            later_at, later = when, ballot
        return None, None, 0.0

    def _shown(self, opening: float, logits: Numbers) -> Shown:
        scores = np.exp((logits - logits.max()) / self._how.temperature)
        return Shown(opening, tuple((scores / scores.sum()).tolist()))
