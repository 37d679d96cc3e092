"""A part of a run: one model, what it learns from, and what is kept from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.crop import KINDS, CropKind
from training import zoo
from training.run import Run
from training.train.pool import Pool, Rows
from training.train.recipe import FOLDS, Recipe

Mask = NDArray[np.bool_]  # of a pool's rows


@dataclass(frozen=True)
class Part:
    """One model of a run."""

    name: str
    run: Run
    recipe: Recipe
    pool: Pool
    learn: Rows
    check: Rows  # kept from learning, for the temperature
    heldout: Rows  # not learned from; the part is looked at by them

    @property
    def kind(self) -> CropKind:
        """The model's crops."""
        return replace(KINDS[self.recipe.crop], size=zoo.size(self.recipe))


def left_out(pool: Pool, name: str, crossed: Mask) -> Mask:
    """What a part is made without: its fold, or the set that `cross` never learns from."""
    if name in FOLDS:
        out: Mask = pool.folds == FOLDS.index(name)
        return out
    return crossed if name == "cross" else np.zeros(len(pool), bool)


def not_for_tests(pool: Pool, recipe: Recipe) -> Mask:
    """What is not of a set's part for the test, but where that is learned, too."""
    return ~pool.tests | pool.of_sets(recipe.whole)


def drawn(pool: Pool, recipe: Recipe) -> Mask:
    """The share of all people for validation, with all their crops; who is not known is someone
    else on each."""
    alone = np.array([f"row {row}" for row in range(len(pool))])
    _, person = np.unique(np.where(pool.people == "", alone, pool.people), return_inverse=True)
    rng = np.random.default_rng(recipe.seed)
    return (rng.random(person.max() + 1) < recipe.validation_share)[person]


def looked_at(pool: Pool, recipe: Recipe, name: str, out: Mask, check: Rows) -> Rows:
    """What was left out; of a part that leaves nothing out, the tests, else what it is checked
    by."""
    if name != "all":
        return np.flatnonzero(out)
    tests = np.flatnonzero(~not_for_tests(pool, recipe))
    return tests if len(tests) else check
