"""`lipwire evaluate steadiness`: how steady faces are followed, and whether posters are told."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, choose_profile
from training.cli.common import add_ends, add_faces, tell


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    about = "How steady faces are followed; posters."
    parser = add_command(tasks, "steadiness", about, _evaluate)
    parser.add_argument("--grid", type=Path, required=True, metavar="DIR", help="GRID's clips")
    add_faces(parser)
    add_ends(parser)


def _evaluate(options: argparse.Namespace) -> None:
    """Follow still and moving faces, and show posters."""
    from training.faces import load_detector
    from training.trials.steadiness import evaluate_steadiness, table

    figures = evaluate_steadiness(
        options.grid,
        options.genki,
        choose_profile(options),
        load_detector(options.models),
        options.models,
        options.faces,
    )
    tell(figures, options.json, table)
