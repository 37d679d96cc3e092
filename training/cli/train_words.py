"""`lipwire train word`: from prepared clips to readers of words."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import SettingsError
from training import zoo
from training.cli.common import given, spelt, weight, whole
from training.cli.recipes import lasting, of_model
from training.train.word_recipe import CANVAS, DIFFERENCES

if TYPE_CHECKING:
    from training.train.word_recipe import WordRecipe

SEES = CANVAS, DIFFERENCES, "stretched", "raw", "less-speaker"
STILL = 4  # times as slowly as before, in epochs whose clips look as they are
OF_MODELS = ("weights",)
OF_RECIPES = (
    *("window", "batch", "stretch", "time_mask", "mixup", "augment", "other", "encoder", "seed"),
    *("phrase_weight", "ahead", "still_epochs", "boxes", "cameras"),
    *("sees", "speaker_weight"),
)
OF_STREAMS = "ahead", "phrase_weight", "speaker_weight", "encoder"  # of models frame by frame
OF_CHANGED = "stretch", "time_mask", "boxes", "cameras", "still_epochs"  # not of clips as they are
TAKEN = ("model", "parts", "tensorboard", "epochs", "teachers", *OF_RECIPES, *OF_MODELS)


def add_words(train: argparse.ArgumentParser) -> None:
    """Options of `lipwire train` that are for words alone."""
    words = train.add_argument_group("how words are learned")
    add = words.add_argument
    add("--window", type=whole, metavar="N", help="frames that are looked at (default 15)")
    add(
        "--ahead",
        type=whole,
        metavar="N",
        help="frames before those, of running speech: what was said before",
    )
    add(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="change clips as another camera would (default: yes)",
    )
    add(
        "--still-epochs",
        type=whole,
        metavar="N",
        help="more epochs at the end, in which clips look as they are",
    )
    add("--stretch", type=weight, metavar="X", help="words are said faster and slower by e^±X")
    add("--time-mask", type=weight, metavar="X", help="mean share of a word that is held over")
    add(
        "--other",
        action=argparse.BooleanOptionalAction,
        help="learn what is none of the words, too (default: yes)",
    )
    add("--phrase-weight", type=weight, metavar="X", help="of telling phrases apart beside words")
    add(
        "--boxes",
        type=weight,
        metavar="X",
        help="sides of lip boxes are off by up to X of a box; 0: not",
    )
    add(
        "--cameras",
        type=weight,
        metavar="X",
        help="share of clips seen at another rate, with frames missing",
    )
    add("--speaker-weight", type=weight, metavar="X", help="of features that tell no speakers")
    add(
        "--sees",
        choices=SEES,
        help="what a model sees of lips; those after differences are for comparison, no board has "
        "them",
    )
    add(
        "--teachers",
        nargs="+",
        metavar="RUN",
        help="learn from the mean answer of those runs' models, too",
    )
    add("--encoder", metavar="FILE", help="encoder of lipwire train lips to begin with")


def train_words(options: argparse.Namespace) -> Path:
    """Train on prepared clips; gives the run's page."""
    from training.needs import needs_tensorflow
    from training.run import Run

    if len(options.crops) != 1:
        raise SettingsError("words are learned from one file of clips: lipwire prepare word")
    with needs_tensorflow("lipwire train"):
        from training import report
        from training.train import words
    recipe, run = _recipe(options), Run(options.out)
    words.train(options.crops[0], run, recipe, options.parts or (), bool(options.tensorboard))
    return report.write(run.folder)


def _recipe(options: argparse.Namespace) -> WordRecipe:
    """The model's recipe with what was asked for in its place."""
    recipe: WordRecipe = of_model(options, given(options, OF_MODELS))
    _check(options, recipe.model)
    teachers = tuple(options.teachers or ())
    recipe = replace(recipe, **given(options, OF_RECIPES), teacher=teachers)
    recipe = lasting(recipe, options.epochs)
    if not recipe.still_epochs:
        return recipe
    last = recipe.phases[-1]
    still = replace(last, epochs=recipe.still_epochs, rate=last.rate / STILL)
    return replace(recipe, phases=(*recipe.phases, still))


def _check(options: argparse.Namespace, model: str) -> None:
    """Refuse what would change nothing."""
    streams = hasattr(zoo.module(model), "one_step")
    useless = [] if streams else sorted(given(options, OF_STREAMS))
    if useless:
        raise SettingsError(f"{model} sees whole clips: it has no use for {spelt(useless)}")
    if options.sees == DIFFERENCES and not streams:
        raise SettingsError(f"{model} sees whole clips: --sees {options.sees} is not for it")
    if options.augment is False and (useless := sorted(given(options, OF_CHANGED))):
        raise SettingsError(f"--no-augment: clips are as they are, without {spelt(useless)}")
