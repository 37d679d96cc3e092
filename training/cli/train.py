"""`lipwire train`: from crops to models, in a folder that says how they were made."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from edge.errors import MissingExtraError, SourceError

TASKS = ("smile",)


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    train = add_command(commands, "train", "Train a model on prepared crops.", _train)
    train.add_argument("task", choices=TASKS)
    train.add_argument("crops", type=Path, nargs="+", metavar="NAME.npz", help="named by data set")
    train.add_argument("--out", type=Path, required=True, metavar="RUN")
    train.add_argument("--epochs", type=int, help="default: the recipe's")


def _train(options: argparse.Namespace) -> None:
    """Train on prepared crops; each file is named by the data set it came from."""
    from edge.description import Source
    from training.datasets import DATASETS
    from training.prepare import Crops

    try:
        from training import smile
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        raise MissingExtraError("lipwire train", "training") from error
    parts = []
    for path in options.crops:
        if path.stem not in DATASETS:
            raise SourceError(f"{path}: its name must be a data set's: {', '.join(DATASETS)}")
        crops = Crops.read(path)
        parts.append((Source(path.stem, DATASETS[path.stem].licence, len(crops.images)), crops))
    recipe = smile.Recipe()
    smile.train(parts, options.out, replace(recipe, epochs=options.epochs or recipe.epochs))
