"""The way of every part of a run: trained, converted, and asked about what it never learned
from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from convert.int8 import convert
from edge import __version__
from edge.crop import FACE
from edge.description import Description, Quantisation, Source, embed
from edge.errors import SettingsError
from edge.frame import Image
from edge.interpreter import Interpreter, Tensor
from training.crops import Crops
from training.run import Run
from training.train.fit import forget_checkpoints
from training.train.part import Mask, Part
from training.train.pool import Pool, as_input
from training.train.recipe import FOLDS, Recipe
from training.written import written

log = logging.getLogger(__name__)


class Subject(Protocol):
    """Something that is taught."""

    task: str
    cross_needs: str  # sets, for a part without one of them
    calibration_crops: int  # so many show which numbers occur inside a model

    def check(self, pool: Pool, recipe: Recipe, parts: Sequence[str]) -> None:
        """Refuse what cannot be learned from, built or asked."""

    def crossed(self, pool: Pool) -> Mask:
        """What the part `cross` is made without."""

    def part(self, name: str, run: Run, recipe: Recipe, pool: Pool) -> Part:
        """Who learns from what."""

    def sheet(self, part: Part) -> Image:
        """Samples as the model sees them."""

    def fit(self, part: Part, tensorboard: bool) -> keras.Model:
        """The trained model as the device has it: pixels in, answer out."""

    def says(self, part: Part) -> dict[str, Any]:
        """Of the description: labels, thresholds and what else the task decides."""

    def calibrated(self, part: Part, file: Path, said: Description) -> Description:
        """The description with what the int8 file's answers to the part's own check tell."""

    def answers(self, part: Part) -> dict[str, NDArray[Any]]:
        """What both forms of the model make of the pictures that are left out."""

    def outcome(self, part: Part) -> str:
        """What those come to, in one line."""


def train(
    subject: Subject,
    crops: Sequence[Crops],
    run: Run,
    recipe: Recipe,
    names: Sequence[str],
    tensorboard: bool,
) -> None:
    """Train every part that is asked for and not finished yet; by default the folds and all."""
    pool = Pool(crops)
    names = names or (*pool.fold_names, "all")
    _check(subject, pool, names, recipe)
    parts = [subject.part(name, run, recipe, pool) for name in names]
    for part in parts:
        if not len(part.heldout):
            raise SettingsError(f"--parts {part.name}: nothing is left out to look at it by")
    began = datetime.now(UTC).isoformat(timespec="seconds")
    run.begin(subject.task, recipe, crops, {"began": began, "folds": pool.fold_names})
    for part in parts:
        with run.alone(part.name):
            _make(subject, part, tensorboard)


def _make(subject: Subject, part: Part, tensorboard: bool) -> None:
    name, run = part.name, part.run
    if not (sheet := run.folder / "sheet.png").exists():
        _, png = cv2.imencode(".png", subject.sheet(part))
        with written(sheet) as partial:
            partial.write_bytes(png.tobytes())
    if not run.keras(name).exists():
        log.info("%s: %d crops, and %d kept aside", name, len(part.learn), len(part.check))
        model = subject.fit(part, tensorboard)
        with written(run.keras(name)) as partial:
            model.save(partial)
        forget_checkpoints(run.part(name))
    if not run.tflite(name).exists():
        _deliver(subject, part)
    if not run.heldout(name).exists():
        answers = subject.answers(part)
        with written(run.heldout(name)) as partial:
            np.savez_compressed(partial, **answers)
    log.info("%s: %s", name, subject.outcome(part))


def _check(subject: Subject, pool: Pool, parts: Sequence[str], recipe: Recipe) -> None:
    """Refuse what cannot be trained on before any time is spent."""
    for crops in pool.parts:
        origin = crops.origin
        if origin.task != subject.task:
            raise SettingsError(f"crops of {origin.dataset} are for {origin.task}")
        if origin.kind != FACE.name:  # any cut is taken from it
            raise SettingsError(f"crops of {origin.dataset} are cut as {origin.kind}")
        if (folds := int(crops.folds.max()) + 1) > len(FOLDS):
            raise SettingsError(f"{origin.dataset}: {folds} folds; at most {len(FOLDS)} can be")
    names = {crops.origin.dataset for crops in pool.parts}
    for option, given in (("share", recipe.shares), ("whole", recipe.whole)):
        if unknown := [name for name in given if name not in names]:
            known = ", ".join(sorted(names))
            raise SettingsError(f"--{option} {unknown[0]}: no such set among the crops ({known})")
    if recipe.points and not any(crops.points.shape[1] for crops in pool.parts):
        raise SettingsError("the crops were prepared without points: use --points 0")
    for part in parts:
        if part in FOLDS and part not in pool.fold_names:
            raise SettingsError(f"--parts {part}: no set among the crops has such a fold")
    crossed = subject.crossed(pool)
    if "cross" in parts and (not crossed.any() or crossed.all()):
        raise SettingsError(f"--parts cross: needs {subject.cross_needs}")
    subject.check(pool, recipe, parts)


def _deliver(subject: Subject, part: Part) -> None:
    """Convert to int8, fit the temperature on the int8 file and write the description."""
    rng = np.random.default_rng(part.recipe.seed)
    many = min(subject.calibration_crops, len(part.learn))
    rows = rng.choice(part.learn, many, replace=False)
    model = keras.models.load_model(part.run.keras(part.name), compile=False)
    with written(part.run.tflite(part.name)) as bare:
        interpreter = convert(model, as_input(part.pool.centres(rows, part.kind)), bare)
        said = _described(subject, part, interpreter)
        embed(bare, said)
        embed(bare, subject.calibrated(part, bare, said))


def _described(subject: Subject, part: Part, interpreter: Interpreter) -> Description:
    """As far as it is known before the file is asked anything."""
    return Description(
        task=subject.task,
        crop=part.kind.name,
        crop_size=part.kind.size,
        frames=1,
        input=_quantisation(interpreter.inputs[0]),
        output=_quantisation(interpreter.outputs[0]),
        temperature=1.0,
        sources=_sources(part),
        metrics=(),
        versions={"lipwire": __version__, "keras": keras.__version__, "tensorflow": tf.__version__},
        created=datetime.now(UTC).date().isoformat(),
        **subject.says(part),
    )


def _sources(part: Part) -> tuple[Source, ...]:
    pool, learned = part.pool, part.recipe.whole
    counts = np.bincount(pool.sets[part.learn], minlength=len(pool.parts))
    return tuple(
        Source(
            crops.origin.dataset,
            crops.origin.licence,
            int(count),
            "test" * bool(crops.origin.dataset not in learned and (crops.parts == "test").any()),
        )
        for crops, count in zip(pool.parts, counts, strict=True)
        if count
    )


def _quantisation(tensor: Tensor) -> Quantisation:
    return Quantisation(tensor.dtype.name, tensor.scale, tensor.zero_point)
