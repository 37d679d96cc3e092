"""`lipwire evaluate sizes`: how small faces may be, and so how far away people."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, choose_profile, load_settings
from training.cli.common import add_ends, add_faces, tell


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    about = "How small faces may be, and so how far away people."
    parser = add_command(tasks, "sizes", about, _evaluate)
    add_faces(parser)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    detectors = "auto, short-range, full-range, mediapipe or haar"
    parser.add_argument("--detector", help=detectors)
    add_ends(parser)


def _evaluate(options: argparse.Namespace) -> None:
    """Show faces of known sizes to the pipeline."""
    from edge import models
    from edge.assemble import assemble
    from edge.read import SmileReader
    from training.faces import load_detector
    from training.trials.sizes import evaluate_sizes, table

    profile = choose_profile(options)
    pipeline = assemble(load_settings(options), profile, options.models).pipeline
    reader = SmileReader(models.shipped("smile"))
    figures = evaluate_sizes(
        options.genki, load_detector(options.models), reader, pipeline, profile, options.faces
    )
    tell(figures, options.json, table)
