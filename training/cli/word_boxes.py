"""`lipwire evaluate word-boxes`: how good live lip boxes are, and what they cost word readers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, choose_profile
from edge.errors import SettingsError
from training.cli.common import add_ends, tell, whole


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    about = "Hold live lip boxes against offline ones; read words by boxes that are off."
    parser = add_command(tasks, "word-boxes", about, _evaluate)
    add = parser.add_argument
    add(
        "--run",
        dest="run_folder",
        type=Path,
        metavar="RUN",
        help="each speaker by the file that learned from the others; with --clips",
    )
    add("--clips", type=Path, metavar="FILE.npz", help="of lipwire prepare word, as lip boxes")
    add("--grid", type=Path, metavar="DIR", help="GRID's clips, on which boxes are measured")
    add("--keypoints", type=Path, metavar="DIR", help="faces with 68 points, likewise")
    add("--films", type=whole, default=40, metavar="N", help="of GRID's clips (default 40)")
    add("--profile", help="a name or a .toml file")
    add_ends(parser)


def _evaluate(options: argparse.Namespace) -> None:
    """Measure boxes where there are films or faces, and read words where there is a run."""
    if (options.run_folder is None) != (options.clips is None):
        raise SettingsError("--run and --clips go together")
    if not (options.run_folder or options.grid or options.keypoints):
        raise SettingsError("nothing to measure: --run and --clips, --grid, --keypoints, or all")
    from training.clips import Clips
    from training.trials import lip_boxes, word_boxes

    clips = Clips.read(options.clips) if options.clips else None  # refused before the work
    measured = lip_boxes.measure(
        options.grid, options.keypoints, options.films, choose_profile(options), options.models
    )
    figures = dict(measured.figures)
    if clips is not None:
        simulations = lip_boxes.simulations(measured)
        figures |= word_boxes.evaluate_words(options.run_folder, clips, simulations)
    figures["verdict"] = word_boxes.verdict(figures)
    tell(figures, options.json, _table)


def _table(figures: dict[str, Any]) -> str:
    from training.trials import lip_boxes, word_boxes

    return "\n".join([*lip_boxes.table(figures), *word_boxes.table(figures)])
