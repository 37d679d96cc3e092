"""`lipwire evaluate tracks`: how well people are followed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, choose_profile, load_settings
from training.cli.common import add_ends, number, tell


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    about = "Follow real faces in composed scenes of known truth."
    parser = add_command(tasks, "tracks", about, _evaluate)
    add = parser.add_argument
    add("--grid", type=Path, required=True, metavar="DIR", help="GRID's clips")
    add("--genki", type=Path, metavar="DIR", help="GENKI-4K, for strangers and smiles")
    add("--fps", type=float, default=25.0, metavar="N", help="frames a second (default 25)")
    add("--profile", help="a name or a .toml file")
    add("--detect-interval", type=int, metavar="N", help="default: the profile's")
    add("--detector", help="auto, short-range, full-range, mediapipe or haar")
    add("--config", type=Path, metavar="FILE", help="settings in TOML")
    add("--seeds", type=int, default=6, metavar="N", help="scenes of each kind (default 6)")
    add("--first-seed", type=number, default=100, metavar="N", help="0 to 99 are for trials")
    add("--kind", action="append", default=[], help="only such scenes; may be repeated")
    add("--show", type=Path, metavar="DIR", help="write each scene as a film with its boxes")
    add_ends(parser)


def _evaluate(options: argparse.Namespace) -> None:
    """Run composed scenes through the pipeline and hold them against their truth."""
    from edge.settings import build
    from training.trials.follow import Trial, evaluate, table

    settings, profile = load_settings(options), choose_profile(options)
    if (interval := options.detect_interval) is not None:
        profile = build(type(profile), {"detect_interval": interval}, "--detect-interval", profile)
    trial = Trial(settings, profile, options.models, options.fps, options.show)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    report = evaluate(options.grid, options.genki, trial, seeds, options.kind)
    tell(report, options.json, table)
    if options.json != "-":
        for scene, notes in report["notes"].items():
            print(scene, *notes, sep="\n    ")
