"""From a source to the content of a checked file that describes itself."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from convert.describe import Wishes, completed, kind_of, planned, wanted
from convert.int8 import check_input, check_operators, with_extremes
from convert.items import Items
from convert.items import load as load_items
from convert.parity import Parity, compare, meaning_of
from convert.sources import Source, load
from convert.targets import Samples, tflite
from convert.whole_clips import WORD, WholeClips
from edge.description import Description, embed
from edge.errors import CheckFailed, ModelError
from edge.interpreter import Interpreter
from edge.operators import Graph, names

CALIBRATION_CROPS = 500  # as many as training takes
SEED = 1
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    model: Path
    task: str
    target: str
    calibrate: Path
    test: Path | None = None  # default: what it is calibrated on
    inputs: str | None = None
    outputs: str | None = None
    white: float = 1.0  # what the model takes for a white pixel; 0 is black
    allow_float: bool = False
    models: Path | None = None  # where fetched models are
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True)
class Outcome:
    """A finished conversion, not yet judged by its parity."""

    content: bytes
    parity: Parity
    calibration: Items
    test: Items
    float_operators: str  # names of those that should be int8


def convert(order: Order) -> Outcome:
    """Convert, describe, and compare with the source."""
    source = load(order.model, order.inputs, order.outputs, order.task == WORD)
    given = int(source.run.outputs[0].shape[1])
    clips = WholeClips(order.calibrate, source.shape) if order.task == WORD else None
    if clips:
        said = clips.planned(order.model, given, order.wishes)
    else:
        said = planned(order.model, order.task, source.side, given, order.wishes)
    if given != wanted(said):
        raise ModelError(
            f"{source.path}: gives {given} numbers, which do not tell {', '.join(said.labels)} "
            "apart: two labels need one logit, the six shapes of mouths an opening and six votes "
            "for each of 1, 3, 5 … moments, others one each (--labels)"
        )
    calibration, test = _items(order, said, source, clips)
    with tempfile.TemporaryDirectory() as folder:
        files = {"float32": _written(source, "float32", None, Path(folder))}
        if order.target != "float32":
            samples = _samples(calibration, order.white)
            files[order.target] = _written(source, order.target, samples, Path(folder))
        converted = files[order.target]
        left = _check_int8(converted, order) if order.target == "int8" else ""
        terms = order.wishes.licence
        embed(converted.path, completed(said, converted, calibration.source, terms))
        parity = compare(source, order.white, files, test, meaning_of(said))
        return Outcome(converted.path.read_bytes(), parity, calibration, test, left)


def _items(
    order: Order, said: Description, source: Source, clips: WholeClips | None
) -> tuple[Items, Items]:
    """What it is calibrated on, and what it is compared on."""
    if clips:
        tested = WholeClips(order.test, source.shape) if order.test else clips
        return clips.items(said.labels), tested.items(said.labels)
    kind = kind_of(said)
    calibration = load_items(order.calibrate, kind, said.labels, order.models)
    if not order.test:
        return calibration, calibration
    return calibration, load_items(order.test, kind, said.labels, order.models)


def _check_int8(interpreter: Interpreter, order: Order) -> str:
    """Refuse what the device would misread or run slowly; gives what was allowed."""
    check_input(interpreter, order.white)
    try:
        check_operators(interpreter)
    except CheckFailed as error:
        if not order.allow_float:
            raise CheckFailed(f"{error}; go on with --allow-float") from None
        log.warning("%s", error)
    return names(Graph(interpreter).float_operators)


def _samples(items: Items, white: float) -> Samples:
    """Some of the items as the model takes them, with black and white among them."""
    rows = np.random.default_rng(SEED).permutation(len(items))[:CALIBRATION_CROPS]
    pixels = items.images[rows, ..., None].astype(np.float32) * np.float32(white / 255)
    return with_extremes(pixels, white)


def _written(source: Source, target: str, samples: Samples | None, folder: Path) -> Interpreter:
    path = folder / f"{target}.tflite"
    path.write_bytes(tflite(source.run, target, samples))
    return Interpreter(path)
