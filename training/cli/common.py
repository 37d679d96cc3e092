"""What the workstation's commands share."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_dataset(parser: argparse.ArgumentParser) -> None:
    names = ("genki4k", "smiles", "fer2013")
    parser.add_argument("--dataset", choices=names, required=True)
    parser.add_argument("--root", type=Path, required=True, help="the folder of its layout")
