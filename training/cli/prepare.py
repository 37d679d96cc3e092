"""`lipwire prepare`: from a data set's pictures to a file of crops."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from training.cli.common import add_dataset, add_own, own, whole

TASKS = ("smile", "viseme")


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    parser = add_command(commands, "prepare", "Cut a data set's faces into crops.", _prepare)
    parser.add_argument("task", choices=TASKS)
    add_dataset(parser)
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="FILE.npz")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")
    add("--limit", type=whole, metavar="N", help="only so many pictures, drawn by chance")
    add("--jobs", type=whole, default=1, metavar="N", help="processes at work (default 1)")
    add(
        "--points",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="the face mesh's points, too, which train teaches (default: yes)",
    )
    add_own(parser)


def _prepare(options: argparse.Namespace) -> None:
    """Crop a data set's faces and say what was left out."""
    from training.prepare.prepare import Order, prepare, sheet, skipped_list
    from training.prepare.tasks import TASKS, VISEME

    order = Order(
        TASKS[options.task],
        options.dataset,
        options.root,
        options.out,
        options.models,
        own(options),
        options.limit,
        options.points,
        options.jobs,
    )
    tally = prepare(order)
    for what, count in tally.most_common():
        print(f"{count:>7} {what}")
    if len(tally) > 1:
        print(f"what was left out: {skipped_list(options.out)}")
    if order.task is VISEME:
        print(f"samples of every class: {sheet(options.out)}")
