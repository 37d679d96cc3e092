"""Words within running speech, by what the frames of late say together: pure functions of votes
and timestamps."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.cadence import GAP_S
from edge.verdict import Numbers, Verdict, scores, verdict
from edge.word_reader import Voted

SHARES = (0.4, 0.65, 1.0)  # of the window: as long may a word be
ALIKE = 0.9  # of the best stretch's score: a longer one that has it holds the word, too
EDGE = 0.1  # of what speaks for a word, before its start and after its end


@dataclass(frozen=True)
class SpotRules:
    """What it takes for frames to be a word."""

    threshold: float  # of the smoothed score
    refractory_s: float  # a word is not told again so soon
    smoothing_s: float = 0.03  # time constant of the scores
    wait_s: float = 0.12  # a score is the highest when none above it came for so long
    overlap: float = 0.5  # of a word may lie in the one that was told before


@dataclass(frozen=True, slots=True)
class Spotted:
    """A word that was read, and when it was said."""

    verdict: Verdict
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class _Peak:
    """The word with the highest score of late."""

    at: float
    found: Spotted


class Spotter:
    """Finds the words of one face that never rests; each utterance of a word is told once.

    A frame costs the same however long the window is: sums of votes run on, and a difference of two
    is a stretch's.
    """

    def __init__(
        self, rules: SpotRules, labels: Sequence[str], temperature: float, window: int
    ) -> None:
        self._rules, self._labels, self._temperature = rules, labels, temperature
        self._lengths = sorted({max(2, round(share * window)) for share in SHARES})
        self._frames: deque[tuple[float, Voted]] = deque(maxlen=window)
        self._told: dict[str, float] = {}  # word -> when its peak was
        self.reset()

    def reset(self) -> None:
        """Forget what was seen: the next frame does not follow the last one. What was told is still
        not told again too soon."""
        self._frames.clear()
        # Of weights and weighed votes, up to each frame of the window and the one before it.
        start = np.zeros(1 + len(self._labels))
        self._sums = deque([start], maxlen=self._lengths[-1] + 1)
        self._scores: Numbers | None = None  # smoothed
        self._peak: _Peak | None = None
        self._told_until = -np.inf  # the end of the last word
        self._lasting: set[str] = set()  # words told whose scores have not gone down since

    def __call__(self, at: float, voted: Voted) -> Spotted | None:
        """Take a frame's votes; gives a word once its score goes down again."""
        if self._frames and at - self._frames[-1][0] > GAP_S:
            self.reset()  # lips that were hidden
        before = self._frames[-1][0] if self._frames else at
        self._frames.append((at, voted))
        added = np.concatenate([[1.0], voted.logits]) * voted.weight
        self._sums.append(self._sums[-1] + added)
        stretches = self._stretches()
        if stretches is None:
            return None
        best = stretches.max(axis=0)
        # Each stretch's words have been weighed against `other` already; what is none of the words
        # in a long stretch speaks not against a word in a short one.
        best[-1] = 0.0
        self._smooth(best, at - before)
        found = self._candidate(at, stretches)
        if found and (self._peak is None or found.verdict.score > self._peak.found.verdict.score):
            self._peak = _Peak(at, found)
        if self._peak is None or at - self._peak.at < self._rules.wait_s:
            return None
        return self._tell(self._peak)

    def _stretches(self) -> Numbers | None:
        """Scores by the frames of late, for each length; none before the shortest is full."""
        sums = self._sums
        lengths = [each for each in self._lengths if each < len(sums)]
        if not lengths:
            return None
        parts = np.array([sums[-1] - sums[-1 - each] for each in lengths])
        return scores(parts[:, 1:] / parts[:, :1], self._temperature)

    def _smooth(self, best: Numbers, passed_s: float) -> None:
        if self._scores is None:
            self._scores = best
        else:
            share = 1 - np.exp(-passed_s / self._rules.smoothing_s)
            self._scores = self._scores + share * (best - self._scores)
        low = self._scores < self._rules.threshold
        self._lasting -= {label for label, is_low in zip(self._labels, low, strict=True) if is_low}

    def _candidate(self, at: float, stretches: Numbers) -> Spotted | None:
        assert self._scores is not None
        found = verdict(self._scores, self._labels, self._rules.threshold)
        if found is None:
            return None
        told_at = self._told.get(found.word, -np.inf)
        if found.word in self._lasting or at - told_at < self._rules.refractory_s:
            return None
        label = self._labels.index(found.word)
        told = np.where(stretches[:, label] > stretches[:, -1], stretches[:, label], 0.0)
        if not told.any():
            return None  # each stretch is more likely none of the words
        longest = int(np.flatnonzero(told >= ALIKE * told.max())[-1])
        start, end = self._span(label, self._lengths[longest])
        inside = self._told_until - start
        if inside > self._rules.overlap * (end - start):
            return None
        return Spotted(found, start, end)

    def _span(self, label: int, length: int) -> tuple[float, float]:
        """From when to when frames speak for a label."""
        frames = list(self._frames)[-length:]
        speaks = np.array(
            [max(0.0, each.logits[label] - each.logits.mean()) * each.weight for _, each in frames]
        )
        total = speaks.cumsum()
        first = int(np.searchsorted(total, EDGE * total[-1]))
        last = int(np.searchsorted(total, (1 - EDGE) * total[-1]))
        return frames[first][0], frames[min(last, len(frames) - 1)][0]

    def _tell(self, peak: _Peak) -> Spotted:
        self._peak = None
        self._lasting.add(peak.found.verdict.word)
        self._told[peak.found.verdict.word] = peak.at
        self._told_until = peak.found.end
        return peak.found
