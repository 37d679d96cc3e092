"""Crops of several data sets as one pool, and the batches that a model learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind
from edge.errors import SettingsError
from edge.frame import Image
from training.crops import Crops
from training.prepare.mesh import MIRRORED, TAUGHT
from training.train.augment import centre, cut, geometry, moved, relit, straight
from training.train.recipe import FOLDS, Recipe

Rows = NDArray[np.intp]
Floats = NDArray[np.float32]
LIPS = 20  # points of the usual 68 that are the mouth's
Batch = tuple[dict[str, Floats], dict[str, Floats], dict[str, Floats]]  # in, targets, weights


class Pool:
    """Several files of crops, each row known by one number."""

    def __init__(self, parts: Sequence[Crops]) -> None:
        self.parts = tuple(parts)
        self.labels = np.concatenate([part.labels for part in parts])
        self.folds = np.concatenate([part.folds for part in parts])
        self.files = np.concatenate([part.files for part in parts])
        self.people = np.concatenate([part.people for part in parts])
        self.tests = np.concatenate([part.parts == "test" for part in parts])
        self.sets = np.concatenate([np.full(len(p), i) for i, p in enumerate(parts)])
        self.shapes = np.concatenate([part.shapes for part in parts])
        self.gaps = np.concatenate([part.gaps for part in parts])
        self.measured = np.concatenate([_measured(part) for part in parts])
        self.moments = np.concatenate([_moments(part) for part in parts])
        self._first = np.cumsum([0, *(len(part) for part in parts)])

    def __len__(self) -> int:
        return len(self.labels)

    def image(self, row: int) -> Image:
        """The kept crop of a row."""
        part = self.sets[row]
        return self.parts[part].images[row - self._first[part]]

    def taught_points(self, row: int) -> Floats:
        """The points that are taught, in pixels of the kept crop; NaN where there are none."""
        part = self.sets[row]
        points = self.parts[part].points
        if not points.shape[1]:  # prepared without
            return np.full((len(TAUGHT), 2), np.nan, np.float32)
        return points[row - self._first[part]][TAUGHT].astype(np.float32)

    def lips(self, row: int) -> Floats:
        """The lips' points in pixels of the kept crop; NaN where they are not known."""
        part = self.sets[row]
        lips = self.parts[part].lips
        if not lips.shape[1]:
            return np.full((LIPS, 2), np.nan, np.float32)
        return lips[row - self._first[part]].astype(np.float32)

    @property
    def fold_names(self) -> tuple[str, ...]:
        """The folds that can be left out."""
        there = set(self.folds.tolist())
        return tuple(name for number, name in enumerate(FOLDS) if number in there)

    def of_sets(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Which rows are of the named data sets."""
        numbers = [n for n, part in enumerate(self.parts) if part.origin.dataset in names]
        return np.isin(self.sets, numbers)

    def centres(self, rows: Rows, kind: CropKind) -> NDArray[np.uint8]:
        """The model's crops of some rows, unchanged."""
        return np.stack([centre(self.image(row), kind) for row in rows])


def _measured(part: Crops) -> NDArray[np.bool_]:
    """Whose gap between the lips was measured, and not just seen by the face mesh."""
    return np.full(len(part), part.lips.shape[1] > 0)


def _moments(part: Crops) -> NDArray[np.intp]:
    """Which frame of its clip a row is, where a speaker's every frame is known; else -1."""
    if part.origin.dataset != "grid":
        return np.full(len(part), -1)
    return np.array([int(name.rpartition("#")[2]) for name in part.files], np.intp)


class Draw:
    """Which rows of a pool an epoch shows: each set by its share, none twice before all were."""

    def __init__(self, pool: Pool, rows: Rows, recipe: Recipe) -> None:
        self._rows = [rows[pool.sets[rows] == part] for part in range(len(pool.parts))]
        counts = np.array([len(of_set) for of_set in self._rows], float)
        names = [part.origin.dataset for part in pool.parts]
        wanted = np.array([recipe.shares.get(name, np.nan) for name in names])
        # Where nothing is said, roots of the counts: small sets are not drowned by large ones.
        weights = np.where(np.isnan(wanted), np.sqrt(counts), wanted) * (counts > 0)
        if not weights.any():
            raise SettingsError("--share leaves nothing to learn from: every set has a share of 0")
        shown = np.round(recipe.pictures * weights / weights.sum())
        self._each = (shown if recipe.pictures else counts * (weights > 0)).astype(int)
        self._seed = recipe.seed

    def __call__(self, epoch: int) -> Rows:
        """The rows of an epoch in their order."""
        drawn = [
            self._part(number, rows, epoch, each)
            for number, (rows, each) in enumerate(zip(self._rows, self._each, strict=True))
            if each
        ]
        return np.random.default_rng((self._seed, epoch)).permutation(np.concatenate(drawn))

    def _part(self, number: int, rows: Rows, epoch: int, each: int) -> Rows:
        """A stretch of an endless row of shuffles of the set."""
        first = epoch * each
        rounds = range(first // len(rows), (first + each - 1) // len(rows) + 1)
        shuffled = [
            np.random.default_rng((self._seed, number, turn)).permutation(rows) for turn in rounds
        ]
        start = first - rounds[0] * len(rows)
        return np.concatenate(shuffled)[start : start + each]


@dataclass(frozen=True)
class Lesson:
    """What is learned: a pool's crops with their targets, and how they are shown."""

    pool: Pool
    targets: Floats  # of all rows of the pool
    biased: tuple[int, ...]  # sets that have a bias of their own
    kind: CropKind  # of the model's crops
    recipe: Recipe

    def batch(self, rows: Rows, faces: NDArray[np.uint8], points: Floats | None) -> Batch:
        """Inputs, targets and their weights; where points are not known they have no weight."""
        inputs = {"pixels": as_input(faces)}
        if self.biased:
            sets = self.pool.sets[rows][:, None] == np.array(self.biased)
            inputs["set"] = sets.astype(np.float32)
        targets = {"logit": self.targets[rows][:, None]}
        weights = {"logit": np.ones(len(rows), np.float32)}
        if self.recipe.points:
            if points is None:
                points = np.full((len(rows), 2 * len(TAUGHT)), np.nan, np.float32)
            targets["points"] = np.nan_to_num(points)
            weights["points"] = (~np.isnan(points).any(axis=1)).astype(np.float32)
        return inputs, targets, weights

    def unchanged(self, rows: Rows) -> Batch:
        """Crops as they are, of which only the answer counts."""
        return self.batch(rows, self.pool.centres(rows, self.kind), None)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """An epoch's batches, the same for the same seed and epoch."""

    def __init__(self, lesson: Lesson, rows: Rows, epoch: int) -> None:
        """`rows` are shown in this order."""
        super().__init__()
        self._lesson, self._rows, self._epoch = lesson, rows, epoch
        self._each = min(lesson.recipe.batch, len(rows))

    def __len__(self) -> int:
        return len(self._rows) // self._each

    def __getitem__(self, index: int) -> Batch:
        lesson, recipe = self._lesson, self._lesson.recipe
        rows = self._rows[index * self._each : (index + 1) * self._each]
        rng = np.random.default_rng((recipe.seed, self._epoch, index))
        faces, points = zip(*(self._show(row, rng) for row in rows), strict=True)
        batch = lesson.batch(rows, np.stack(faces), np.stack(points))
        return _mixed(batch, recipe.mixup, rng) if recipe.mixup else batch

    def _show(self, row: int, rng: np.random.Generator) -> tuple[Image, Floats]:
        """A crop, changed if it is to be, and where its points are, from -1 to 1 over it."""
        kept, kind = self._lesson.pool.image(row), self._lesson.kind
        if self._lesson.recipe.augment:
            matrix = geometry(kept.shape[0], kind, rng)
            face = relit(cut(kept, matrix, kind.size, rng), rng)
        else:
            matrix, face = straight(kept.shape[0], kind), centre(kept, kind)
        if not self._lesson.recipe.points:
            return face, np.empty(0, np.float32)
        points = self._lesson.pool.taught_points(row)
        if np.linalg.det(matrix[:, :2]) < 0:
            points = points[MIRRORED]
        return face, (moved(points, matrix) / (kind.size / 2) - 1).ravel()


def _mixed(batch: Batch, alpha: float, rng: np.random.Generator) -> Batch:
    """Every picture with some of another one in it, and of its targets."""
    *mixed, weights = batch
    other = rng.permutation(len(weights["logit"]))
    share = np.float32(rng.beta(alpha, alpha))
    inputs, targets = (
        {name: share * values + (1 - share) * values[other] for name, values in each.items()}
        for each in mixed
    )
    # What is not known of one of the two is not known of their mixture.
    return inputs, targets, {name: of * of[other] for name, of in weights.items()}


def as_input(faces: NDArray[np.uint8]) -> Floats:
    """Pixels from 0 to 1 with a channel, as all models take them."""
    return faces[..., None].astype(np.float32) / np.float32(255)
