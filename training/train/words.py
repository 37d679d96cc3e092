"""Training readers of words: every part trained, made int8 and asked about what it never saw."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from convert.int8 import convert as convert_clip
from convert.words import convert as convert_step
from edge import __version__
from edge.description import Description, Quantisation, Source, embed
from edge.errors import SettingsError
from edge.interpreter import Interpreter
from edge.word_reader import FASTEST_FPS, LONGEST_WINDOW, SLOWEST_FPS
from training import zoo
from training.clips import Clips
from training.run import Run
from training.train import lips, word_parts, word_sees
from training.train.fit import Watch, fit, forget_checkpoints
from training.train.word_answers import float_logits, int8_logits, lengthened, streams
from training.train.word_calibration import calibrated
from training.train.word_lesson import WordBatches, WordLesson
from training.train.word_parts import WordPart
from training.train.word_recipe import WordRecipe
from training.train.word_samples import epoch_of
from training.train.word_sheet import sheet
from training.written import written

log = logging.getLogger(__name__)

CALIBRATION_CLIPS = 60
THRESHOLDS = 0.5, 0.3
SOFTER = 2.0  # by which teachers' logits are divided


def train(
    file: Path, run: Run, recipe: WordRecipe, names: Sequence[str], tensorboard: bool
) -> None:
    """Train every part that is asked for and not finished yet."""
    clips = Clips.read(file)
    pool = word_sees.pool(clips, recipe.sees)
    if not clips.origin.classes:
        raise SettingsError(f"{clips.origin.dataset}: an empty vocabulary")
    names = names or word_parts.names(pool)
    if recipe.boxes and not pool.boxed:
        raise SettingsError(f"--boxes: for lip boxes, not for {clips.origin.kind}")
    if recipe.encoder and Path(recipe.encoder).exists():
        lips.sources(Path(recipe.encoder))
    if streams(recipe):
        _check_readable(recipe, clips)
    parts = [word_parts.part(name, run, recipe, pool) for name in names]
    began = datetime.now(UTC).isoformat(timespec="seconds")
    run.begin(
        "word",
        recipe,
        [clips],
        {"began": began, "labels": pool.labels, "clips": str(file.resolve())},
    )
    for part in parts:
        with run.alone(part.name):
            _make(part, tensorboard)


def _check_readable(recipe: WordRecipe, clips: Clips) -> None:
    """Refuse, before anything is learned, what no device would read."""
    fps = clips.origin.fps
    if not 1 < recipe.window <= LONGEST_WINDOW:
        raise SettingsError(f"--window {recipe.window}: must be from 2 to {LONGEST_WINDOW}")
    if not SLOWEST_FPS <= fps <= FASTEST_FPS:
        raise SettingsError(
            f"clips of {fps:g} frames a second: words are read at {SLOWEST_FPS:g} to "
            f"{FASTEST_FPS:g}; lipwire prepare takes others"
        )


def _make(part: WordPart, tensorboard: bool) -> None:
    name, run = part.name, part.run
    if not (picture := run.folder / "sheet.png").exists():
        _, png = cv2.imencode(".png", sheet(part))
        with written(picture) as partial:
            partial.write_bytes(png.tobytes())
    if not run.keras(name).exists():
        log.info("%s: %d clips, and %d kept aside", name, len(part.learn), len(part.check))
        model = lengthened(part.lesson, _fit(part, tensorboard), part.recipe.window)
        with written(run.keras(name)) as partial:
            model.save(partial)
        forget_checkpoints(run.part(name))
    model = None
    if fits_a_board(part.recipe) and not run.tflite(name).exists():
        model = keras.models.load_model(run.keras(name), compile=False)
        _deliver(part, model)
    if not run.heldout(name).exists():
        model = model or keras.models.load_model(run.keras(name), compile=False)
        told = _answers(part, model)
        with written(run.heldout(name)) as partial:
            np.savez_compressed(partial, **told)
    log.info("%s: %s", name, _outcome(run.heldout(name)))


def fits_a_board(recipe: WordRecipe) -> bool:
    """Whether a model is small enough to be made int8, and sees what a board shows it."""
    shown = recipe.sees in word_sees.ON_BOARDS
    return shown and bool(getattr(zoo.module(recipe.model), "FOR_A_BOARD", True))


def _fit(part: WordPart, tensorboard: bool) -> keras.Model:
    lesson = replace(part.lesson, taught=taught(part))
    still_from = sum(phase.epochs for phase in part.recipe.phases) - part.recipe.still_epochs

    def batches(epoch: int) -> WordBatches:
        taught = replace(lesson, still=epoch >= still_from)
        return WordBatches(taught, epoch_of(lesson, part.learn, epoch), epoch)

    watch = Watch(lesson.unchanged(part.check), tensorboard)
    folder = part.run.part(part.name)
    return fit(lambda: _begun(lesson), batches, part.recipe, folder, watch)


def taught(part: WordPart) -> NDArray[np.float32] | None:
    """The mean answer of the teachers' models of the same part, none of which has seen more."""
    files = [Run(Path(folder)).keras(part.name) for folder in part.recipe.teacher]
    if not files:
        return None
    taught = np.zeros((len(part.pool), len(part.lesson.labels)), np.float32)
    for file in files:
        if not file.exists():
            raise SettingsError(f"--teachers: no {file}")
        known, mine = (each.config() for each in (Run(file.parent), part.run))
        if known.get("sources") != mine.get("sources"):
            raise SettingsError(f"--teachers: {file.parent} has learned from other clips")
        sees = known.get("recipe", {}).get("sees", word_sees.CANVAS)
        if sees != part.recipe.sees:
            raise SettingsError(f"--teachers: {file.parent} has learned with --sees {sees}")
        model = keras.models.load_model(file, compile=False)
        try:
            logits = float_logits(part.lesson, model, part.learn)[:, :-1] / SOFTER
        except ValueError:
            raise SettingsError(f"--teachers: {file.parent}'s models are built otherwise") from None
        told = np.exp(logits - logits.max(axis=1, keepdims=True))
        taught[part.learn, :-1] += told / told.sum(axis=1, keepdims=True) / len(files)
    return taught


