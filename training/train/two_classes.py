"""How a model learns to tell two classes apart: one logit, of which above 0 means the second."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from edge.description import Description, read
from edge.errors import SettingsError
from edge.frame import Image
from edge.read import TwoClassReader
from training import zoo
from training.evaluate.figures import auc, fit_temperature, interval
from training.report.held import read_held
from training.run import Run
from training.train.fit import Watch, fit
from training.train.part import Mask, Part, drawn, left_out, looked_at, not_for_tests
from training.train.pool import Batches, Draw, Lesson, Pool, as_input
from training.train.recipe import Recipe
from training.train.sheet import FACES, draw_changed, draw_unchanged
from training.train.teach import check_teacher, learner, softened, teacher_answers, without_help

ON_THRESHOLD, OFF_THRESHOLD = 0.7, 0.4  # until `evaluate false-smiles --choose` writes better ones
UNKNOWN = -1  # which class a row is of
Labels = NDArray[np.int8]


class TwoClasses(ABC):
    """What telling two classes apart has in common, whatever they are."""

    task: str
    cross_needs: str  # sets, for a part without one of them
    calibration_crops = 500

    @abstractmethod
    def classes(self, pool: Pool) -> tuple[str, ...]:
        """The names of both."""

    @abstractmethod
    def truth(self, pool: Pool) -> Labels:
        """Which class each row is of, or that nobody knows."""

    @abstractmethod
    def crossed(self, pool: Pool) -> Mask:
        """What the part `cross` is made without."""

    def strangers(self, pool: Pool, name: str) -> Mask:
        """Whom a part may learn from, as far as people are concerned."""
        return np.ones(len(pool), bool)

    def counted(self, pool: Pool, mine: Mask) -> Mask:
        """Of what a part may learn from, the rows whose labels are the ones that count."""
        return mine

    def biased(self, part: Part) -> tuple[int, ...]:
        """Sets that have a bias of their own while the model learns."""
        return ()

    def check(self, pool: Pool, recipe: Recipe, parts: Sequence[str]) -> None:
        """Refuse what cannot be built or asked."""
        check_teacher(recipe, parts)
        learner(zoo.build(recipe), recipe.points > 0, 0)

    def part(self, name: str, run: Run, recipe: Recipe, pool: Pool) -> Part:
        """Rows to learn from and rows kept for the temperature; what is left out is in neither.

        Nobody is on both sides where people are known, unless they are too few for both classes on
        each."""
        known = self.truth(pool) != UNKNOWN
        out = left_out(pool, name, self.crossed(pool))
        mine = known & not_for_tests(pool, recipe) & ~out & self.strangers(pool, name)
        like = self.counted(pool, mine)
        kept = like & drawn(pool, recipe)
        if not (self._both(pool, kept) and self._both(pool, mine & ~kept)):
            kept = self._few(pool, name, like, recipe)
        learn, check = np.flatnonzero(mine & ~kept), np.flatnonzero(kept)
        rows = looked_at(pool, recipe, name, out, check)
        return Part(name, run, recipe, pool, learn, check, rows[known[rows]])

    def sheet(self, part: Part) -> Image:
        """Faces of the first set that has any, class by class, as they are shown to the model."""
        pool, truth = part.pool, self.truth(part.pool)
        rng = np.random.default_rng(part.recipe.seed)
        among = pool.sets == pool.sets[truth != UNKNOWN][0]
        rows = [np.flatnonzero(among & (truth == label)) for label in (0, 1)]
        chosen = [rng.choice(each, min(FACES, len(each)), replace=False) for each in rows]
        faces = [[pool.image(row) for row in each] for each in chosen if len(each)]
        if part.recipe.augment:
            return draw_changed(faces, part.kind, part.recipe.seed)
        return draw_unchanged(faces, part.kind)

    def fit(self, part: Part, tensorboard: bool) -> keras.Model:
        """Train the part's model, or go on where that was ended."""
        pool, recipe = part.pool, part.recipe
        answers = teacher_answers(pool, recipe, part.name)
        biased = self.biased(part) if recipe.set_bias else ()
        targets = softened(self.truth(pool), answers, recipe)
        lesson = Lesson(pool, targets, biased, part.kind, recipe)
        draw = Draw(pool, part.learn, recipe)

        def build() -> keras.Model:
            model = zoo.build(recipe)
            _standardise(model, part)
            return learner(model, recipe.points > 0, len(biased))

        def batches(epoch: int) -> Batches:
            return Batches(lesson, draw(epoch), epoch)

        watch = Watch(lesson.unchanged(part.check), tensorboard)
        return without_help(fit(build, batches, recipe, part.run.part(part.name), watch))

    def says(self, part: Part) -> dict[str, Any]:
        """Of the description: labels and thresholds."""
        return {
            "labels": self.classes(part.pool),
            "on_threshold": ON_THRESHOLD,
            "off_threshold": OFF_THRESHOLD,
        }

    def calibrated(self, part: Part, file: Path, said: Description) -> Description:
        """The description with the temperature."""
        logits = self._int8_logits(file, part.pool.centres(part.check, part.kind))
        truth = self.truth(part.pool)[part.check] == 1
        return replace(said, temperature=fit_temperature(logits, truth))

    def answers(self, part: Part) -> dict[str, NDArray[Any]]:
        """Logits of the pictures that are left out."""
        rows, run = part.heldout, part.run
        images = part.pool.centres(rows, part.kind)
        model = keras.models.load_model(run.keras(part.name), compile=False)
        return {
            "images": images,
            "labels": self.truth(part.pool)[rows],
            "files": part.pool.files[rows],
            "logits": self._int8_logits(run.tflite(part.name), images).astype(np.float32),
            "float_logits": model.predict(as_input(images), verbose=0)[:, 0],
        }

    def outcome(self, part: Part) -> str:
        """How often the part is right about what it has not learned from."""
        run, name = part.run, part.name
        held = read_held(run.heldout(name), read(run.tflite(name)))
        low, high = interval(held.right)
        surprise = np.logaddexp(0, np.where(held.truth, -held.logits, held.logits))
        area = f"{auc(held.logits, held.truth):.4f}" if 0 < held.truth.mean() < 1 else "unknown"
        return (
            f"{held.right.mean():.1%} of {len(held.right)} held out right ({low:.1%} to "
            f"{high:.1%}), area under ROC {area}, log loss {surprise.mean():.4f}"
        )

    def _int8_logits(self, file: Path, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The device's answers, before the temperature."""
        reader = TwoClassReader(file, self.task)
        return np.array([reader.logit(face) for face in images])

    def _both(self, pool: Pool, among: Mask) -> bool:
        return len(np.unique(self.truth(pool)[among])) == 2

    def _few(self, pool: Pool, part: str, like: Mask, recipe: Recipe) -> Mask:
        """A share of each class, one picture at least, whoever is on it."""
        rng, kept = np.random.default_rng(recipe.seed), np.zeros(len(pool), bool)
        for label, name in enumerate(self.classes(pool)):
            rows = np.flatnonzero(like & (self.truth(pool) == label))
            if len(rows) < 2:
                raise SettingsError(
                    f"{part}: {len(rows)} crops of class '{name}', of which one must be kept aside "
                    "and one learned from"
                )
            many = max(1, round(recipe.validation_share * len(rows)))
            kept[rng.choice(rows, many, replace=False)] = True
        return kept


def _standardise(model: keras.Model, part: Part) -> None:
    """Adapt layers that standardise to all that the part learns from."""
    for layer in model.layers:
        if isinstance(layer, layers.Normalization):
            layer.adapt(as_input(part.pool.centres(part.learn, part.kind)))
