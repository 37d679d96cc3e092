"""`lipwire train viseme`: one model a fold (trained without it), one on all, one without GRID."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind
from edge.description import Description, read
from edge.errors import SettingsError
from edge.frame import Image
from edge.mouth import MouthRules
from edge.read import VisemeReader
from edge.shapes import OPENING_UNIT, SHAPES
from training import zoo
from training.evaluate.mouths import THRESHOLDS, Answers, counted, fit_temperature
from training.masks import shapes_of
from training.report.held_mouths import read_held_mouths
from training.run import Run
from training.train.fit import Watch, fit
from training.train.mouths import (
    MouthBatches,
    MouthDraw,
    MouthLesson,
    Sample,
    is_run,
    others_than_tested,
    unchanged,
)
from training.train.part import Mask, Part, drawn, left_out, looked_at, not_for_tests
from training.train.pool import Floats, Pool, Rows, as_input
from training.train.recipe import Recipe
from training.train.sheet import Captioned, draw_captioned
from training.train.teach import taught_by
from training.train.votes import learner, without_help

CHUNK = 1024
LETTERS = "ABCDEF"  # of Preston Blair's shapes, in the order of ours
SHOWN_STILLS = 3  # samples of a sheet that are no runs
log = logging.getLogger(__name__)


class MouthShapes:
    """The opening and the shape of mouths."""

    task = "viseme"
    cross_needs = "grid, and another set"
    calibration_crops = 600

    def check(self, pool: Pool, recipe: Recipe, parts: Sequence[str]) -> None:
        """Refuse sets that say nothing, and what cannot be built, shown or asked."""
        for crops in pool.parts:
            if not (crops.shapes > 0).any() and not np.isfinite(crops.gaps).any():
                raise SettingsError(f"{crops.origin.dataset}: nothing is said of any mouth")
        assert recipe.mouths
        if recipe.pictures < (least := recipe.mouths.stills * recipe.mouths.frames):
            raise SettingsError(f"--pictures must be at least {least}, what a batch shows")
        for name in parts if recipe.teacher else ():
            _teacher(recipe, name)
        learner(zoo.build(recipe), recipe)

    def crossed(self, pool: Pool) -> Mask:
        """GRID."""
        return is_run(pool)

    def part(self, name: str, run: Run, recipe: Recipe, pool: Pool) -> Part:
        """Rows to learn from, of which something is said, and rows kept for the temperature and the
        threshold; nobody is on both sides where people are known."""
        out = left_out(pool, name, self.crossed(pool))
        mine = not_for_tests(pool, recipe) & ~out & others_than_tested(pool, name)
        kept = mine & drawn(pool, recipe) & (pool.shapes > 0)
        said = (pool.shapes > 0) | np.isfinite(pool.gaps)
        learn, check = np.flatnonzero(mine & ~kept & said), np.flatnonzero(kept)
        if not len(learn) or not len(check):
            raise SettingsError(f"{name}: too few crops to learn from some and keep some aside")
        return Part(
            name, run, recipe, pool, learn, check, looked_at(pool, recipe, name, out, check)
        )

    def sheet(self, part: Part) -> Image:
        """The first samples of the first epoch; below each mouth what it may show, and its gap."""
        lesson = MouthLesson(part.pool, part.pool.gaps, part.kind, part.recipe)
        samples = MouthDraw(lesson, part.learn)(0)[0]
        stills = [sample for sample in samples if not sample.is_run][:SHOWN_STILLS]
        samples = stills + [sample for sample in samples if sample.is_run]
        inputs, _, _ = lesson.batch(samples, (part.recipe.seed, 0, 0))
        faces = np.rint(255 * inputs["pixels"][..., 0]).astype(np.uint8)
        rows = [_captioned(part.pool, *each) for each in zip(samples, faces, strict=True)]
        said = ", ".join(map(" ".join, zip(LETTERS, SHAPES, strict=True)))
        return draw_captioned(f"{said}, -: nothing said; the gap in eye distances", rows)

    def fit(self, part: Part, tensorboard: bool) -> keras.Model:
        """Train the part's model, or go on where that was ended."""
        recipe = part.recipe
        lesson = MouthLesson(part.pool, openings(part), part.kind, recipe)
        draw = MouthDraw(lesson, part.learn)

        def build() -> keras.Model:
            return learner(zoo.build(recipe), recipe)

        def batches(epoch: int) -> MouthBatches:
            return MouthBatches(lesson, draw(epoch), epoch)

        watch = Watch(unchanged(lesson, part.check), tensorboard)
        return without_help(fit(build, batches, recipe, part.run.part(part.name), watch))

    def says(self, part: Part) -> dict[str, Any]:
        """Of the description: labels, thresholds, moments and rules."""
        return {
            "labels": SHAPES,
            "on_threshold": THRESHOLDS[0],
            "off_threshold": THRESHOLDS[1],
            "smoothing_s": MouthRules().smoothing_s,
            "min_duration_s": MouthRules().hold_s,
            "votes_s": zoo.module(part.recipe.model).VOTES_S,
        }

    def calibrated(self, part: Part, file: Path, said: Description) -> Description:
        """The description with the temperature."""
        votes = counted(_answers(file, part, part.check))
        return replace(said, temperature=fit_temperature(votes, part.pool.shapes[part.check]))

    def answers(self, part: Part) -> dict[str, NDArray[Any]]:
        """Openings and votes of the pictures that are left out."""
        pool, rows = part.pool, part.heldout
        answers = _answers(part.run.tflite(part.name), part, rows)
        return {
            "images": pool.centres(rows, part.kind),
            "sets": np.array([crops.origin.dataset for crops in pool.parts])[pool.sets[rows]],
            "files": pool.files[rows],
            "people": pool.people[rows],
            "moments": pool.moments[rows],
            "gaps": np.where(pool.measured[rows], pool.gaps[rows], np.nan),
            "shapes": pool.shapes[rows],
            "openings": answers.openings.astype(np.float32),
            "votes": answers.votes.astype(np.float32),
            "float_answers": _told(part.run.keras(part.name), pool, rows, part.kind),
        }

    def outcome(self, part: Part) -> str:
        """How far openings and shapes are right."""
        said = read(part.run.tflite(part.name))
        return read_held_mouths(part.run.heldout(part.name), said).outcome(said)


