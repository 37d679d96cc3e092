"""`lipwire train word`: from prepared clips to readers of words; `lipwire train lips`: what lips
are, from pictures of faces, for a reader to begin with."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edge.errors import MissingExtraError, SettingsError
from training import zoo
from training.cli.common import weight, whole

if TYPE_CHECKING:
    from training.train.word_recipe import WordRecipe

SEES = "canvas", "stretched", "raw", "less-speaker", "differences"
STILL = 4  # times as slowly as before, in epochs whose clips look as they are
OF_RECIPES = (
    *("window", "batch", "stretch", "time_mask", "mixup", "augment", "other", "encoder", "seed"),
    *("phrase_weight", "ahead", "still_epochs", "boxes", "cameras"),
    *("sees", "speaker_weight"),
)


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
        help="what a model sees of lips; all but canvas are for comparison, not for a board",
    )
    add(
        "--teachers",
        nargs="+",
        metavar="RUN",
        help="learn from the mean answer of those runs' models, too",
    )
    add("--encoder", metavar="FILE", help="encoder of lipwire train lips to begin with")


def train_words(options: argparse.Namespace) -> None:
    """Train on prepared clips; what is finished is not done again."""
    from edge.interpreter import native_chatter_off
    from training.run import Run

    try:
        with native_chatter_off():
            from training import report
            from training.train import words
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        raise MissingExtraError("lipwire train", "training") from error
    if len(options.crops) != 1:
        raise SettingsError("words are learned from one file of clips: lipwire prepare word")
    recipe, run = _recipe(options), Run(options.out)
    try:
        words.train(options.crops[0], run, recipe, options.parts or (), options.tensorboard)
    except KeyboardInterrupt:
        there = f"finished epochs are kept in {options.out}"
        print(f"\nlipwire: {there}; the same command goes on from there", file=sys.stderr)
        raise
    print(report.write(run.folder))


def _recipe(options: argparse.Namespace) -> WordRecipe:
    """The model's recipe with what was asked for in its place."""
    from training.cli.train import lasting

    names = zoo.MODELS["word"]
    model = options.model or names[0]
    if model not in names:
        raise SettingsError(f"{model} is no model for word: {', '.join(names)}")
    built: dict[str, Any] = {} if options.weights is None else {"weights": options.weights}
    try:
        recipe: WordRecipe = zoo.module(model).recipe(**built)
    except TypeError:
        raise SettingsError(f"{model} is not built with --weights") from None
    asked = {name: getattr(options, name) for name in OF_RECIPES}
    recipe = replace(recipe, **{name: it for name, it in asked.items() if it is not None})
    recipe = replace(recipe, teacher=tuple(options.teachers or ()))
    recipe = recipe if options.epochs is None else lasting(recipe, options.epochs)
    if not recipe.still_epochs:
        return recipe
    last = recipe.phases[-1]
    still = replace(last, epochs=recipe.still_epochs, rate=last.rate / STILL)
    return replace(recipe, phases=(*recipe.phases, still))


def train_lips(options: argparse.Namespace) -> None:
    """Teach an encoder where the points of lips are."""
    from edge.interpreter import native_chatter_off
    from training.crops import Crops
    from training.run import Run

    try:
        with native_chatter_off():
            from training.train import lips
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        raise MissingExtraError("lipwire train", "training") from error
    recipe = lips.LipRecipe()
    if options.epochs is not None:
        recipe = replace(recipe, phases=(replace(recipe.phases[0], epochs=options.epochs),))
    print(lips.train([Crops.read(path) for path in options.crops], Run(options.out), recipe))
