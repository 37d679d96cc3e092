"""What a word reader's scores mean: their temperature, and from which one on a word is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.description import Description, read
from training.split_words import FOLD, THIRD, WITHOUT
from training.train.word_answers import int8_logits
from training.train.word_parts import WordPart

TEMPERATURES = np.geomspace(0.2, 8, 80)
RIGHT = 0.75  # of the words that are told
LEAST, MOST = 0.25, 0.9  # score from which on one is told
GAP = 0.1  # from that score to the one below which nothing was meant


def calibrated(part: WordPart, file: Path) -> Description:
    """The description with what the int8 file's answers to the part's own check tell. The check of
    one that leaves nothing out is of people it knows: it takes what those siblings say that are
    made and left people out, and so is made last."""
    said = read(file)
    siblings = _siblings(part)
    if part.name == "all" and siblings:
        temperature = float(np.median([each.temperature for each in siblings]))
        on = float(np.median([each.on_threshold for each in siblings]))
    else:
        logits = int8_logits(part.lesson, file, part.check).astype(float)
        labels = part.lesson.targets[part.check]
        temperature = fit_temperature(logits, labels)
        on = fit_threshold(logits / temperature, labels)
    return replace(
        said,
        temperature=temperature,
        on_threshold=on,
        off_threshold=on - GAP,
    )


def _siblings(part: WordPart) -> list[Description]:
    files = sorted(part.run.folder.glob("[!.]*.tflite"))
    return [read(file) for file in files if file.stem.startswith((WITHOUT, THIRD, FOLD))]


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int_]) -> float:
    """By which logits are divided so that scores are as sure as they are right."""
    surprise = [-np.mean(_log_scores(logits / t)[range(len(labels)), labels]) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(surprise))])


def fit_threshold(logits: NDArray[np.float64], labels: NDArray[np.int_]) -> float:
    """The least score from which on enough of the words that are told are right."""
    scores = np.exp(_log_scores(logits))
    words = scores[:, :-1]
    best, score = words.argmax(axis=1), words.max(axis=1)
    order = np.argsort(-score)
    right = np.cumsum(best[order] == labels[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right >= RIGHT)
    least = score[order][enough[-1]] if len(enough) else MOST
    return float(np.clip(least, LEAST, MOST))


def _log_scores(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    top = logits - logits.max(axis=1, keepdims=True)
    scores: NDArray[np.float64] = top - np.log(np.exp(top).sum(axis=1, keepdims=True))
    return scores
