"""How a classifier of open and closed mouths learns, from clear cases alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.errors import SettingsError
from training.evaluate.mouths import CLOSED_GAP, OPEN_GAP
from training.masks import CLOSED, OPEN, mask
from training.train.mouths import is_run, others_than_tested
from training.train.part import Mask
from training.train.pool import Pool
from training.train.recipe import Recipe
from training.train.two_classes import UNKNOWN, Labels, TwoClasses

NARROW = mask("narrow")
OWN = ("labelled-pictures", "videos")  # sets whose labels say open or closed


class OpenMouths(TwoClasses):
    """Mouths that are clearly open or closed."""

    task = "viseme"
    cross_needs = "grid, and another set"

    def classes(self, pool: Pool) -> tuple[str, ...]:
        """As they are always called."""
        return ("closed", "open")

    def truth(self, pool: Pool) -> Labels:
        """By the gap where it was measured, by the label where somebody gave one."""
        truth = np.full(len(pool), UNKNOWN, np.int8)
        labelled = pool.of_sets(OWN)
        truth[labelled & (pool.shapes == CLOSED)] = 0
        beyond = (pool.shapes & ~np.uint8(OPEN) > 0) | (pool.shapes == NARROW)
        truth[labelled & (pool.shapes > 0) & ~beyond] = 1
        truth[pool.measured & (pool.gaps <= CLOSED_GAP)] = 0
        truth[pool.measured & (pool.gaps >= OPEN_GAP)] = 1
        return truth

    def crossed(self, pool: Pool) -> Mask:
        """GRID."""
        return is_run(pool)

    def strangers(self, pool: Pool, name: str) -> Mask:
        """All but those who are tested in other pictures."""
        return others_than_tested(pool, name)

    def check(self, pool: Pool, recipe: Recipe, parts: Sequence[str]) -> None:
        """Refuse sets that say nothing clear."""
        if (self.truth(pool) == UNKNOWN).all():
            raise SettingsError(
                "the crops tell no mouth that is clearly open or closed: give keypoints68 or own "
                "pictures"
            )
        super().check(pool, recipe, parts)
