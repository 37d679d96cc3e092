"""The parts of a run of words: one model each, by what is kept from it.

without-F01  a speaker; the next one (the first after the last) is for choices
third0       every third speaker; one of the next third is for choices
takes3       one take of every word by everybody; the next take is for choices
fold0        a fold of the set; the next fold is for choices
own          a fifth of one's own clips, of other speakers where they are known
other1       two words, the third and fourth, which are to be taken for none, and some speakers
all          nothing, but a tenth of the clips for choices
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingsError
from training.run import Run
from training.split_words import ALL, FOLD, OWN, WITHOUT, parts_of, speakers, split
from training.train.word_lesson import WordLesson
from training.train.word_pool import Rows, WordPool
from training.train.word_recipe import WordRecipe

PAIR = 2  # words that an `other` part leaves out
GROUPS = 5  # of speakers, for those parts
TENTH = 10
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class WordPart:
    """One model of a run."""

    name: str
    run: Run
    lesson: WordLesson
    learn: Rows
    check: Rows  # for choices: temperature, thresholds
    heldout: Rows  # not learned from; the part is looked at by them

    @property
    def recipe(self) -> WordRecipe:
        return self.lesson.recipe

    @property
    def pool(self) -> WordPool:
        return self.lesson.pool


def names(pool: WordPool) -> tuple[str, ...]:
    """The parts that are trained where none is asked for."""
    possible = parts_of(pool.clips)
    for kind in (FOLD, WITHOUT):
        if some := [name for name in possible if name.startswith(kind)]:
            return (*(some[:1] if kind == FOLD else some), ALL)
    return (OWN, ALL)


def part(name: str, run: Run, recipe: WordRecipe, pool: WordPool) -> WordPart:
    """Who learns from what."""
    if match := re.fullmatch(r"other(\d+)", name):
        words = pool.labels[:-1][PAIR * int(match[1]) :][:PAIR]
        if len(words) < PAIR:
            raise SettingsError(f"--parts {name}: there are only {len(pool.labels) - 1} words")
        recipe = replace(recipe, leave_out=words)
    lesson = WordLesson(pool, recipe)
    out, check = _kept(name, pool)
    asked = out if out.any() else check  # one that leaves nothing out is looked at by its check
    made = WordPart(name, run, lesson, *_rows(lesson, ~(out | check), check, asked))
    if not len(made.learn) or not len(made.check):
        raise SettingsError(f"--parts {name}: too few clips to learn from some and check by some")
    return made


def _kept(name: str, pool: WordPool) -> tuple[Mask, Mask]:
    """What is left out and what is for choices."""
    out, check = np.zeros(len(pool), bool), np.zeros(len(pool), bool)
    if name == ALL:
        return out, _drawn(pool)
    if match := re.fullmatch(r"other(\d+)", name):
        known, group = speakers(pool.clips), int(match[1])
        out = np.isin(pool.speakers, known[group % GROUPS :: GROUPS])
        return out, np.isin(pool.speakers, known[(group + 1) % GROUPS :: GROUPS][:1])
    sides = split(pool.clips, name)
    out[sides.test], check[sides.validation] = True, True
    return out, check


def _rows(lesson: WordLesson, learn: Mask, check: Mask, out: Mask) -> tuple[Rows, Rows, Rows]:
    """Words that are left out are not learned; choices are made by words."""
    targets = lesson.targets
    known = targets >= 0
    words = known & (targets < len(lesson.labels) - 1)
    return (
        np.flatnonzero(learn & (known if lesson.recipe.other else words)),
        np.flatnonzero(check & words),
        np.flatnonzero(out),
    )


def _drawn(pool: WordPool) -> Mask:
    """A tenth of the sequences, the same every time."""
    rng = np.random.default_rng(0)
    kept = rng.permutation(len(pool.clips.ends)) < max(1, len(pool.clips.ends) // TENTH)
    chosen: Mask = kept[pool.clips.sequences]
    return chosen
