"""`lipwire evaluate own-words`: words that somebody enrolls, of speakers a model never saw."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from training.cli.common import tell, whole


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    about = "Enroll a few takes of speakers whom a model never saw, and ask for the others."
    parser = add_command(tasks, "own-words", about, _evaluate)
    add = parser.add_argument
    add("--run", dest="run_folder", type=Path, required=True, metavar="RUN", help="of words")
    add("--clips", type=Path, required=True, metavar="NAME.npz", help="what it was trained on")
    add("--rounds", type=whole, default=20, metavar="N", help="choices of takes (default 20)")
    add("--json", metavar="FILE", help="figures to a file, or - for stdout")


def _evaluate(options: argparse.Namespace) -> None:
    """Score all parts of a run that left a speaker out."""
    from training.clips import Clips
    from training.trials.own_words import evaluate_own_words
    from training.trials.own_words_lines import table

    clips = Clips.read(options.clips)
    figures = evaluate_own_words(options.run_folder, clips, options.rounds)
    tell(figures, options.json, table)
