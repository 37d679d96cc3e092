"""What the workstation's commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import positive, write_json
from edge.errors import SettingsError

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
# Options of own pictures, by what they mean something to.
OF_TASKS = {"smile": ("smile",), "viseme": ("open", "closed")}
OF_OWN = {
    "labelled-pictures": ("smile", "open", "closed"),
    "videos": ("smile", "open", "closed", "fps"),
}


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
        help="of a run: each fold's file on its own fold (default), or the file that learned "
        "from other data sets only on everything",
    )
    parser.add_argument(
        "--only", choices=("train", "validation", "test"), default="", help="a part of the set"
    )


def add_faces(parser: argparse.ArgumentParser) -> None:
    """Whose faces are shown, how many, and to which board."""
    parser.add_argument("--genki", type=Path, required=True, metavar="DIR", help="GENKI-4K")
    parser.add_argument("--faces", type=int, default=60, metavar="N", help="default 60")
    parser.add_argument("--profile", help="a name or a .toml file")


def add_ends(parser: argparse.ArgumentParser) -> None:
    """Where models come from, and where figures go."""
    parser.add_argument("--models", type=Path, metavar="DIR", help="where fetched models are")
    parser.add_argument("--json", metavar="FILE", help="figures to a file, or - for stdout")


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


def own(options: argparse.Namespace, task: str) -> Options:
    """What `add_own`'s options say."""
    from training.datasets import Options

    names = OF_OWN["videos"]
    refuse(options, {*names} - {*OF_TASKS[task], "fps"}, task)
    refuse(options, {*names} - {*OF_OWN.get(options.dataset, ())}, f"--dataset {options.dataset}")
    said = given(options, names)
    return Options(**{name: it if name == "fps" else tuple(it) for name, it in said.items()})


def is_cross(options: argparse.Namespace) -> bool:
    """Whether `add_which` asks for the file of a run that never saw the set."""
    if options.part and options.run_folder is None:
        raise SettingsError("--part goes with --run")
    return bool(options.part == "cross")


def given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """What was said of some of the options."""
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def spelt(names: Iterable[str]) -> str:
    """Options as they are written on the command line."""
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def refuse(options: argparse.Namespace, names: Iterable[str], who: str) -> None:
    """End where options are given that mean nothing to a task or a set."""
    if foreign := sorted(given(options, names)):
        raise SettingsError(f"{who} takes no {spelt(foreign)}")


def tell(figures: dict[str, Any], where: str | None, table: Callable[[Any], str]) -> None:
    """Figures as JSON where that is asked for, and as a table unless that goes to stdout."""
    write_json(figures, where)
    if where != "-":
        print(table(figures), flush=True)


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
