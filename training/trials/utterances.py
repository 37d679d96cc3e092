"""Whether it is seen when somebody begins and ceases to speak: the mode of words that stand alone,
shown whole sentences with silence around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from edge.utterance import Over
from training.evaluate.figures import interval
from training.trials.talks import SaidWord
from training.trials.tracks import at_most
from training.trials.word_votes import Recording

NEAR_S = 0.3  # from the voice: lips set out before it and come to rest after it
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A clip's speech, and the utterances that were seen at the same time."""

    start: float
    end: float
    seen: tuple[Over, ...]

    @property
    def begin_s(self) -> float | None:
        """By how much too late its beginning was seen."""
        return self.seen[0].start - self.start if self.seen else None

    @property
    def end_s(self) -> float | None:
        """By how much too late its end was seen, if lips were seen to rest at all."""
        return self.seen[-1].end - self.end if self.seen and self.seen[-1].whole else None


def sentences(said: Sequence[SaidWord], seen: Sequence[Over]) -> list[Sentence]:
    """Each clip's sentence."""
    found = []
    for _, words in groupby(said, lambda word: word.clip):
        spoken = list(words)
        start, end = min(word.start for word in spoken), max(word.end for word in spoken)
        meant = tuple(over for over in seen if over.start < end and over.end > start)
        found.append(Sentence(start, end, meant))
    return found


def utterances(recording: Recording) -> Figures:
    """How often beginnings and ends are found; upper ends of rates are one-sided, 95 %."""
    seen = [over for notes in recording.notes for over in notes.utterances]
    spoken = sentences(recording.said, seen)
    meant = {id(over) for sentence in spoken for over in sentence.seen}
    false = sum(id(over) not in meant for over in seen)
    return {
        "sentences": len(spoken),
        "begun": _near([sentence.begin_s for sentence in spoken]),
        "ended": _near([sentence.end_s for sentence in spoken]),
        "in_one": sum(len(sentence.seen) == 1 for sentence in spoken),
        "false": false,
        "false_a_minute": round(false / recording.minutes, 3),
        "false_a_minute_at_most": round(at_most(false) / recording.minutes, 3),
        "words": sum(len(notes.alone) for notes in recording.notes),
    }


def _near(late: Sequence[float | None]) -> Figures:
    found = np.array([each is not None and abs(each) <= NEAR_S for each in late])
    known = [each for each in late if each is not None]
    return {
        "found": int(found.sum()),
        "share": round(float(found.mean()), 4),
        "interval": interval(found),
        "late_s": round(float(np.median(known)), 3) if known else None,
    }
