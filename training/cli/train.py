"""`lipwire train`: from crops to models, in a folder that says how they were made."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command
from edge.errors import MissingExtraError, SettingsError
from training import zoo
from training.cli.common import CROPS, number, weight, whole
from training.cli.train_words import add_words, train_lips, train_words
from training.train.recipe import PARTS, Mouths

if TYPE_CHECKING:
    from training.train.making import Subject
    from training.train.recipe import Recipe

OF_MODELS = ("size", "width", "base", "weights", "remove_blocks", "unfreeze_from", "dropout")
OF_RECIPES = (
    *("crop", "pictures", "batch", "whole", "set_bias", "mixup", "points"),
    *("teacher", "teacher_weight", "validation_share", "seed"),
)
OF_MOUTHS = tuple(field.name for field in fields(Mouths))
# Those that mean nothing to how the shapes of mouths are learned, and to two classes of mouths.
NOT_OF_SHAPES = ("batch", "set_bias", "mixup")
NOT_OF_OPEN = ("set_bias", "teacher", "teacher_weight")


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    train = add_command(commands, "train", "Train a model on prepared crops.", _train)
    add = train.add_argument
    add("task", choices=(*zoo.MODELS, "lips"), help="lips: an encoder for word models")
    add("crops", type=Path, nargs="+", metavar="NAME.npz", help="what lipwire prepare wrote")
    add("--out", type=Path, required=True, metavar="RUN", help="a folder; a run goes on there")
    models = [name for names in zoo.MODELS.values() for name in names]
    firsts = " or ".join(names[0] for names in zoo.MODELS.values())
    add("--model", choices=models, help=f"default: {firsts}")
    add(
        "--parts",
        nargs="+",
        metavar="PART",
        help=f"{', '.join(PARTS)} (smile: without the set that has folds; viseme: without grid); "
        "word: without-SPEAKER, takesN, foldN, otherN, all; default: the folds or speakers there "
        "are, and all",
    )
    add("--tensorboard", action="store_true", help="write logs that TensorBoard shows")
    recipe = train.add_argument_group("how it learns (default: the model's recipe)")
    add = recipe.add_argument
    add("--crop", choices=CROPS, help="how faces are cut")
    add("--epochs", type=whole, metavar="N", help="in all; phases share them as in the recipe")
    add("--pictures", type=whole, metavar="N", help="an epoch shows")
    add("--batch", type=whole, metavar="N")
    add(
        "--share",
        action="append",
        type=_share,
        default=[],
        metavar="SET=X",
        help="weight of a data set in an epoch; default: the root of its size",
    )
    add("--whole", action="append", metavar="SET", help="learn from its test part, too")
    add(
        "--set-bias",
        action=argparse.BooleanOptionalAction,
        help="sets may differ in what they call a smile",
    )
    add("--mixup", type=weight, metavar="ALPHA", help="mix pictures in pairs; 0: not")
    add("--points", type=weight, metavar="WEIGHT", help="of telling the face mesh's points; 0: not")
    add("--teacher", metavar="RUN", help="learn from the answers of that run's models, too")
    add("--teacher-weight", type=_part, metavar="X", help="of its answers beside what is known")
    add("--validation-share", type=_part, metavar="X", help="kept from learning, to check by")
    add("--seed", type=number, metavar="N", help="another one: other draws (default 1)")
    mouths = train.add_argument_group("how viseme-small learns beside that")
    add = mouths.add_argument
    add("--runs", type=number, metavar="N", help="of a speaker's frames in a batch")
    add("--stills", type=whole, metavar="N", help="times a run's frames, single pictures beside")
    add("--frames", type=whole, metavar="N", help="of a run")
    add("--rarity", type=weight, metavar="X", help="a shape counts by its number to the minus X")
    add("--several", type=weight, metavar="WEIGHT", help="of what may show one of several shapes")
    add("--opening", type=weight, metavar="WEIGHT", help="of a gap that was measured")
    add("--mesh", type=weight, metavar="WEIGHT", help="of a gap as the face mesh sees it")
    add("--lips", type=weight, metavar="WEIGHT", help="of telling the lips' points; 0: not")
    add_words(train)
    model = train.add_argument_group("how it is built")
    add = model.add_argument
    add("--size", type=whole, metavar="PIXELS", help="of the crops of smile-small, viseme-small")
    add("--width", type=whole, metavar="PERCENT", help="of their channels (default 100)")
    add("--base", help="of smile-transfer, for example mobilenet-v3-small")
    add("--weights", help="of the base: imagenet, none or a file")
    add("--remove-blocks", type=number, metavar="N", help="of the base, from its end")
    add("--unfreeze-from", metavar="LAYER", help="of the base, first that learns in phase two")
    add("--dropout", help="of smile-unet: spatial, plain or none")


def _share(text: str) -> tuple[str, float]:
    name, said, value = text.partition("=")
    if not (name and said):
        raise argparse.ArgumentTypeError(f"must be SET=WEIGHT, not {text!r}")
    return name, weight(value)


def _part(text: str) -> float:
    value = weight(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, not {text!r}")
    return value


def _train(options: argparse.Namespace) -> None:
    """Train on prepared crops; what is finished is not done again."""
    from edge.interpreter import native_chatter_off
    from training.crops import Crops
    from training.run import Run

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow talks of processors and GPUs
    if options.task in ("word", "lips"):
        (train_words if options.task == "word" else train_lips)(options)
        return
    if unknown := [part for part in options.parts or () if part not in PARTS]:
        raise SettingsError(f"--parts {unknown[0]}: must be one of {', '.join(PARTS)}")
    try:
        with native_chatter_off():
            from training import report
            from training.train import making
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        raise MissingExtraError("lipwire train", "training") from error
    crops = [Crops.read(path) for path in options.crops]
    recipe = _recipe(options)
    run, subject = Run(options.out), _subject(options.task, recipe)
    try:
        making.train(subject, crops, run, recipe, options.parts or (), options.tensorboard)
    except KeyboardInterrupt:
        there = f"finished epochs are kept in {options.out}"
        print(f"\nlipwire: {there}; the same command goes on from there", file=sys.stderr)
        raise
    print(report.write(run.folder))


def _subject(task: str, recipe: Recipe) -> Subject:
    """What is taught."""
    from training.train.open_mouths import OpenMouths
    from training.train.smile import Smiles
    from training.train.viseme import MouthShapes

    if task == "smile":
        return Smiles()
    return MouthShapes() if recipe.mouths else OpenMouths()


def _recipe(options: argparse.Namespace) -> Recipe:
    """The model's recipe with what was asked for in its place."""
    names = zoo.MODELS[options.task]
    model = options.model or names[0]
    if model not in names:
        raise SettingsError(f"{model} is no model for {options.task}: {', '.join(names)}")
    built = _given(options, OF_MODELS)
    try:
        recipe: Recipe = zoo.module(model).recipe(**built)
    except TypeError:
        raise SettingsError(f"{model} is not built with {_options(built)}") from None
    asked, mouths = _given(options, OF_RECIPES), _given(options, OF_MOUTHS)
    if senseless := [name for name in asked | mouths if name in _senseless(recipe, options.task)]:
        raise SettingsError(f"{model} does not learn by {_options(senseless)}")
    if "whole" in asked:
        asked["whole"] = tuple(asked["whole"])
    recipe = replace(recipe, **asked, shares=dict(options.share))
    if options.share and not recipe.pictures:
        raise SettingsError(f"--share needs --pictures: {model} shows each picture once an epoch")
    if recipe.mouths:
        recipe = replace(recipe, mouths=replace(recipe.mouths, **mouths))
    return recipe if options.epochs is None else lasting(recipe, options.epochs)


def _given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _senseless(recipe: Recipe, task: str) -> tuple[str, ...]:
    """What a recipe has, and nothing is made of with this one."""
    if recipe.mouths:
        return NOT_OF_SHAPES
    return OF_MOUTHS if task == "smile" else (*OF_MOUTHS, *NOT_OF_OPEN)


def _options(names: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def lasting(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe with another number of epochs in all, shared among its phases as before."""
    if epochs < len(recipe.phases):
        raise SettingsError(f"--epochs must be at least {len(recipe.phases)}")
    total, left, phases = sum(phase.epochs for phase in recipe.phases), epochs, []
    for place, phase in enumerate(recipe.phases, 1 - len(recipe.phases)):
        most = left + place  # each phase to come needs one
        mine = left if place == 0 else min(most, max(1, round(epochs * phase.epochs / total)))
        phases.append(replace(phase, epochs=mine))
        left -= mine
    return replace(recipe, phases=tuple(phases))
