"""What the workstation's commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.common import positive

if TYPE_CHECKING:
    from training.datasets import Options

# Those of `training.datasets`, which takes a while to load.
NAMES = (
    *("genki4k", "celeba", "affectnet", "fer2013", "smiles"),
    *("labelled-pictures", "videos", "kaggle-keypoints", "keypoints68", "grid"),
)
# Those of `training.datasets.words` that have no pictures for other tasks, and `training.prepare`'s
# cuts of clips, likewise.
CLIP_NAMES = ("miracl-vc1", "clips")
CLIP_KINDS = ("aligned-mouth", "lip-box")
# Those of `edge.crop`, likewise.
CROPS = ("aligned-face", "close-face", "lower-face", "aligned-mouth")


def add_dataset(parser: argparse.ArgumentParser, more: tuple[str, ...] = ()) -> None:
    parser.add_argument("--dataset", choices=(*NAMES, *more), required=True)
    parser.add_argument("--root", type=Path, required=True, help="the folder of its layout")


def add_which(parser: argparse.ArgumentParser) -> None:
    """Which model is scored, and on what of the set."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--model", type=Path, metavar="FILE", help=".tflite or .keras; default: the shipped one"
    )
    which.add_argument(
        "--run", dest="run_folder", type=Path, metavar="RUN", help="a run's files, see --part"
    )
    parser.add_argument(
        "--part",
        choices=("folds", "cross"),
        default="folds",
        help="of a run: each fold's file on its own fold (default), or the file that learned "
        "from other data sets only on everything",
    )
    parser.add_argument(
        "--only", choices=("train", "validation", "test"), default="", help="a part of the set"
    )


def add_own(parser: argparse.ArgumentParser) -> None:
    """How own pictures and videos are read."""
    parser.add_argument(
        "--smile",
        action="append",
        metavar="LABEL",
        help="of own pictures that smile; may be repeated (default smile, smiling, happy, 1)",
    )
    for option, name in (("--open", "ope"), ("--closed", "clo")):
        parser.add_argument(
            option,
            action="append",
            metavar="LABEL",
            help=f"of own pictures whose mouth is {option[2:]} (default {name}, {option[2:]})",
        )
    parser.add_argument(
        "--fps", type=positive, metavar="N", help="frames of a second of own video (default 5)"
    )


def own(options: argparse.Namespace) -> Options:
    """What `add_own`'s options say."""
    from training.datasets import Options

    labels = ("smile", "open", "closed")
    said = {name: getattr(options, name) and tuple(getattr(options, name)) for name in labels}
    said["fps"] = options.fps
    return Options(**{name: value for name, value in said.items() if value})


def whole(text: str) -> int:
    """An option's number of things."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def number(text: str) -> int:
    """An option's number of things, of which there may be none."""
    return int(text) if text == "0" else whole(text)


def weight(text: str) -> float:
    """How much an option's matter counts; 0: not at all."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number, 0 or above, not {text!r}")
    return value
