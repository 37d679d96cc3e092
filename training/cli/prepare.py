"""`lipwire prepare`: from a data set's pictures to a file of crops."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from training.cli.common import add_dataset
from training.faces import load_detector

TASKS = ("smile",)


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    parser = add_command(commands, "prepare", "Cut a data set's faces into crops.", _prepare)
    parser.add_argument("task", choices=TASKS)
    add_dataset(parser)
    parser.add_argument("--models", type=Path, metavar="DIR", help="where fetched models are")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz")


def _prepare(options: argparse.Namespace) -> None:
    """Crop a data set's faces and say what was left out."""
    from training.prepare import prepare

    tally = prepare(options.dataset, options.root, options.out, load_detector(options.models))
    for what, count in tally.most_common():
        print(f"{count:>7} {what}")
