"""`lipwire train lips`: what lips are, from pictures of faces, for a reader of words to begin
with."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from edge.errors import SettingsError
from training.cli.common import given
from training.cli.recipes import lasting

TAKEN = "epochs", "sees"


def train_lips(options: argparse.Namespace) -> Path:
    """Teach an encoder where the points of lips are; gives its file."""
    from training.crops import Crops
    from training.needs import needs_tensorflow
    from training.run import Run

    with needs_tensorflow("lipwire train"):
        from training.train import lips
        from training.train.word_sees import DIFFERENCES, ON_BOARDS
    recipe = replace(lips.LipRecipe(sees=DIFFERENCES), **given(options, ("sees",)))
    if recipe.sees not in ON_BOARDS:
        raise SettingsError(f"--sees {recipe.sees}: lips are learned by {' or '.join(ON_BOARDS)}")
    crops = [Crops.read(path) for path in options.crops]
    return lips.train(crops, Run(options.out), lasting(recipe, options.epochs))
