"""`lipwire evaluate spotting`: words told of somebody who talks, from a video file to a broker."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command, choose_profile, positive
from edge.errors import CheckFailed
from training.cli.choosing import add_folds, add_write, check_write, chosen_on, most
from training.cli.common import add_ends, tell

if TYPE_CHECKING:
    from training.trials.spotting import Trial

REPORTED, CHOSEN_ON = (0,), (1,)  # folds
MOST = 4.0  # false words a minute


def add(tasks: Any) -> None:
    """Add the task to `lipwire evaluate`."""
    about = "Spot words in GRID's sentences, from video to MQTT; choose the threshold."
    parser = add_command(tasks, "spotting", about, _evaluate)
    add = parser.add_argument
    add("--grid", type=Path, required=True, metavar="DIR", help="GRID's clips and alignments")
    add("--model", type=Path, metavar="FILE", help="default: the shipped one for GRID")
    add_folds(parser, REPORTED, CHOSEN_ON)
    add(
        "--most",
        type=positive,
        metavar="RATE",
        help=f"false words a minute that chosen rules tell (default {MOST:g})",
    )
    add_write(parser)
    add(
        "--broker",
        default="embedded",
        metavar="URL",
        help="over which the daemon tells its words: mqtt://host[:port], embedded (default), or "
        "none: the daemon is not run",
    )
    add("--profile", help="a name or a .toml file")
    add_ends(parser)
    add("--plot", type=Path, metavar="FILE.svg", help="the curve as a picture")


def _evaluate(options: argparse.Namespace) -> None:
    """Record what a model says, try rules on it, and let the daemon tell the same."""
    from edge.spotting import SpotRules
    from training.trials.spotting import evaluate_spotting, write_rules
    from training.trials.spotting_lines import draw, table

    trial = _trial(options)
    figures = evaluate_spotting(trial)
    tell(figures, options.json, table)
    if options.plot:
        draw(figures, options.plot)
    write_rules(SpotRules(**figures["rules"]), options.write)
    if (way := figures["whole_way"]) and not way["same"]:
        raise CheckFailed("the daemon did not tell the words that were reckoned")


def _trial(options: argparse.Namespace) -> Trial:
    from edge import models
    from training.trials.delivered import Delivery
    from training.trials.spotting import Trial

    choice = chosen_on(options, CHOSEN_ON)
    check_write(options, bool(choice))
    passed_on = {"--profile": options.profile, "--models": options.models}
    said = [word for name, value in passed_on.items() if value for word in (name, str(value))]
    return Trial(
        options.grid,
        tuple(options.folds),
        choice,
        most(options, MOST, bool(choice)),
        options.model or models.word_model("grid", 0),
        choose_profile(options),
        options.models,
        None if options.broker == "none" else Delivery(options.broker, tuple(said)),
    )
