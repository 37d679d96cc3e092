"""What frames say together: pooled votes, and the word that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.description import Description
from edge.word_reader import OTHER, Voted

ALTERNATIVES = 3  # words that are told beside the best

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word that was read."""

    word: str
    score: float
    alternatives: dict[str, float]  # other words and their scores, best first


class Judge(Protocol):
    """Anything that tells which word some frames are."""

    def __call__(self, frames: Sequence[Voted]) -> Verdict | None:
        """The word, or none where they are no word that is known, or not surely."""


@dataclass(frozen=True)
class Vocabulary:
    """Tells the words that a model has learned."""

    labels: tuple[str, ...]
    temperature: float
    threshold: float  # least score of a word that is told

    @classmethod
    def of(cls, model: Description, threshold: float) -> Vocabulary:
        """A model's words, told from a score on; 0: the model's own."""
        return cls(model.labels, model.temperature, threshold or model.on_threshold)

    def __call__(self, frames: Sequence[Voted]) -> Verdict | None:
        """The best label, unless it is `other` or too unsure."""
        return verdict(pooled(frames, self.temperature), self.labels, self.threshold)


def pooled(frames: Sequence[Voted], temperature: float) -> Numbers:
    """The score of each label by some frames' votes, each as heavy as it weighs."""
    weights = np.array([each.weight for each in frames])
    votes = np.array([each.logits for each in frames])
    return scores(weights @ votes / weights.sum(), temperature)


def scores(logits: Numbers, temperature: float) -> Numbers:
    """Calibrated probabilities, along the last axis."""
    powers = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    shares: Numbers = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def verdict(scored: Numbers, labels: Sequence[str], threshold: float) -> Verdict | None:
    """The best label, unless it is `other` or below the threshold."""
    best = int(scored.argmax())
    if labels[best] == OTHER or scored[best] < threshold:
        return None
    others = [i for i in np.argsort(-scored) if i != best and labels[i] != OTHER]
    alternatives = {labels[i]: float(scored[i]) for i in others[:ALTERNATIVES]}
    return Verdict(labels[best], float(scored[best]), alternatives)
