"""Words of one's own, without training: a few takes of each are kept as embeddings, and what is
mouthed is the word whose takes are nearest, if they are near enough."""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.description import bare
from edge.errors import ModelError, StateError
from edge.verdict import ALTERNATIVES, Judge, Verdict
from edge.word_reader import Voted
from edge.written import written

FILE = "own-words.json"
FORMAT = 1
PARTS = 2  # of an utterance, each with a mean of its own
# Distances count in those of takes of one word from each other: so much by the word's own takes,
# the rest by those of all words. At the limit it is as likely none of the words.
OWN_SHARE, LIMIT, STEEP = 0.25, 1.4, 6.0  # chosen by lipwire evaluate own-words
USUAL = 0.035  # such a distance, where no word has two takes
LEAST = 0.02  # and at least: takes in a row are liker than later ones will be
DIGITS = 5  # of a kept number

# What reading JSON of another form, or of numbers that are none, ends in.
ODD = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
Values = NDArray[np.float64]


def embedding(
    features: Values, weights: Values, parts: int = PARTS, highest: bool = True
) -> Values:
    """What stands for an utterance: the highest of its frames' features, their mean, and that of
    each part of it, each frame as heavy as it weighs; of length 1."""
    many = len(features)
    rows = [features.max(axis=0)] if highest else []
    rows.append(_mean(features, weights))
    for part in range(parts if parts > 1 else 0):
        first = min(part * many // parts, many - 1)
        some = slice(first, max((part + 1) * many // parts, first + 1))
        rows.append(_mean(features[some], weights[some]))
    return _unit(np.concatenate(rows))


def taken(frames: Sequence[Voted]) -> Values:
    """The embedding of an utterance whose frames were read."""
    features = np.stack([each.features for each in frames])
    return embedding(features, np.array([each.weight for each in frames]))


def _mean(features: Values, weights: Values) -> Values:
    mean: Values = weights @ features / weights.sum()
    return mean


class OwnWords:
    """The words kept in a folder for one model; another model's are refused."""

    def __init__(self, folder: Path, model: Path) -> None:
        self._path = folder / FILE
        self._model, self._digest = model, digest(model)
        self.takes = self._read()
        self._near = Prototypes.of(self.takes)

    def add(self, word: str, take: Values) -> None:
        """Keep one more take of a word."""
        self._write({**self.takes, word: [*self.takes.get(word, []), take]})

    def remove(self, word: str) -> None:
        """Forget a word."""
        self._write({name: takes for name, takes in self.takes.items() if name != word})

    def __call__(self, take: Values) -> Verdict | None:
        """The word, or none where it is near to no word that is kept."""
        distances = self._near(take)
        if not distances:
            return None
        (word, best), *others = ((word, score(far)) for word, far in distances.items())
        return Verdict(word, best, dict(others[:ALTERNATIVES])) if best >= 0.5 else None

    def _read(self) -> dict[str, list[Values]]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']}")
            known = data["model"] == self._digest
            words = {word: _arrays(takes) for word, takes in data["words"].items()}
            if len({take.shape for takes in words.values() for take in takes}) > 1:
                raise ValueError("takes of unequal length")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StateError(f"{self._path}: cannot be read: {error.strerror}") from None
        except ODD as error:
            raise StateError(f"{self._path}: damaged ({error}); remove it and enroll") from None
        if words and not known:
            raise ModelError(
                f"{self._path}: enrolled with another model than {self._model}: use that one, "
                "or remove this file and enroll the words again"
            )
        return words

    def _write(self, words: dict[str, list[Values]]) -> None:
        kept = {
            word: [[round(float(value), DIGITS) for value in take] for take in takes]
            for word, takes in words.items()
        }
        data = {"format": FORMAT, "model": self._digest, "words": kept}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"{self._path.parent}: {error.strerror}") from None
        with written(self._path) as partial:
            partial.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")
        self.takes, self._near = words, Prototypes.of(words)


@dataclass(frozen=True)
class OwnJudge:
    """Tells words of one's own beside those that the model has learned."""

    own: OwnWords
    learned: Judge

    def __call__(self, frames: Sequence[Voted]) -> Verdict | None:
        """The surer of both."""
        found = [self.own(taken(frames)), self.learned(frames)]
        return max(filter(None, found), key=lambda each: each.score, default=None)


@dataclass(frozen=True, eq=False)
class Prototypes:
    """What is compared with: each word's middle, and the unit in which its distance counts."""

    words: tuple[str, ...]
    middles: Values  # (words, numbers), each of length 1
    units: Values

    @classmethod
    def of(cls, takes: Mapping[str, Sequence[Values]], share: float = OWN_SHARE) -> Prototypes:
        """Those of some words' takes; so much of a unit is by the word's own."""
        middles = [_unit(np.sum(each, axis=0)) for each in takes.values()]
        spreads = np.array([_spread(each) for each in takes.values()])
        usual = float(np.nanmean(spreads)) if np.isfinite(spreads).any() else USUAL
        own = np.where(np.isnan(spreads), usual, spreads)
        units = share * own + (1 - share) * usual
        return cls(tuple(takes), np.array(middles), np.maximum(units, LEAST))

    def __call__(self, take: Values) -> dict[str, float]:
        """How far a take is from each word, the nearest first."""
        if not self.words:
            return {}
        far = (1 - self.middles @ take) / self.units
        return {self.words[i]: float(far[i]) for i in np.argsort(far)}


def _spread(takes: Sequence[Values]) -> float:
    """How far each take is from the middle of the others, in the mean; not known of one."""
    if len(takes) < 2:
        return math.nan
    whole = np.sum(takes, axis=0)
    return float(np.mean([1 - take @ _unit(whole - take) for take in takes]))


def _unit(values: Values) -> Values:
    return values / max(float(np.linalg.norm(values)), 1e-9)


def score(distance: float) -> float:
    """How sure it is the word, from 0 to 1; from 0.5 on it counts."""
    return 1 / (1 + math.pow(max(distance, 0.0) / LIMIT, STEEP))


def digest(model: Path) -> str:
    """What tells a network from all others, whatever its description says."""
    try:
        return hashlib.sha256(bare(model)).hexdigest()
    except OSError as error:
        raise ModelError(f"{model}: cannot be read: {error.strerror}") from None
    except zipfile.BadZipFile:
        raise ModelError(f"{model}: damaged, or not a Lipwire model") from None


def _arrays(takes: Any) -> list[Values]:
    arrays = [np.array(take, dtype=np.float64) for take in takes]
    if not arrays or not all(_is_take(each) for each in arrays):
        raise ValueError("a word without takes")
    return arrays


def _is_take(values: Values) -> bool:
    return values.ndim == 1 and values.size > 0 and bool(np.isfinite(values).all())
