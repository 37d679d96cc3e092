"""`lipwire prepare`: from a data set's pictures to a file of crops."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from training.cli.common import CLIP_KINDS, CLIP_NAMES, add_dataset, add_own, own, whole

TASKS = ("smile", "viseme", "word")


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
        default=True,
        help="the face mesh's points, too, which train teaches (default: yes)",
    )
    add_own(parser)
    add("--kind", choices=CLIP_KINDS, help="how clips are cut (default: as the set has it)")
    add("--boxed", action="store_true", help="own clips whose pictures are tight boxes of lips")
    add(
        "--speaker-prefix",
        action="store_true",
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

    order = Order(
        TASKS[options.task],
        options.dataset,
        options.root,
        options.out,
        options.models,
        own(options),
        options.limit,
        options.points,
        options.jobs,
    )
    return prepare(order)


def _words(options: argparse.Namespace) -> Counter[str]:
    from training.datasets.clip import ClipOptions
    from training.prepare.word_order import WordOrder
    from training.prepare.words import prepare_words

    order = WordOrder(
        options.dataset,
        options.root,
        options.out,
        options.models,
        ClipOptions(options.fps, options.boxed, options.speaker_prefix),
        options.kind,
        options.limit,
        options.jobs,
    )
    return prepare_words(order)
