"""Words from the lips of one face, standing alone or within running speech."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from edge.cadence import GAP_S, RateWatch
from edge.glimpse import Glimpse
from edge.lip_motion import LipMotion
from edge.spotting import SpotRules, Spotted, Spotter
from edge.utterance import Began, Over, UtteranceDecider, UtteranceRules
from edge.verdict import Judge
from edge.word_frames import Lipreader, WordFrames
from edge.word_reader import Voted

log = logging.getLogger(__name__)

BEFORE_S = 0.2  # lips are on their way before they are seen to move
KEPT_S = 0.5  # until it is known whether they move
SHORTEST = 4  # frames of a word that stands alone
AT_ONCE = 2  # frames read with one picture: a board that must catch up drops none for it


class Speaker(Protocol):
    """Follows the lips of one face."""

    def __call__(self, seen: Glimpse, at: float) -> Sequence[Spotted]:
        """Take a picture; gives the words that are known by it."""

    def reset(self) -> None:
        """The face was lost: nothing is told of a word that it was in."""


@dataclass(frozen=True)
class Words:
    """What it takes to read words; shared by all faces."""

    reader: Lipreader
    how: Judge | SpotRules  # words that stand alone, or running speech
    watch_rate: RateWatch
    utterances: UtteranceRules = UtteranceRules()

    def speaker(self) -> Speaker:
        """What follows one more face."""
        if isinstance(self.how, SpotRules):
            return Running(self.reader, self.how)
        return Isolated(self.reader, self.how, self.utterances)


class Isolated:
    """Reads words that stand alone: lips that move open an utterance, lips that rest close it, and
    only what lies between is read."""

    def __init__(self, reader: Lipreader, judge: Judge, rules: UtteranceRules) -> None:
        self._window, self._judge = reader.model.description.frames, judge
        self._frames = WordFrames(reader)
        self._motion = LipMotion()
        self._decide = UtteranceDecider(rules)
        self._votes: list[tuple[float, Voted]] = []

    def __call__(self, seen: Glimpse, at: float) -> Sequence[Spotted]:
        """Take a picture; gives the word whose end it shows, if any."""
        if self._frames.is_lost(at):
            self.reset()
        self._frames.see(seen, at)
        moved = self._motion(seen, at)
        told = self._decide(*moved) if moved else None
        if isinstance(told, Over):
            return self._over(told)
        if isinstance(told, Began):
            self._frames.fresh()
            self._frames.drop_before(told.at - BEFORE_S)
        if self._decide.speaks:
            self._votes += self._frames.read(AT_ONCE)
        else:
            self._frames.drop_before(at - KEPT_S)
        return ()

    def reset(self) -> None:
        """The face was lost: nothing is told of a word that it was in."""
        if self._decide.speaks:
            log.debug("words: a face was lost within a word")
        self._frames.reset()
        self._motion.reset()
        self._decide.reset()
        self._votes = []

    def _over(self, said: Over) -> Sequence[Spotted]:
        before, self._votes = self._votes, []
        if not said.whole:
            log.debug("words: %.1f s without a pause: running speech", said.end - said.start)
            return ()
        votes = [each for each in (*before, *self._frames.read()) if each[0] <= said.end]
        times = [at for at, _ in votes if at >= said.start]
        if max(b - a for a, b in pairwise([said.start, *times, said.end])) > GAP_S:
            log.debug("words: lips were hidden within a word")
            return ()
        if len(times) < SHORTEST:
            log.debug("words: %.2f s are too short", said.end - said.start)
            return ()
        left = max(0, len(votes) - self._window) // 2
        found = self._judge([voted for _, voted in votes[left : left + self._window]])
        return [Spotted(found, said.start, said.end)] if found else ()


class Running:
    """Reads words within running speech: every frame is read."""

    def __init__(self, reader: Lipreader, rules: SpotRules) -> None:
        model = reader.model.description
        self._frames = WordFrames(reader)
        self._spot = Spotter(rules, model.labels, model.temperature, model.frames)

    def __call__(self, seen: Glimpse, at: float) -> Sequence[Spotted]:
        """Take a picture; gives the words that are known by it."""
        if self._frames.is_lost(at):
            self.reset()
        self._frames.see(seen, at)
        told = (self._spot(*voted) for voted in self._frames.read())
        return [found for found in told if found]

    def reset(self) -> None:
        """The face was lost."""
        self._frames.reset()
        self._spot.reset()
