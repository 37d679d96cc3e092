"""Rules that are chosen on one part of the clips, reported on another, and put into models."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.errors import SettingsError
from training.cli.common import number


def add_folds(parser: Any, reported: tuple[int, ...], chosen_on: tuple[int, ...]) -> None:
    """Which folds are reported, and on which rules are chosen where that is asked for."""
    add = parser.add_argument
    said = f"that are reported (default {_told(reported)})"
    add("--folds", type=number, nargs="+", default=reported, metavar="N", help=said)
    add(
        "--choose",
        type=number,
        nargs="*",
        metavar="N",
        help=f"choose rules on these folds (default {_told(chosen_on)}), and report the others",
    )


def add_write(parser: Any, what: str = "the rules") -> None:
    """Which models get what is chosen."""
    parser.add_argument(
        "--write",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help=f"with --choose: put {what} into these models",
    )


def chosen_on(options: argparse.Namespace, by_default: tuple[int, ...]) -> tuple[int, ...]:
    """The folds on which rules are chosen; none where nothing is."""
    choice = () if options.choose is None else tuple(options.choose) or by_default
    if both := set(choice) & set(options.folds):
        raise SettingsError(f"fold {min(both)} is in --choose and in --folds: must be in one")
    return choice


def check_write(options: argparse.Namespace, choice: bool) -> None:
    """Refuse models that rules cannot be put into now rather than after all the work."""
    from edge.description import read

    if options.write and not choice:
        raise SettingsError("--write needs --choose: it writes the rules that are chosen")
    for file in options.write:
        read(file)


def most(options: argparse.Namespace, usual: float, choice: bool) -> float:
    """How much of what is false chosen rules may tell."""
    if options.most is not None and not choice:
        raise SettingsError("--most needs --choose: it is for rules that are chosen")
    return usual if options.most is None else float(options.most)


def _told(folds: tuple[int, ...]) -> str:
    return " ".join(map(str, folds))
