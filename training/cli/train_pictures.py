"""`lipwire train smile` and `lipwire train viseme`: from crops of faces to models."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import SettingsError
from training.cli.common import CROPS, given, number, spelt, weight, whole
from training.cli.recipes import lasting, of_model
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
TAKEN = ("model", "parts", "tensorboard", "epochs", "share", *OF_RECIPES, *OF_MOUTHS, *OF_MODELS)
# Those that mean nothing to how the shapes of mouths are learned, and to two classes of mouths.
NOT_OF_SHAPES = ("batch", "set_bias", "mixup")
NOT_OF_OPEN = ("set_bias", "teacher", "teacher_weight")


def add_pictures(recipe: Any) -> None:
    """Options of how pictures are learned."""
    add = recipe.add_argument
    add("--crop", choices=CROPS, help="how faces are cut")
    add("--pictures", type=whole, metavar="N", help="an epoch shows")
    add(
        "--share",
        action="append",
        type=_share,
        metavar="SET=X",
        help="weight of a data set in an epoch; default: the root of its size",
    )
    add("--whole", action="append", metavar="SET", help="learn from its test part, too")
    add(
        "--set-bias",
        action=argparse.BooleanOptionalAction,
        help="sets may differ in what they call a smile",
    )
    add("--points", type=weight, metavar="WEIGHT", help="of telling the face mesh's points; 0: not")
    add("--teacher", metavar="RUN", help="learn from the answers of that run's models, too")
    add("--teacher-weight", type=_part, metavar="X", help="of its answers beside what is known")
    add("--validation-share", type=_part, metavar="X", help="kept from learning, to check by")


def add_mouths(mouths: Any) -> None:
    """Options of how the shapes of mouths are learned."""
    add = mouths.add_argument
    add("--runs", type=number, metavar="N", help="of a speaker's frames in a batch")
    add("--stills", type=whole, metavar="N", help="times a run's frames, single pictures beside")
    add("--frames", type=whole, metavar="N", help="of a run")
    add("--rarity", type=weight, metavar="X", help="a shape counts by its number to the minus X")
    add("--several", type=weight, metavar="WEIGHT", help="of what may show one of several shapes")
    add("--opening", type=weight, metavar="WEIGHT", help="of a gap that was measured")
    add("--mesh", type=weight, metavar="WEIGHT", help="of a gap as the face mesh sees it")
    add("--lips", type=weight, metavar="WEIGHT", help="of telling the lips' points; 0: not")


def train_pictures(options: argparse.Namespace) -> Path:
    """Train on prepared crops; gives the run's page."""
    from training.crops import Crops
    from training.needs import needs_tensorflow
    from training.run import Run

    if unknown := [part for part in options.parts or () if part not in PARTS]:
        raise SettingsError(f"--parts {unknown[0]}: must be one of {', '.join(PARTS)}")
    with needs_tensorflow("lipwire train"):
        from training import report
        from training.train import making
    crops = [Crops.read(path) for path in options.crops]
    recipe = _recipe(options)
    run, subject = Run(options.out), _subject(options.task, recipe)
    making.train(subject, crops, run, recipe, options.parts or (), bool(options.tensorboard))
    return report.write(run.folder)


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
    recipe: Recipe = of_model(options, given(options, OF_MODELS))
    asked, mouths = given(options, OF_RECIPES), given(options, OF_MOUTHS)
    if senseless := [name for name in asked | mouths if name in _senseless(recipe, options.task)]:
        raise SettingsError(f"{recipe.model} does not learn by {spelt(senseless)}")
    if "whole" in asked:
        asked["whole"] = tuple(asked["whole"])
    recipe = replace(recipe, **asked, shares=dict(options.share or ()))
    if options.share and not recipe.pictures:
        shown = f"{recipe.model} shows each picture once an epoch"
        raise SettingsError(f"--share needs --pictures: {shown}")
    if recipe.mouths:
        recipe = replace(recipe, mouths=replace(recipe.mouths, **mouths))
    return lasting(recipe, options.epochs)


def _senseless(recipe: Recipe, task: str) -> tuple[str, ...]:
    """What a recipe has, and nothing is made of with this one."""
    if recipe.mouths:
        return NOT_OF_SHAPES
    return OF_MOUTHS if task == "smile" else (*OF_MOUTHS, *NOT_OF_OPEN)
