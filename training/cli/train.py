"""`lipwire train`: from prepared files to models, in a folder that says how they were made."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from training import zoo
from training.cli import train_lips, train_pictures, train_words
from training.cli.common import number, refuse, weight, whole
from training.train.recipe import PARTS

ALWAYS = ("run", "task", "crops", "out")
TASKS = {
    "smile": (train_pictures.train_pictures, train_pictures.TAKEN),
    "viseme": (train_pictures.train_pictures, train_pictures.TAKEN),
    "word": (train_words.train_words, train_words.TAKEN),
    "lips": (train_lips.train_lips, train_lips.TAKEN),
}


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    train = add_command(commands, "train", "Train a model on prepared crops.", _train)
    _add_what(train)
    recipe = train.add_argument_group("how it learns (default: the model's recipe)")
    _add_recipe(recipe)
    train_pictures.add_pictures(recipe)
    train_pictures.add_mouths(train.add_argument_group("how viseme-small learns beside that"))
    train_words.add_words(train)
    _add_model(train.add_argument_group("how it is built"))


def _add_what(train: Any) -> None:
    """What is trained, and where it goes."""
    add = train.add_argument
    add("task", choices=TASKS, help="lips: an encoder for word models")
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
        "word: without-SPEAKER, thirdN, takesN, foldN, otherN, own, all; default: the folds or "
        "speakers there are, and all",
    )
    add("--tensorboard", action="store_true", default=None, help="write logs for TensorBoard")


def _add_recipe(recipe: Any) -> None:
    """How anything is learned."""
    add = recipe.add_argument
    add("--epochs", type=whole, metavar="N", help="in all; phases share them as in the recipe")
    add("--batch", type=whole, metavar="N")
    add("--mixup", type=weight, metavar="ALPHA", help="mix pictures or clips in pairs; 0: not")
    add("--seed", type=number, metavar="N", help="another one: other draws (default 1)")


def _add_model(model: Any) -> None:
    add = model.add_argument
    add("--size", type=whole, metavar="PIXELS", help="of the crops of smile-small, viseme-small")
    add("--width", type=whole, metavar="PERCENT", help="of their channels (default 100)")
    add("--base", help="of smile-transfer, for example mobilenet-v3-small")
    add("--weights", help="of the base, or of a word model's: imagenet, none or a file")
    add("--remove-blocks", type=number, metavar="N", help="of the base, from its end")
    add("--unfreeze-from", metavar="LAYER", help="of the base, first that learns in phase two")
    add("--dropout", help="of smile-unet: spatial, plain or none")


def _train(options: argparse.Namespace) -> None:
    """Train on what was prepared; what is finished is not done again."""
    train, taken = TASKS[options.task]
    refuse(options, {*vars(options)} - {*ALWAYS, *taken}, f"lipwire train {options.task}")
    try:
        print(train(options))
    except KeyboardInterrupt:
        there = f"finished epochs are kept in {options.out}"
        print(f"\nlipwire: {there}; the same command goes on from there", file=sys.stderr)
        raise
