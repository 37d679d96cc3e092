"""`lipwire evaluate`: figures of what Lipwire reads and follows; each task in a file of its own."""

from __future__ import annotations

from typing import Any

from edge.cli.common import add_command
from training.cli import (
    false_smiles,
    mouth_changes,
    own_words,
    sizes,
    smiles,
    spotting,
    steadiness,
    tracks,
    visemes,
    word_boxes,
    word_runs,
    words,
)

READ = (smiles, visemes, words, word_boxes, word_runs, own_words, spotting)
FOLLOWED = (tracks, sizes, steadiness)
TOLD = (false_smiles, mouth_changes)


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    evaluate = add_command(commands, "evaluate", "Score what Lipwire reads or follows.", None)
    tasks = evaluate.add_subparsers(metavar="TASK", required=True)
    for task in (*READ, *FOLLOWED, *TOLD):
        task.add(tasks)
