"""How well a model tells that something is none of its words.

Words that were left out of learning, words backwards, the first half of one and the second of
another, phrases; all by speakers or of takes that the model never learned from, against its own
words by the same. Two scores: how little speaks for `other`, 1 less its probability; and how much
for the likeliest word, its probability among all labels, which is what live thresholds are put to.
Figures are areas under the ROC curve, by which a known word has the higher score.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.clips import OTHER, Clips
from training.evaluate.figures import (
    Flags,
    Interval,
    Values,
    auc,
    interval_of,
    interval_over_groups,
)
from training.evaluate.word_clips import Pictures, Stretch, backwards, spliced, stretches
from training.evaluate.word_files import Scored, of_part
from training.evaluate.word_parts import left_out
from training.run import Run
from training.windows import Indices

SCORES = ("auc", "auc_by_best_word")


def other_figures(
    clips: Clips,
    pictures: Pictures,
    scored: Sequence[Scored],
    run: Path | None,
    window: int | None = None,
) -> dict[str, Any]:
    """Areas for each kind of what is no word; models are asked over a window, or their own."""
    asked = [each for each in scored if each.model]
    found = {
        kind: _area(clips, pictures, asked, kind) for kind in ("reversed", "spliced", "phrases")
    }
    leaving = []
    if run:
        names = sorted(folder.stem for folder in run.glob("other*.tflite"))
        leaving = [of_part(Run(run), name, clips, window) for name in names]
    leaving += [each for each in asked if set(clips.origin.classes) - set(each.labels)]
    if leaving:
        found["words_left_out"] = _area(clips, pictures, leaving, "words_left_out")
    return {kind: area for kind, area in found.items() if area}


def _area(
    clips: Clips, pictures: Pictures, scored: Sequence[Scored], kind: str
) -> dict[str, Any] | None:
    scores: list[Values] = []
    known: list[Values] = []
    groups: list[Values] = []
    for each in scored:
        items = _unlearned(clips, each)
        words, others, said_by = _shown(clips, items, each, kind)
        if not words or not others:
            continue
        told = each.read(clips, pictures, [*words, *others])
        scores.append(np.stack(_scores(told)))
        known.append(np.repeat([1, 0], [len(words), len(others)]))
        groups.append(said_by)
    if not scores:
        return None
    values, truth = np.concatenate(scores, axis=1), np.concatenate(known).astype(bool)
    who = np.unique(np.concatenate(groups), return_inverse=True)[1]
    report: dict[str, Any] = {"n_words": int(truth.sum()), "n_other": int((~truth).sum())}
    for name, row in zip(SCORES, values, strict=True):
        report[name] = round(auc(row, truth), 4)
        report[f"{name}_interval"] = _interval(row, truth, who)
    return report


def _interval(scores: Values, truth: Flags, who: NDArray[np.int_]) -> Interval:
    """By speaker; of one speaker every clip is by itself."""
    if not who.any():
        return interval_of(auc, scores, truth)
    return interval_over_groups(lambda rows: auc(scores[rows], truth[rows]), who)


def _scores(logits: Values) -> tuple[Values, Values]:
    """One less the probability of `other` (that of the likeliest word where a model has no
    `other`), and the probability of the likeliest word."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    best = weights[:, :-1].max(axis=1)
    return (1 - weights[:, -1] if weights[:, -1].any() else best), best


def _unlearned(clips: Clips, each: Scored) -> Indices:
    """What a part never learned from; everything, of a single file."""
    if each.part:
        return np.flatnonzero(left_out(clips, each.part))
    return np.arange(len(clips))


def _shown(
    clips: Clips, items: Indices, scored: Scored, kind: str
) -> tuple[list[Stretch], list[Stretch], Values]:
    """Known words, what is none, and who says each of them."""
    names = np.array((*clips.origin.classes, ""))[clips.labels[items]]
    is_known = np.isin(names, scored.labels)
    words = items[is_known]
    if kind == "words_left_out":
        others = items[~is_known & (names != "")]
        shown = stretches(clips, others)
    elif kind == "phrases":
        others = items[clips.labels[items] == OTHER]
        shown = stretches(clips, others)
    elif kind == "reversed":
        others, shown = words, [backwards(one) for one in stretches(clips, words)]
    else:
        others, shown = _halves(clips, words)
    speakers = clips.speakers[clips.sequences[np.concatenate([words, others]).astype(int)]]
    return stretches(clips, words), shown, speakers


def _halves(clips: Clips, words: Indices) -> tuple[Indices, list[Stretch]]:
    """Each word's first half with the second of another word of the same speaker."""
    rng = np.random.default_rng(0)
    speakers = clips.speakers[clips.sequences[words]]
    firsts, shown = [], []
    for word, speaker in zip(words, speakers, strict=True):
        fits = words[(speakers == speaker) & (clips.labels[words] != clips.labels[word])]
        if len(fits):
            one, other = stretches(clips, [word, rng.choice(fits)])
            firsts.append(word)
            shown.append(spliced(one, other))
    return np.array(firsts, np.intp), shown
