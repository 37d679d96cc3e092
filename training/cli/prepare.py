"""`lipwire prepare`: from a data set's pictures to a file of crops."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from training.cli.common import (
    CLIP_KINDS,
    CLIP_NAMES,
    add_dataset,
    add_own,
    own,
    refuse,
    whole,
)

TASKS = ("smile", "viseme", "word")
OF_PICTURES = ("points", "smile", "open", "closed")
OF_CLIPS = ("kind", "boxed", "speaker_prefix")


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    parser = add_command(commands, "prepare", "Cut a data set's faces into crops.", _prepare)
    parser.add_argument("task", choices=TASKS)
    add_dataset(parser, more=CLIP_NAMES)
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="FILE.npz")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")
    add("--limit", type=whole, metavar="N", help="only so many pictures or clips, drawn by chance")
    add("--jobs", type=whole, default=1, metavar="N", help="processes at work (default 1)")
    add(
        "--points",
        action=argparse.BooleanOptionalAction,
        help="the face mesh's points, too, which train teaches (default: yes)",
    )
    add_own(parser)
    add("--kind", choices=CLIP_KINDS, help="how clips are cut (default: as the set has it)")
    boxed = "own clips whose pictures are tight boxes of lips"
    add("--boxed", action="store_true", default=None, help=boxed)
    add(
        "--speaker-prefix",
        action="store_true",
        default=None,
        help="own clips whose names begin with their speakers', ann_3.mp4",
    )


def _prepare(options: argparse.Namespace) -> None:
    """Crop a data set's faces, or its clips' lips, and say what was left out."""
    from training.prepare.outcome import sheet, skipped_list

    tally = _words(options) if options.task == "word" else _pictures(options)
    for what, count in tally.most_common():
        print(f"{count:>7} {what}")
    if len(tally) > 1:
        print(f"what was left out: {skipped_list(options.out)}")
    if options.task != "smile":
        print(f"samples of every class: {sheet(options.out)}")


def _pictures(options: argparse.Namespace) -> Counter[str]:
    from training.prepare.prepare import Order, prepare
    from training.prepare.tasks import TASKS

    refuse(options, OF_CLIPS, f"lipwire prepare {options.task}")
    order = Order(
        TASKS[options.task],
        options.dataset,
        options.root,
        options.out,
        options.models,
        own(options, options.task),
        options.limit,
        options.points is not False,
        options.jobs,
    )
    return prepare(order)


def _words(options: argparse.Namespace) -> Counter[str]:
    from training.datasets.clip import ClipOptions
    from training.prepare.word_order import WordOrder
    from training.prepare.words import prepare_words

    refuse(options, OF_PICTURES, "lipwire prepare word")
    order = WordOrder(
        options.dataset,
        options.root,
        options.out,
        options.models,
        ClipOptions(options.fps, bool(options.boxed), bool(options.speaker_prefix)),
        options.kind,
        options.limit,
        options.jobs,
    )
    return prepare_words(order)
