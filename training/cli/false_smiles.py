"""`lipwire evaluate false-smiles`: smiles told of faces that do not smile."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, choose_profile
from training.cli.choosing import add_write, check_write, most
from training.cli.common import add_ends, number, tell

MOST = 0.02  # of the non-smiling pictures


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    parser = add_command(
        tasks, "false-smiles", "Count smiles of faces that do not smile; choose rules.", _evaluate
    )
    add = parser.add_argument
    add("--grid", type=Path, required=True, metavar="DIR", help="GRID's clips")
    add("--genki", type=Path, required=True, metavar="DIR", help="GENKI-4K")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", type=Path, metavar="FILE", help="default: the shipped one")
    which.add_argument(
        "--run",
        dest="run_folder",
        type=Path,
        metavar="RUN",
        help="each fold's file sees its own fold, all.tflite the clips",
    )
    add("--choose", action="store_true", help="choose rules on one half, report the other")
    add(
        "--most",
        type=float,
        metavar="SHARE",
        help=f"of the non-smiling pictures that chosen rules count (default {MOST})",
    )
    add_write(parser)
    add("--traces", type=Path, metavar="FILE.npz", help="keep what was read, or take it from there")
    add("--pictures", type=int, default=200, metavar="N", help="of each kind (default 200)")
    add("--seed", type=number, default=0, metavar="N", help="which of them (default 0)")
    add("--profile", help="a name or a .toml file")
    add_ends(parser)
    add("--plot", type=Path, metavar="FILE.svg", help="the curves as a picture")


def _evaluate(options: argparse.Namespace) -> None:
    """Record or read traces, try rules on them, and write down what was asked for."""
    from edge import models
    from training.faces import load_detector
    from training.trials.curves import draw
    from training.trials.false_smiles import evaluate_false_smiles, table, write_rules
    from training.trials.films import Films, recorded

    check_write(options, options.choose)
    at_most = most(options, MOST, options.choose)
    films = Films(
        options.grid,
        options.genki,
        options.model or models.shipped("smile"),
        options.run_folder,
        choose_profile(options),
        options.models,
        options.pictures,
        options.seed,
    )
    traces = recorded(films, load_detector(options.models), options.traces)
    figures = evaluate_false_smiles(films, traces, at_most if options.choose else None)
    tell(figures, options.json, table)
    if options.plot:
        draw(figures, options.plot)
    write_rules(figures["rules"], options.write)
