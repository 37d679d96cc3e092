"""`lipwire evaluate word`: figures of what Lipwire reads from moving lips."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from training.cli.common import add_ends, tell, whole

# Those of `training.datasets.words` and `training.evaluate.word_parts`, which take a while to load.
SETS = ("miracl-vc1", "grid", "clips")
PROTOCOLS = ("unseen", "thirds", "seen", "fold", "own")
SHIPPED = {"grid": "word-grid"}  # by data set; else the middle window


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    parser = add_command(tasks, "word", "Score a model of words on clips.", _evaluate)
    add = parser.add_argument
    add("--dataset", choices=SETS, required=True)
    layout = "a .npz of lipwire prepare word, or the folder of the set's layout"
    add("--root", type=Path, required=True, metavar="NPZ", help=layout)
    which = parser.add_mutually_exclusive_group()
    shipped = ".tflite or .keras; default: the shipped one"
    which.add_argument("--model", type=Path, metavar="FILE", help=shipped)
    run = "a run's files, each on what it never learned from"
    which.add_argument("--run", dest="run_folder", type=Path, metavar="RUN", help=run)
    protocol = "what is left out: speakers, takes, fold 0, or a share (default: as the set allows)"
    add("--protocol", choices=PROTOCOLS, default="", help=protocol)
    add("--window", type=whole, metavar="N", help="frames that count (default: the model's)")
    add("--other", action="store_true", help="also what is none of its words")
    add_ends(parser)


def _evaluate(options: argparse.Namespace) -> None:
    """Score a file, or a run's files."""
    from edge import models
    from training.evaluate.word import Asked, evaluate
    from training.evaluate.word_lines import table

    model = options.model
    if not (model or options.run_folder):
        model = models.shipped(SHIPPED.get(options.dataset, "word-15"))
    asked = Asked(
        options.dataset,
        options.root,
        options.run_folder,
        model,
        options.protocol,
        options.other,
        options.models,
        options.window,
    )
    figures = evaluate(asked)
    tell(figures, options.json, table)
