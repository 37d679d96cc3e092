"""`lipwire convert`: a trained network becomes a file for the device."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command, positive, write_json
from edge.errors import CheckFailed, ModelError, SettingsError

if TYPE_CHECKING:  # these need TensorFlow
    from convert.conversion import Order, Outcome

TENSORFLOW = {
    # As the other side of the comparison has; to wake more costs more than these networks.
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
# Those of `convert.describe` and `edge.crop`, which take a while to load.
TASKS = ("smile", "viseme", "word")
CROPS = ("aligned-face", "close-face", "lower-face", "aligned-mouth")
TARGETS = ("int8", "float16", "dynamic", "float32")


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    about = "Convert a Keras file, SavedModel or frozen graph, and compare the two."
    parser = add_command(commands, "convert", about, _convert)
    add = parser.add_argument
    add("model", type=Path, help=".keras, .h5, a SavedModel folder or a frozen .pb")
    add("--task", choices=TASKS, required=True)
    items = "folder of pictures, or a .npz of lipwire prepare (word: that alone)"
    add("--calibrate", type=Path, required=True, metavar="DIR", help=items)
    add("--to", choices=TARGETS, default="int8", help="default: int8")
    add("--out", type=Path, required=True, metavar="FILE")
    add("--test", type=Path, metavar="DIR", help="compared on these; default: those of --calibrate")
    add("--bound", type=_points, default=0.5, metavar="POINTS", help="most that may be lost (0.5)")
    add("--allow-float", action="store_true", help="even if int8 leaves operators in float")
    add("--inputs", metavar="NAME", help="of a SavedModel or graph that has several")
    add("--outputs", metavar="NAME", help="likewise")
    add("--white", type=positive, default=1.0, metavar="VALUE", help="it takes for white (1)")
    add("--crop", choices=CROPS, help="how faces are cut; default: the task's")
    add("--labels", type=_names, metavar="A,B", help="what it tells apart; default: the task's")
    add("--temperature", type=positive, help="its logits are divided by; default: 1")
    add("--thresholds", type=float, nargs=2, metavar=("ON", "OFF"), help="default: 0.7 0.4")
    add("--licence", metavar="TEXT", help="terms of the data it learned from")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")
    add("--json", metavar="FILE", help="the comparison as JSON to a file, or - for stdout")


def _convert(options: argparse.Namespace) -> None:
    """Convert, print the comparison, and keep the file if it is good enough."""
    for name, value in TENSORFLOW.items():
        os.environ.setdefault(name, value)
    from training.needs import needs_tensorflow

    with needs_tensorflow("lipwire convert"):
        from convert import conversion, parity
    partial = Path(f"{options.out}.part")
    with _writing(options.out):  # before the work, not after it
        _try_out(options, partial)
    try:
        outcome = conversion.convert(_order(options))
        write_json(_figures(options, outcome), options.json)
        if options.json != "-":
            print(parity.table(outcome.parity), flush=True)
        _check_parity(options, outcome)
        with _writing(options.out):
            partial.write_bytes(outcome.content)
            os.replace(partial, options.out)
    finally:
        partial.unlink(missing_ok=True)


def _order(options: argparse.Namespace) -> Order:
    from convert.conversion import Order
    from convert.describe import Wishes

    thresholds = tuple(options.thresholds) if options.thresholds else None
    return Order(
        options.model,
        options.task,
        options.to,
        options.calibrate,
        options.test,
        options.inputs,
        options.outputs,
        options.white,
        options.allow_float,
        options.models,
        Wishes(options.labels, options.crop, options.temperature, thresholds, options.licence),
    )


def _figures(options: argparse.Namespace, outcome: Outcome) -> dict[str, Any]:
    used = {"calibration": outcome.calibration, "test": outcome.test}
    return {
        "task": options.task,
        "model": str(options.model),
        "to": options.to,
        "out": str(options.out),
        "bound": options.bound,
        "passed": _passed(options, outcome),
        **outcome.parity.report(),
        "float_operators": outcome.float_operators,
        **{
            name: {"dataset": items.source.name, "n": len(items), "left_out": items.skipped}
            for name, items in used.items()
        },
    }


def _passed(options: argparse.Namespace, outcome: Outcome) -> bool:
    return outcome.parity.loss <= options.bound


def _check_parity(options: argparse.Namespace, outcome: Outcome) -> None:
    if not _passed(options, outcome):
        lost = "accuracy lost" if outcome.parity.labelled else "decisions changed"
        raise CheckFailed(
            f"{options.out}: not written: {outcome.parity.loss:.2f} points of {lost} over "
            f"{outcome.parity.n} items, the bound is {options.bound:g} (--bound)"
        )


def _try_out(options: argparse.Namespace, partial: Path) -> None:
    """Fail where the file cannot be written, or would take the place of what it is made from."""
    out: Path = options.out
    if out.is_dir() or partial.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    for source in (options.model, options.calibrate, options.test):
        if source and out.exists() and source.exists() and out.samefile(source):
            raise SettingsError(f"--out {out}: is what it would be made from; give another name")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial.touch()


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno == errno.ENOSPC
        raise (CheckFailed if full else ModelError)(
            f"{out}: cannot be written: {error.strerror}"
        ) from None


def _points(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"must be points from 0 to 100, not {text!r}")
    return value


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if len(set(names)) < 2 or "" in names:
        raise argparse.ArgumentTypeError(f"must be two or more names, not {text!r}")
    return names
