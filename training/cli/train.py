"""`lipwire train`: from crops to models, in a folder that says how they were made."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command
from edge.errors import MissingExtraError, SettingsError
from training import zoo
from training.cli.common import CROPS, number, weight, whole
from training.train.recipe import FOLDS, PARTS

if TYPE_CHECKING:
    from training.train.recipe import Recipe

TASKS = ("smile",)
OF_MODELS = ("size", "width", "base", "weights", "remove_blocks", "unfreeze_from", "dropout")
OF_RECIPES = (
    *("crop", "pictures", "batch", "whole", "set_bias"),
    *("mixup", "points", "teacher", "seed"),
)


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    train = add_command(commands, "train", "Train a model on prepared crops.", _train)
    add = train.add_argument
    add("task", choices=TASKS)
    add("crops", type=Path, nargs="+", metavar="NAME.npz", help="what lipwire prepare wrote")
    add("--out", type=Path, required=True, metavar="RUN", help="a folder; a run goes on there")
    add("--model", choices=zoo.SMILE, default=zoo.SMILE[0], help=f"default: {zoo.SMILE[0]}")
    add(
        "--parts",
        nargs="+",
        choices=PARTS,
        metavar="PART",
        help=f"{', '.join(PARTS)} (without the set that has folds); default: folds and all",
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
    add("--seed", type=number, metavar="N", help="another one: other draws (default 1)")
    model = train.add_argument_group("how it is built")
    add = model.add_argument
    add("--size", type=whole, metavar="PIXELS", help="of smile-small's crops (default 64)")
    add("--width", type=whole, metavar="PERCENT", help="of smile-small's channels (default 100)")
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


def _train(options: argparse.Namespace) -> None:
    """Train on prepared crops; what is finished is not done again."""
    from edge.interpreter import native_chatter_off
    from training.crops import Crops

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow talks of processors and GPUs
    try:
        with native_chatter_off():
            from training import report
            from training.train import smile
        from training.run import Run
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        raise MissingExtraError("lipwire train", "training") from error
    crops = [Crops.read(path) for path in options.crops]
    if not options.parts:
        options.parts = [*FOLDS, "all"] if any((c.folds >= 0).any() for c in crops) else ["all"]
    run = Run(options.out)
    try:
        smile.train(crops, run, _recipe(options), options.parts, options.tensorboard)
    except KeyboardInterrupt:
        there = f"finished epochs are kept in {options.out}"
        print(f"\nlipwire: {there}; the same command goes on from there", file=sys.stderr)
        raise
    print(report.write(run.folder))


def _recipe(options: argparse.Namespace) -> Recipe:
    """The model's recipe with what was asked for in its place."""
    given = {name: getattr(options, name) for name in OF_MODELS}
    built = {name: value for name, value in given.items() if value is not None}
    try:
        recipe: Recipe = zoo.module(options.model).recipe(**built)
    except TypeError:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in built)
        raise SettingsError(f"{options.model} is not built with {names}") from None
    asked = {name: getattr(options, name) for name in OF_RECIPES}
    asked["whole"] = asked["whole"] and tuple(asked["whole"])
    recipe = replace(recipe, **{name: value for name, value in asked.items() if value is not None})
    if options.share:
        recipe = replace(recipe, shares=dict(options.share))
    return recipe if options.epochs is None else lasting(recipe, options.epochs)


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
