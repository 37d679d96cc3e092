"""`lipwire evaluate mouth-changes`: how steady a mouth's shape is, and how late it is told."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command, choose_profile
from edge.errors import SettingsError
from training.cli.choosing import add_folds, add_write, check_write, chosen_on
from training.cli.common import NAMES, add_ends, number, tell, whole

if TYPE_CHECKING:
    from training.trials.mouth_films import MouthFilms

REPORTED, CHOSEN_ON = (0,), (1, 3)  # folds


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    about = "Count a still mouth's changes, time a talking one's; choose rules."
    parser = add_command(tasks, "mouth-changes", about, _evaluate)
    add = parser.add_argument
    add("--grid", type=Path, metavar="DIR", help="GRID's clips, of which a man talks")
    add(
        "--dataset",
        action="append",
        default=[],
        choices=NAMES,
        help="pictures that are played as still faces; may be repeated, with --root",
    )
    add("--root", action="append", default=[], type=Path, help="the folder of its layout")
    add(
        "--pictures",
        type=whole,
        default=100,
        metavar="N",
        help="of each set and half (default 100)",
    )
    add("--seed", type=number, default=0, metavar="N", help="which of them (default 0)")
    add_folds(parser, REPORTED, CHOSEN_ON)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", type=Path, metavar="FILE", help="default: the shipped one")
    which.add_argument(
        "--run", dest="run_folder", type=Path, metavar="RUN", help="each fold's file sees its own"
    )
    add_write(parser, "smoothing and hold")
    add("--traces", type=Path, metavar="FILE.npz", help="keep what was read, or take it from there")
    add("--profile", help="a name or a .toml file")
    add_ends(parser)


def _evaluate(options: argparse.Namespace) -> None:
    """Record or read what a model says, try rules on it, and write down what was asked for."""
    from training.faces import load_detector
    from training.trials.mouth_changes import evaluate_mouth_changes, table, write_rules
    from training.trials.mouth_films import recorded

    films = _films(options)
    readings = recorded(films, load_detector(options.models), options.traces)
    figures = evaluate_mouth_changes(films, readings)
    tell(figures, options.json, table)
    write_rules(figures["rules"], options.write)


def _films(options: argparse.Namespace) -> MouthFilms:
    from edge import models
    from training.trials.mouth_films import MouthFilms, Stills

    choice = chosen_on(options, CHOSEN_ON)
    check_write(options, bool(choice))
    if len(options.dataset) != len(options.root):
        raise SettingsError("--dataset and --root: expected one of each for every set of pictures")
    if options.grid is None and not options.dataset:
        raise SettingsError("nothing to show: --grid, or --dataset and --root, or all of them")
    if choice and (options.grid is None or not options.dataset):
        raise SettingsError("--choose needs both --grid and --dataset with --root")
    return MouthFilms(
        options.grid,
        tuple(map(Stills, options.dataset, options.root)),
        options.pictures,
        options.seed,
        tuple(options.folds),
        choice,
        options.model or models.shipped("viseme"),
        options.run_folder,
        choose_profile(options),
        options.models,
    )
