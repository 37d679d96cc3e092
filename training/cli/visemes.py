"""`lipwire evaluate viseme`: figures of what Lipwire reads from mouths."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command, write_json
from training.cli.common import add_dataset, add_own, add_which, own

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
    add("--models", type=Path, metavar="DIR", help="where fetched models are")
    add("--json", metavar="FILE", help="figures to a file, or - for stdout")


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
    files, detector = _files(options), load_detector(options.models)
    if options.dataset == GRID:
        figures = evaluate_clips(options.root, files, detector, Mesh(options.models))
    else:
        extras = Extras(slices=options.slices, only=options.only, options=own(options))
        figures = evaluate(options.dataset, options.root, files, detector, extras)
    write_json(figures, options.json)
    if options.json != "-":
        print(table(figures))


def _files(options: argparse.Namespace) -> Files:
    from edge import models
    from training.evaluate.mouth_readers import Files

    if options.run_folder is None:
        return Files.one(options.model or models.shipped("viseme"))
    return (Files.cross if options.part == "cross" else Files.folds)(options.run_folder)
