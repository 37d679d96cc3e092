"""`lipwire train smile`: one model a fold (trained without it), one on all, one without the set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.errors import SettingsError
from training.train.part import Mask, Part
from training.train.pool import Pool
from training.train.recipe import Recipe
from training.train.two_classes import Labels, TwoClasses


class Smiles(TwoClasses):
    """Smiles, and faces without."""

    task = "smile"
    cross_needs = "a set with folds and one without"

    def classes(self, pool: Pool) -> tuple[str, ...]:
        """As the sets call them."""
        return pool.parts[0].origin.classes

    def truth(self, pool: Pool) -> Labels:
        """The labels."""
        return pool.labels

    def crossed(self, pool: Pool) -> Mask:
        """The set with folds."""
        return pool.folds >= 0

    def counted(self, pool: Pool, mine: Mask) -> Mask:
        """Rows of the set with folds, whose labels are the ones that count; where it is left out,
        all others."""
        folded = mine & (pool.folds >= 0)
        return folded if folded.any() else mine

    def biased(self, part: Part) -> tuple[int, ...]:
        """Sets whose labellers may have meant something else than those of the set with folds."""
        learned = np.unique(part.pool.sets[part.learn])
        if len(learned) == 1:  # its bias is the model's own
            return ()
        reference = np.unique(part.pool.sets[part.pool.folds >= 0])
        return tuple(learned[~np.isin(learned, reference)].tolist())

    def check(self, pool: Pool, recipe: Recipe, parts: Sequence[str]) -> None:
        """Refuse sets without one of the classes."""
        for crops in pool.parts:
            for label, name in enumerate(crops.origin.classes):
                if not (crops.labels == label).any():
                    raise SettingsError(f"{crops.origin.dataset}: no picture of class '{name}'")
        super().check(pool, recipe, parts)
