"""What an epoch of words shows: every word as it was spoken and, where it is learned what is none
of them, phrases, silences, words backwards, and halves of two words in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.train.word_pool import Rows, WordPool

if TYPE_CHECKING:
    from training.train.word_lesson import WordLesson

NOT_WORDS = 0.1  # backwards, and as many halves, to each word
LEAST = 4  # frames of a silence


@dataclass(frozen=True)
class Sample:
    """One clip to learn from: an item, its first half and the second of another, or backwards; or
    a stretch of its sequence in which nobody speaks."""

    row: int
    then: int = -1
    backwards: bool = False
    quiet: tuple[int, int] | None = None  # from the item's start, and frames

    @property
    def is_word(self) -> bool:
        """Whether it is the item as it was spoken."""
        return self.then < 0 and not self.backwards and self.quiet is None


def epoch_of(lesson: WordLesson, rows: Rows, number: int) -> list[list[Sample]]:
    """An epoch's batches."""
    rng = np.random.default_rng((lesson.recipe.seed, number))
    mine = lesson.targets[rows]
    words = rows[(mine >= 0) & (mine < len(lesson.labels) - 1)]
    samples = [Sample(int(row)) for row in words]
    if lesson.recipe.other:
        samples += [Sample(int(row)) for row in rows[mine == len(lesson.labels) - 1]]
        many = round(NOT_WORDS * len(words))
        samples += [Sample(int(row), backwards=True) for row in rng.choice(words, many)]
        samples += [_halves(lesson.pool, words, rng) for _ in range(many)]
        samples += _silences(lesson, rows, rng)
    order = rng.permutation(len(samples))
    size = lesson.recipe.batch
    starts = range(0, max(1, len(order) - size + 1), size)
    return [[samples[place] for place in order[at : at + size]] for at in starts]


def _halves(pool: WordPool, words: Rows, rng: np.random.Generator) -> Sample:
    """The first half of a word and the second of another, of one speaker where they are
    known."""
    row = int(rng.choice(words))
    same = pool.speakers[words] == pool.speakers[row]
    others = words[same & (pool.classes[words] != pool.classes[row])]
    return Sample(row, int(rng.choice(others)) if len(others) else row, not len(others))


def _silences(lesson: WordLesson, rows: Rows, rng: np.random.Generator) -> list[Sample]:
    """A part of the silence before the first and of that after the last item of each sequence
    that has such."""
    clips, found = lesson.pool.clips, []
    lengths = np.diff(clips.ends, prepend=0)
    for sequence in np.unique(clips.sequences[rows]).tolist():
        items = np.flatnonzero(clips.sequences == sequence)
        row = int(items[0])
        ends = (0, clips.starts[items].min()), (clips.stops[items].max(), lengths[sequence])
        for begin, end in ends:
            if end - begin > LEAST:
                many = int(rng.integers(LEAST, min(lesson.recipe.window, end - begin) + 1))
                start = int(rng.integers(begin, end - many + 1) - clips.starts[row])
                found.append(Sample(row, quiet=(start, many)))
    return found