def _begun(lesson: WordLesson) -> keras.Model:
    model = build(lesson)
    if lesson.recipe.encoder:
        lips.begin_with(model, Path(lesson.recipe.encoder))
    return model


def build(lesson: WordLesson) -> keras.Model:
    """The untrained model, with its inputs and outputs by name."""
    recipe = lesson.recipe
    module, sides = zoo.module(recipe.model), lesson.pool.sides
    model = module.build(lesson.frames, *sides, len(lesson.labels), **lesson.options)
    if isinstance(model.input, dict):
        return model
    return keras.Model({"frames": model.input}, {"word": model.output}, name=model.name)


def _deliver(part: WordPart, model: keras.Model) -> None:
    """Write the model as int8, with its description."""
    recipe, file = part.recipe, part.run.tflite(part.name)
    clips = _calibration(part)
    with written(file) as partial:
        if streams(recipe):
            step = zoo.module(recipe.model).one_step(model)
            loaded = convert_step(step, clips, partial)
        else:
            plain = keras.Model(model.input["frames"], model.output["word"])
            loaded = convert_clip(plain, clips, partial)
        embed(partial, _description(part, loaded))
        if streams(recipe):
            embed(partial, calibrated(part, partial))


def _calibration(part: WordPart) -> NDArray[np.float32]:
    """Clips that show which numbers occur inside a model."""
    rng = np.random.default_rng(part.recipe.seed)
    many = min(CALIBRATION_CLIPS, len(part.learn))
    rows = rng.choice(part.learn, many, replace=False)
    clips: NDArray[np.float32] = part.lesson.unchanged(rows)[0]["frames"]
    return clips


def _description(part: WordPart, loaded: Interpreter) -> Description:
    origin, labels = part.pool.clips.origin, part.lesson.labels
    pixels = next(each for each in loaded.inputs if len(each.shape) > 3)
    votes = next(
        each for each in loaded.outputs if each.shape[1:] in ((len(labels),), (len(labels) + 1,))
    )
    left_out = "" if part.name == "all" else part.name
    own = Source(origin.dataset, origin.licence, len(part.learn), left_out)
    encoder = part.recipe.encoder
    before = lips.sources(Path(encoder)) if encoder else ()  # what lips are, it learned of those
    return Description(
        task="word",
        labels=labels,
        crop=origin.kind,
        crop_size=part.pool.sides[1],
        frames=part.recipe.window,
        fps=origin.fps,
        changes=part.lesson.changes,
        input=Quantisation(pixels.dtype.name, pixels.scale, pixels.zero_point),
        output=Quantisation(votes.dtype.name, votes.scale, votes.zero_point),
        temperature=1.0,
        on_threshold=THRESHOLDS[0],
        off_threshold=THRESHOLDS[1],
        sources=(own, *before),
        metrics=(),
        versions={"lipwire": __version__, "tensorflow": tf.__version__, "keras": keras.__version__},
        created=datetime.now(UTC).date().isoformat(),
    )


def _answers(part: WordPart, model: keras.Model) -> dict[str, NDArray[Any]]:
    """What both forms of the model make of what is left out."""
    clips, rows = part.pool.clips, part.heldout
    told = {
        "items": rows,
        "files": clips.files[clips.sequences[rows]],
        "speakers": part.pool.speakers[rows],
        "labels": part.lesson.targets[rows],
        "logits": float_logits(part.lesson, model, rows),
    }
    if (file := part.run.tflite(part.name)).exists():
        told["int8"] = int8_logits(part.lesson, file, rows)
    return told


def _outcome(heldout: Path) -> str:
    """How many of the left out words are read."""
    with np.load(heldout) as told:
        labels = told["labels"]
        logits = told["int8"] if "int8" in told else told["logits"]
    other = logits.shape[1] - 1
    words = (labels >= 0) & (labels < other)
    if not words.any():
        return "no words are left out"
    right = np.mean(logits[words, :other].argmax(axis=1) == labels[words])
    return f"{right:.1%} of {words.sum()} words it never saw are read"
