"""`lipwire train lips`: what lips are, from pictures of faces, for a reader of words to begin
with."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.cli.recipes import lasting

TAKEN = ("epochs",)


def train_lips(options: argparse.Namespace) -> Path:
    """Teach an encoder where the points of lips are; gives its file."""
    from training.crops import Crops
    from training.needs import needs_tensorflow
    from training.run import Run

    with needs_tensorflow("lipwire train"):
        from training.train import lips
    crops = [Crops.read(path) for path in options.crops]
    return lips.train(crops, Run(options.out), lasting(lips.LipRecipe(), options.epochs))
