"""Samples of mouths: runs of a speaker's frames, and single pictures that stand where frames would.

A sample has as many crops as a run has frames. In a run all undergo the same change, as the frames
of one camera do; single pictures each undergo their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind
from edge.shapes import OPENING_UNIT, SHAPES
from training.evaluate.asked import SAME_PEOPLE
from training.masks import CLOSED, SEVERAL, label, mask
from training.prepare.mesh import MIRRORED, TAUGHT
from training.train.augment import centre, cut, geometry, moved, relit
from training.train.pool import LIPS, Batch, Draw, Floats, Pool, Rows, as_input
from training.train.recipe import FOLDS, Mouths, Recipe

# Where among the lips' points the one stands that takes each one's place in a mirror image.
LIPS_MIRRORED = np.array([*range(6, -1, -1), *range(11, 6, -1), *range(16, 11, -1), 19, 18, 17])
BITS = (np.arange(1 << len(SHAPES))[:, None] >> np.arange(len(SHAPES)) & 1).astype(np.float32)


PUCKERED = mask("puckered")
ROUND = np.array([shape in ("rounded", "puckered") for shape in SHAPES])


@dataclass(frozen=True)
class Sample:
    """Rows that are shown together."""

    rows: Rows
    is_run: bool


@dataclass(frozen=True)
class MouthLesson:
    """What is learned of mouths, and how they are shown."""

    pool: Pool
    openings: Floats  # of every row, NaN where not known
    kind: CropKind  # of the model's crops
    recipe: Recipe

    @property
    def mouths(self) -> Mouths:
        """How mouths are learned."""
        assert self.recipe.mouths
        return self.recipe.mouths

    @cached_property
    def weights(self) -> Floats:
        """How much each row's shapes count: rare ones more, and less where several may be."""
        pool, how = self.pool, self.mouths
        classes = np.array([label(allowed) for allowed in range(len(BITS))])[pool.shapes]
        weights: Floats = np.where(classes == SEVERAL, how.several, 1).astype(np.float32)
        runs = is_run(pool)
        counts = np.bincount(pool.shapes[runs], minlength=len(BITS)).clip(1)
        often = counts[counts > 1]
        rarity = (counts / often.mean() if len(often) else counts) ** -how.rarity
        weights[runs] *= rarity[pool.shapes[runs]]
        return weights * (pool.shapes > 0)

    @cached_property
    def allowed(self) -> Floats:
        """For each row and shape whether it is allowed; -1 where that is not known.

        Points cannot tell whether lips are rounded. Were single pictures allowed to be, a model
        would call them all so, for it is always allowed: what it makes of their rounding is left
        to what phones have taught it. Closed lips are taken not to be: few who do not speak purse
        them."""
        pool = self.pool
        allowed = BITS[pool.shapes]
        stills = ~is_run(pool)
        allowed[stills & (pool.shapes == (CLOSED | PUCKERED)), SHAPES.index("puckered")] = 0
        level = allowed[:, ~ROUND].any(axis=1)
        in_doubt = (stills & level)[:, None] & ROUND & (allowed > 0)
        return np.where(in_doubt, np.float32(-1), allowed)

    def batch(self, samples: list[Sample], seed: tuple[int, ...] | None) -> Batch:
        """Inputs, targets and weights; without a seed, crops as they are."""
        shown = [
            self._show(sample, None if seed is None else np.random.default_rng((*seed, number)))
            for number, sample in enumerate(samples)
        ]
        pixels, points, lips = (np.stack(column) for column in zip(*shown, strict=True))
        rows = np.stack([sample.rows for sample in samples])
        inputs = {
            "pixels": as_input(pixels),
            "is_run": np.array([[sample.is_run] for sample in samples], np.float32),
        }
        opening = self.openings[rows] / OPENING_UNIT
        trusted = self.pool.measured[rows] | bool(self.recipe.teacher)
        weights = {
            "opening": np.where(trusted, 1.0, self.mouths.mesh) * np.isfinite(opening),
            "shapes": self.weights[rows],
        }
        targets = {
            "opening": np.nan_to_num(opening)[..., None],
            "shapes": self.allowed[rows],
        }
        for name, told, weight in (
            ("points", points, self.recipe.points),
            ("lips", lips, self.mouths.lips),
        ):
            if weight:
                targets[name] = np.nan_to_num(told)
                weights[name] = ~np.isnan(told).any(axis=-1)
        return inputs, targets, {name: of.astype(np.float32) for name, of in weights.items()}

    def _show(self, sample: Sample, rng: np.random.Generator | None) -> tuple[Floats, ...]:
        """Crops, and where their points and lips are, from -1 to 1 over the crop."""
        pool, side = self.pool, self.kind.size
        faces, points, lips = [], [], []
        seed = 0 if rng is None else int(rng.integers(1 << 62))
        for row in sample.rows:
            kept = pool.image(row)
            if rng is None:
                faces.append(centre(kept, self.kind))
                points.append(np.full(2 * len(TAUGHT), np.nan))
                lips.append(np.full(2 * LIPS, np.nan))
                continue
            # A camera's frames differ by what is before it alone.
            draw = np.random.default_rng(seed) if sample.is_run else rng
            matrix = geometry(kept.shape[0], self.kind, draw)
            faces.append(relit(cut(kept, matrix, side, draw), draw))
            mirrored = np.linalg.det(matrix[:, :2]) < 0
            for into, places, other in (
                (points, pool.taught_points(row), MIRRORED),
                (lips, pool.lips(row), LIPS_MIRRORED),
            ):
                seen = places[other] if mirrored else places
                into.append((moved(seen, matrix) / (side / 2) - 1).ravel())
        return np.stack(faces), np.stack(points), np.stack(lips)