def _captioned(pool: Pool, sample: Sample, faces: Image) -> Captioned:
    first, last = pool.files[sample.rows[0]], pool.files[sample.rows[-1]]
    names = [pool.parts[number].origin.dataset for number in np.unique(pool.sets[sample.rows])]
    title = f"{first} to {last}" if sample.is_run else f"pictures of {', '.join(names)}"
    return Captioned(title, list(faces), [_caption(pool, row) for row in sample.rows])


def _caption(pool: Pool, row: int) -> str:
    shapes = shapes_of(int(pool.shapes[row]))
    letters = "".join(LETTERS[SHAPES.index(shape)] for shape in shapes) or "-"
    return letters if np.isnan(pool.gaps[row]) else f"{letters} {pool.gaps[row]:.2f}"


def openings(part: Part) -> Floats:
    """How far each mouth is open: as measured, as a teacher sees it, else as the face mesh does."""
    pool, recipe = part.pool, part.recipe
    if not recipe.teacher:
        return pool.gaps
    teacher = _teacher(recipe, part.name)
    log.info("%s: asking %s", part.name, teacher)
    told = _told(teacher, pool, np.arange(len(pool)), part.kind)[:, 0] * OPENING_UNIT
    share = recipe.teacher_weight
    return np.where(pool.measured, (1 - share) * pool.gaps + share * told, told)


def _teacher(recipe: Recipe, part: str) -> Path:
    """The teacher's model that has seen no more; without a set, that is also its one of all
    others."""
    run = Run(Path(recipe.teacher))
    taught_by(run, recipe)
    sets = {source["dataset"] for source in run.config()["sources"]}
    file = run.keras("all" if part == "cross" and "grid" not in sets else part)
    if not file.is_file():
        raise SettingsError(f"--teacher {run.folder}: it has no {file.name}")
    return file


def _told(model: Path, pool: Pool, rows: Rows, kind: CropKind) -> Floats:
    """A Keras model's answers to crops as they are."""
    loaded = keras.models.load_model(model, compile=False)
    side = loaded.input.shape[1]
    chunks = np.array_split(rows, max(1, len(rows) // CHUNK))
    return np.concatenate(
        [
            loaded.predict(as_input(pool.centres(some, replace(kind, size=side))), verbose=0)
            for some in chunks
        ]
    )


def _answers(model: Path, part: Part, rows: Rows) -> Answers:
    """What the device makes of rows."""
    reader, pool = VisemeReader(model), part.pool
    told = [reader(face) for face in pool.centres(rows, part.kind)]
    return Answers(
        np.array([ballot.opening for ballot in told]),
        np.stack([ballot.votes for ballot in told]),
        pool.people[rows],
        pool.moments[rows],
    )
