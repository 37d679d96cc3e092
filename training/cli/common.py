"""What the workstation's commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

# Those of `training.datasets`, which takes a while to load.
NAMES = (
    *("genki4k", "celeba", "affectnet", "fer2013", "smiles"),
    *("labelled-pictures", "videos", "kaggle-keypoints", "keypoints68"),
)


def add_dataset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset", choices=NAMES, required=True)
    parser.add_argument("--root", type=Path, required=True, help="the folder of its layout")


def whole(text: str) -> int:
    """An option's number of things."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def rate(text: str) -> float:
    """An option's number of things in a second."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value