class MouthDraw:
    """Which samples an epoch shows: single pictures each set by its share, runs by how rare what
    they show is."""

    def __init__(self, lesson: MouthLesson, rows: Rows) -> None:
        pool, how = lesson.pool, lesson.mouths
        self._recipe, self._how = lesson.recipe, how
        runs = is_run(pool)[rows]
        self._runs = Runs(pool, rows[runs], how.frames)
        weights = lesson.weights[rows[runs]]
        self._middles = rows[runs][weights > 0]
        self._odds = weights[weights > 0] / weights.sum() if len(self._middles) else weights
        self._stills = Draw(pool, rows[~runs], lesson.recipe) if (~runs).any() else None

    def __call__(self, epoch: int) -> list[list[Sample]]:
        """The batches of an epoch."""
        how, rng = self._how, np.random.default_rng((self._recipe.seed, epoch, 1))
        stills = self._stills(epoch) if self._stills else np.empty(0, int)
        runs = how.runs if len(self._middles) else 0
        each = how.stills * how.frames
        steps = len(stills) // each if self._stills else self._recipe.pictures // each
        batches = []
        for step in range(steps):
            mine = stills[step * each : (step + 1) * each].reshape(-1, how.frames)
            middles = rng.choice(self._middles, runs, p=self._odds) if runs else []
            moving = [Sample(self._runs.around(row, rng), True) for row in middles]
            batches.append([Sample(rows, False) for rows in mine] + moving)
        return batches


class Runs:
    """Rows of clips, of which some are drawn that follow each other."""

    def __init__(self, pool: Pool, rows: Rows, frames: int) -> None:
        self._frames = frames
        order = rows[np.lexsort((pool.moments[rows], pool.people[rows]))]
        breaks = (pool.people[order][1:] != pool.people[order][:-1]) | (
            np.diff(pool.moments[order]) != 1
        )
        self._order, stretch = order, np.concatenate([[0], np.cumsum(breaks)])[: len(order)]
        numbers = np.arange(stretch[-1] + 1 if len(order) else 0)
        self._first = np.searchsorted(stretch, numbers)
        self._after = np.searchsorted(stretch, numbers, "right")
        self._stretch = stretch
        self._place = {int(row): place for place, row in enumerate(order)}

    def around(self, row: int, rng: np.random.Generator) -> Rows:
        """A run that has a row in it; where its clip is too short, its last frame stays."""
        place = self._place[int(row)]
        stretch = self._stretch[place]
        first, after = self._first[stretch], self._after[stretch]
        begin = max(first, min(place - int(rng.integers(self._frames)), after - self._frames))
        return self._order[np.minimum(np.arange(begin, begin + self._frames), after - 1)]

    def cut_up(self) -> list[Sample]:
        """Every stretch in runs one after the other."""
        found = []
        for first, after in zip(self._first, self._after, strict=True):
            for begin in range(first, after, self._frames):
                places = np.minimum(np.arange(begin, begin + self._frames), after - 1)
                found.append(Sample(self._order[places], True))
        return found


class MouthBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of samples, not changed, or at random, the same for the same seed and epoch."""

    def __init__(
        self, lesson: MouthLesson, samples: list[list[Sample]], epoch: int | None = None
    ) -> None:
        super().__init__()
        self._lesson, self._samples, self._epoch = lesson, samples, epoch

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Batch:
        seed = None if self._epoch is None else (self._lesson.recipe.seed, self._epoch, index)
        return self._lesson.batch(self._samples[index], seed)


def unchanged(lesson: MouthLesson, rows: Rows) -> MouthBatches:
    """Rows to look at, runs as runs."""
    pool, frames = lesson.pool, lesson.mouths.frames
    runs = is_run(pool)[rows]
    samples = Runs(pool, rows[runs], frames).cut_up()
    stills = rows[~runs]
    many = max(len(stills) // frames, min(1, len(stills)))  # of a few, some are seen twice
    stills = np.resize(stills, (many, frames))
    samples = [Sample(each, False) for each in stills] + samples
    return MouthBatches(lesson, [samples[n : n + 8] for n in range(0, len(samples), 8)])


def others_than_tested(pool: Pool, name: str) -> NDArray[np.bool_]:
    """Which rows a part may learn from: a fold leaves people out, who are in other sets, too."""
    strangers = ~pool.of_sets(SAME_PEOPLE["keypoints68"])
    return strangers if name in FOLDS else np.ones(len(pool), bool)


def is_run(pool: Pool) -> NDArray[np.bool_]:
    """Which rows are frames of clips whose phones are known."""
    return pool.moments >= 0
