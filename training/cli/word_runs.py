"""`lipwire evaluate word-runs`: what an idea is worth to readers of words."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, write_json


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    about = "Hold runs of words against the first of them, on clips that none learned from."
    parser = add_command(tasks, "word-runs", about, _evaluate)
    add = parser.add_argument
    add("runs", nargs="+", type=Path, metavar="RUN", help="of lipwire train word")
    add(
        "--parts",
        nargs="+",
        default=["third0", "third1", "third2"],
        metavar="PART",
        help="which of the runs' parts (default: the thirds)",
    )
    add("--together", action="store_true", help="and what they say together, as an ensemble")
    add("--json", metavar="FILE", help="figures to a file, or - for stdout")


def _evaluate(options: argparse.Namespace) -> None:
    """Read what the runs told of the words that they left out."""
    from training.evaluate.word_runs import compare, table

    figures = compare(options.runs, options.parts, options.together)
    write_json(figures, options.json)
    if options.json != "-":
        print("\n".join(table(figures)))
