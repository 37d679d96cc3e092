"""`lipwire train smile`: one model a fold (trained without it), one on all, one without the set."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from convert.int8 import convert
from edge import __version__
from edge.crop import FACE, KINDS, CropKind
from edge.description import Description, Quantisation, Source, embed, read
from edge.errors import SettingsError
from edge.interpreter import Interpreter, Tensor
from edge.read import SmileReader
from training import zoo
from training.crops import Crops
from training.evaluate.figures import auc, fit_temperature, interval
from training.evaluate.readers import load_keras
from training.report.held import read_held
from training.run import Run
from training.train.fit import Watch, fit, forget_checkpoints
from training.train.pool import Batches, Draw, Lesson, Pool, Rows, as_input
from training.train.recipe import FOLDS, Recipe
from training.train.sheet import write_sheet
from training.train.teach import (
    check_teacher,
    learner,
    softened,
    teacher_answers,
    without_help,
)
from training.written import written

CALIBRATION_CROPS = 500
ON_THRESHOLD, OFF_THRESHOLD = 0.7, 0.4  # until `evaluate false-smiles --choose` writes better ones
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """One model of a run: what it learns from, and what is kept from it."""

    name: str
    run: Run
    recipe: Recipe
    pool: Pool
    learn: Rows
    check: Rows  # for the temperature

    @property
    def kind(self) -> CropKind:
        """The model's crops."""
        return replace(KINDS[self.recipe.crop], size=zoo.size(self.recipe))

    @property
    def biased(self) -> tuple[int, ...]:
        """Sets whose labellers may have meant something else than those of the set with folds."""
        learned = np.unique(self.pool.sets[self.learn])
        if len(learned) == 1:  # its bias is the model's own
            return ()
        reference = np.unique(self.pool.sets[self.pool.folds >= 0])
        return tuple(learned[~np.isin(learned, reference)].tolist())

    @property
    def heldout(self) -> Rows:
        """Rows that the part has not learned from and by which it is looked at."""
        folds = self.pool.folds
        if self.name in FOLDS:
            return np.flatnonzero(folds == FOLDS.index(self.name))
        if self.name == "cross":
            return np.flatnonzero(folds >= 0)
        tests = np.flatnonzero(self.pool.tests & ~self.pool.of_sets(self.recipe.whole))
        return tests if len(tests) else self.check


def train(
    crops: Sequence[Crops], run: Run, recipe: Recipe, parts: Sequence[str], tensorboard: bool
) -> None:
    """Train every part that is asked for and not finished yet."""
    pool = Pool(crops)
    _check(pool, parts, recipe)
    check_teacher(recipe, parts)
    # What cannot be built is said at once.
    learner(zoo.module(recipe.model).build(**recipe.options), recipe.points > 0, 0)
    run.begin("smile", recipe, crops, {"began": datetime.now(UTC).isoformat(timespec="seconds")})
    for name in parts:
        part = Part(name, run, recipe, pool, *split(pool, name, recipe))
        with run.alone(name):
            write_sheet(crops[0], part.kind, recipe.seed, run.folder / "sheet.png")
            if not run.keras(name).exists():
                log.info("%s: %d crops, and %d kept aside", name, len(part.learn), len(part.check))
                _fit(part, tensorboard)
            if not run.tflite(name).exists():
                _deliver(part)
            if not run.heldout(name).exists():
                _answer(part)
            log.info("%s: %s", name, outcome(run, name))


def split(pool: Pool, part: str, recipe: Recipe) -> tuple[Rows, Rows]:
    """Rows to learn from and rows kept for the temperature; what the part leaves out is in neither.

    The rows kept are of the set with folds, whose labels are the ones that count; where it is left
    out, of all others. Nobody is on both sides where people are known, unless they are too few for
    both classes on each."""
    folded = pool.folds >= 0
    mine = ~pool.tests | pool.of_sets(recipe.whole)
    if part == "cross":
        mine &= ~folded
    elif part in FOLDS:
        mine &= pool.folds != FOLDS.index(part)
    like = mine & folded if (mine & folded).any() else mine
    alone = np.array([f"row {row}" for row in range(len(pool))])
    _, person = np.unique(np.where(pool.people == "", alone, pool.people), return_inverse=True)
    drawn = np.random.default_rng(recipe.seed).random(person.max() + 1) < recipe.validation_share
    kept = like & drawn[person]
    if not (_both_classes(pool, kept) and _both_classes(pool, mine & ~kept)):
        kept = _few(pool, part, like, recipe)
    return np.flatnonzero(mine & ~kept), np.flatnonzero(kept)


def _both_classes(pool: Pool, among: NDArray[np.bool_]) -> bool:
    return len(np.unique(pool.labels[among])) == 2


def _few(pool: Pool, part: str, like: NDArray[np.bool_], recipe: Recipe) -> NDArray[np.bool_]:
    """A share of each class, one picture at least, whoever is on it."""
    rng, kept = np.random.default_rng(recipe.seed), np.zeros(len(pool), bool)
    for label, name in enumerate(pool.parts[0].origin.classes):
        rows = np.flatnonzero(like & (pool.labels == label))
        if len(rows) < 2:
            raise SettingsError(
                f"{part}: {len(rows)} crops of class '{name}', of which one must be kept aside and "
                "one learned from"
            )
        many = max(1, round(recipe.validation_share * len(rows)))
        kept[rng.choice(rows, many, replace=False)] = True
    return kept


