"""What rules of spotting make of a recording: words that were told, missed and false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.errors import CheckFailed
from edge.progress import progress
from edge.spotting import SpotRules
from training.trials.talks import SaidWord
from training.trials.word_votes import Recording, Told

THRESHOLDS = (*np.arange(0.2, 0.9, 0.05).round(2).tolist(), 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
REFRACTORY_S = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Outcome:
    """What rules make of a recording."""

    rules: SpotRules
    said: tuple[SaidWord, ...]  # words that the model knows
    hits: tuple[Told | None, ...]  # for each of those, what told it
    false: tuple[Told, ...]
    minutes: float

    @classmethod
    def of(cls, recording: Recording, rules: SpotRules) -> Outcome:
        """Try rules."""
        said = tuple(word for word in recording.said if word.word)
        hits, false = matched(recording.told(rules), said)
        return cls(rules, said, hits, false, recording.minutes)

    @property
    def recall(self) -> float:
        """The share of the words that were told."""
        return sum(hit is not None for hit in self.hits) / len(self.said)

    @property
    def false_a_minute(self) -> float:
        return len(self.false) / self.minutes

    @property
    def late_s(self) -> list[float]:
        """How long after its end each word was told."""
        pairs = zip(self.hits, self.said, strict=True)
        return [hit.at - word.end for hit, word in pairs if hit]


def matched(
    told: Sequence[Told], said: Sequence[SaidWord]
) -> tuple[tuple[Told | None, ...], tuple[Told, ...]]:
    """What told each word, and what was told of nothing: the same word, at a time that overlaps
    with that of the word, is right once."""
    hits: list[Told | None] = [None] * len(said)
    false = []
    for each in told:
        fitting = (
            number
            for number, word in enumerate(said)
            if hits[number] is None and word.word == each.word and overlap(each, word)
        )
        if (number := next(fitting, None)) is None:
            false.append(each)
        else:
            hits[number] = each
    return tuple(hits), tuple(false)


def overlap(told: Told, word: SaidWord) -> bool:
    """Whether a word was told to be said when another, or the same, was."""
    return told.start < word.end and told.end > word.start


def choose(recording: Recording, most: float) -> SpotRules:
    """The rules by which most words are told, and at most so many false ones a minute; of equal
    ones those with the fewest false words, then the highest threshold, then the shortest time for
    which a word is not told again."""
    tried = [SpotRules(threshold, pause) for threshold in THRESHOLDS for pause in REFRACTORY_S]
    outcomes = [Outcome.of(recording, rules) for rules in progress(tried, "try rules")]
    fitting = [each for each in outcomes if each.false_a_minute <= most]
    if not fitting:
        raise CheckFailed(f"by no rules at most {most:g} false words a minute are told")
    best = max(
        fitting,
        key=lambda each: (
            each.recall,
            -len(each.false),
            each.rules.threshold,
            -each.rules.refractory_s,
        ),
    )
    return best.rules
