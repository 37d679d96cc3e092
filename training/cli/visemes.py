"""`lipwire evaluate viseme`: figures of what Lipwire reads from mouths."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command
from training.cli.common import (
    add_dataset,
    add_ends,
    add_own,
    add_which,
    is_cross,
    own,
    tell,
)

if TYPE_CHECKING:
    from training.evaluate.mouth_readers import Files


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    parser = add_command(tasks, "viseme", "Score a model of mouth shapes on a data set.", _evaluate)
    add_dataset(parser)
    add_which(parser)
    add_own(parser)
    add = parser.add_argument
    add(
        "--slices",
        action="store_true",
        help="by pose, face width, light, and crops off their place",
    )
    add_ends(parser)


def _evaluate(options: argparse.Namespace) -> None:
    """Score a file, or a run's files, through the whole way."""
    from edge.errors import SettingsError
    from training.evaluate.asked import Extras
    from training.evaluate.clips import GRID, evaluate_clips
    from training.evaluate.viseme import evaluate
    from training.evaluate.viseme_lines import table
    from training.faces import load_detector
    from training.prepare.mesh import Mesh

    if options.dataset == GRID and (options.slices or options.only):
        raise SettingsError(f"--slices and --only are for pictures, not for {GRID}")
    mine, files, detector = own(options, "viseme"), _files(options), load_detector(options.models)
    if options.dataset == GRID:
        figures = evaluate_clips(options.root, files, detector, Mesh(options.models))
    else:
        extras = Extras(slices=options.slices, only=options.only, options=mine)
        figures = evaluate(options.dataset, options.root, files, detector, extras)
    tell(figures, options.json, table)


def _files(options: argparse.Namespace) -> Files:
    from edge import models
    from training.evaluate.mouth_readers import Files

    cross = is_cross(options)
    if options.run_folder is None:
        return Files.one(options.model or models.shipped("viseme"))
    return (Files.cross if cross else Files.folds)(options.run_folder)