def _check(pool: Pool, parts: Sequence[str], recipe: Recipe) -> None:
    """Refuse what cannot be trained on before any time is spent."""
    for crops in pool.parts:
        if crops.origin.task != "smile":
            raise SettingsError(f"crops of {crops.origin.dataset} are for {crops.origin.task}")
        if crops.origin.kind != FACE.name:  # any cut is taken from it
            raise SettingsError(f"crops of {crops.origin.dataset} are cut as {crops.origin.kind}")
        for label, name in enumerate(crops.origin.classes):
            if not (crops.labels == label).any():
                raise SettingsError(f"{crops.origin.dataset}: no picture of class '{name}'")
    names = {crops.origin.dataset for crops in pool.parts}
    for option, given in (("share", recipe.shares), ("whole", recipe.whole)):
        if unknown := [name for name in given if name not in names]:
            known = ", ".join(sorted(names))
            raise SettingsError(f"--{option} {unknown[0]}: no such set among the crops ({known})")
    if recipe.points and not any(crops.points.shape[1] for crops in pool.parts):
        raise SettingsError("the crops were prepared without points: use --points 0")
    folds = set(pool.folds[pool.folds >= 0].tolist())
    for part in parts:
        if part in FOLDS and FOLDS.index(part) not in folds:
            raise SettingsError(f"--parts {part}: no set among the crops has such a fold")
        if part == "cross" and (not folds or (pool.folds >= 0).all()):
            raise SettingsError("--parts cross: needs a set with folds and one without")


def _fit(part: Part, tensorboard: bool) -> None:
    pool, recipe = part.pool, part.recipe
    targets = softened(pool, teacher_answers(pool, recipe, part.name), recipe)
    biased = part.biased if recipe.set_bias else ()
    lesson = Lesson(pool, targets, biased, part.kind, recipe)
    draw = Draw(pool, part.learn, recipe)

    def build() -> keras.Model:
        model = zoo.module(recipe.model).build(**recipe.options)
        return learner(model, recipe.points > 0, len(biased))

    def batches(epoch: int) -> Batches:
        return Batches(lesson, draw(epoch), epoch)

    watch = Watch(lesson.unchanged(part.check), tensorboard)
    model = fit(build, batches, recipe, part.run.part(part.name), watch)
    with written(part.run.keras(part.name)) as partial:
        without_help(model).save(partial)
    forget_checkpoints(part.run.part(part.name))


def _deliver(part: Part) -> None:
    """Convert to int8, fit the temperature on the int8 file and write the description."""
    pool, file = part.pool, part.run.tflite(part.name)
    rng = np.random.default_rng(part.recipe.seed)
    rows = rng.choice(part.learn, min(CALIBRATION_CROPS, len(part.learn)), replace=False)
    model = load_keras(part.run.keras(part.name))
    with written(file) as bare:
        interpreter = convert(model, as_input(pool.centres(rows, part.kind)), bare)
        description = _description(part, interpreter)
        embed(bare, description)
        logits = int8_logits(bare, pool.centres(part.check, part.kind))
        temperature = fit_temperature(logits, pool.labels[part.check] == 1)
        embed(bare, replace(description, temperature=temperature))


def _description(part: Part, interpreter: Interpreter) -> Description:
    pool = part.pool
    learned = np.bincount(pool.sets[part.learn], minlength=len(pool.parts))
    sources = [
        Source(
            crops.origin.dataset,
            crops.origin.licence,
            int(count),
            "test" * bool(crops.origin.dataset not in part.recipe.whole and _has_test(crops)),
        )
        for crops, count in zip(pool.parts, learned, strict=True)
        if count
    ]
    return Description(
        task="smile",
        labels=pool.parts[0].origin.classes,
        crop=part.kind.name,
        crop_size=part.kind.size,
        frames=1,
        input=_quantisation(interpreter.inputs[0]),
        output=_quantisation(interpreter.outputs[0]),
        temperature=1.0,
        on_threshold=ON_THRESHOLD,
        off_threshold=OFF_THRESHOLD,
        sources=tuple(sources),
        metrics=(),
        versions={"lipwire": __version__, "keras": keras.__version__, "tensorflow": tf.__version__},
        created=datetime.now(UTC).date().isoformat(),
    )


def _has_test(crops: Crops) -> bool:
    return bool((crops.parts == "test").any())


def _answer(part: Part) -> None:
    """Keep what both forms of the model make of pictures they have not learned from."""
    pool, rows, file = part.pool, part.heldout, part.run.heldout(part.name)
    images = pool.centres(rows, part.kind)
    model = load_keras(part.run.keras(part.name))
    answers = {
        "images": images,
        "labels": pool.labels[rows],
        "files": pool.files[rows],
        "logits": int8_logits(part.run.tflite(part.name), images).astype(np.float32),
        "float_logits": model.predict(as_input(images), verbose=0)[:, 0],
    }
    with written(file) as partial:
        np.savez_compressed(partial, **answers)


def outcome(run: Run, part: str) -> str:
    """What a part makes of what it has not learned from, in one line."""
    held = read_held(run.heldout(part), read(run.tflite(part)).temperature)
    low, high = interval(held.right)
    surprise = np.logaddexp(0, np.where(held.truth, -held.logits, held.logits))
    area = f"{auc(held.logits, held.truth):.4f}" if 0 < held.truth.mean() < 1 else "unknown"
    return (
        f"{held.right.mean():.1%} of {len(held.right)} held out right ({low:.1%} to {high:.1%}), "
        f"area under ROC {area}, log loss {surprise.mean():.4f}"
    )


def int8_logits(path: Path, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The device's answers, before the temperature."""
    reader = SmileReader(path)
    return np.array([reader.logit(face) for face in images])


def _quantisation(tensor: Tensor) -> Quantisation:
    return Quantisation(tensor.dtype.name, tensor.scale, tensor.zero_point)
