"""`lipwire evaluate smile`: figures of what Lipwire reads from faces."""

from __future__ import annotations

import argparse
from typing import Any

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


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    parser = add_command(tasks, "smile", "Score a smile model on a data set.", _evaluate)
    add_dataset(parser)
    add_which(parser)
    add_own(parser)
    add = parser.add_argument
    add("--slices", action="store_true", help="by pose, face width, light and cheek brightness")
    mirrored = "what averaging with the mirror image is worth"
    add("--mirrored", action="store_true", help=mirrored)
    add_ends(parser)


def _evaluate(options: argparse.Namespace) -> None:
    """Score a file, or a run's files, through the whole way."""
    from edge import models
    from training.evaluate.smile import Extras, evaluate, evaluate_cross, evaluate_folds, table
    from training.faces import load_detector

    mine, cross = own(options, "smile"), is_cross(options)
    extras = Extras(options.slices, options.mirrored, options.only, mine)
    detector = load_detector(options.models)
    what = (options.dataset, options.root)
    if options.run_folder is None:
        model = options.model or models.shipped("smile")
        figures = evaluate(*what, model, detector, extras)
    else:
        score = evaluate_cross if cross else evaluate_folds
        figures = score(*what, options.run_folder, detector, extras)
    tell(figures, options.json, table)
