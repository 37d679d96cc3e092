"""`lipwire bench models`: the smile models side by side, in one run on one machine.

Everything runs on one thread and takes one picture at a time. Models without a run are untrained:
good for what they cost, not for what they know.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from convert.int8 import convert
from convert.sources import of_keras
from convert.targets import tflite
from edge.errors import LipwireError
from edge.interpreter import Interpreter, runtime_name
from edge.operators import Graph
from edge.progress import progress
from training import zoo
from training.bench.entries import SHIPPED, Entry, entries
from training.bench.table import number, percent, table
from training.bench.turns import Times, in_turns
from training.written import written

PREDICT, CALL = "Keras predict", "Keras call"
FLOAT32, INT8 = "TFLite float32", "TFLite int8"
SAMPLES = 32  # to calibrate an untrained model with


@dataclass(frozen=True)
class Form:
    """One way of running a model."""

    entry: Entry
    name: str
    run: Callable[[], object] | None  # None where it cannot be had
    parameters: int | None = None
    bytes: int | None = None
    multiply_accumulates: int | None = None
    note: str = ""

    @property
    def key(self) -> str:
        return f"{self.entry.name}, {self.name}"


def bench_models(
    seconds: float, runs: Sequence[Path], only: Sequence[str], cache: Path | None
) -> dict[str, Any]:
    """Cost and, where known, accuracy of every model in every form."""
    chosen = entries(runs, only)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with tempfile.TemporaryDirectory() as folder:  # the interpreters have read their files by then
        kept = cache or Path(folder)
        forms = [form for entry in progress(chosen, "prepare") for form in _forms(entry, kept)]
    times = in_turns({form.key: form.run for form in forms if form.run}, seconds)
    own = times.get(f"{SHIPPED}, {INT8}")
    return {
        "rows": [_row(form, times.get(form.key), own) for form in forms],
        "threads": 1,
        "load": [round(value, 2) for value in os.getloadavg()],
        "runtime": runtime_name(),
        "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
    }


def models_table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    head = ("model", "form", "accuracy", "weights", "kB", "million MACs", "CPU ms", "to ours")
    rows = []
    for row in figures["rows"]:
        accuracy = row["accuracy"]
        rows.append(
            (
                row["model"],
                row["form"],
                percent(accuracy and accuracy["value"]),
                number(row["parameters"], 1, 0),
                number(row["bytes"], 1000, 0),
                number(row["multiply_accumulates"], 1e6, 1),
                row["note"] or number(row["cpu_ms"], 1, 3),
                number(row["ratio"], 1, 1 if (row["ratio"] or 0) < 100 else 0),
            )
        )
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    foot = f"one thread, one picture a call, median; {figures['runtime']}, {versions}"
    return f"{table(head, rows)}\n{foot}, load {figures['load'][0]:g}"


def _row(form: Form, times: Times | None, own: Times | None) -> dict[str, Any]:
    return {
        "model": form.entry.name,
        "form": form.name,
        "trained": form.entry.accuracy is not None or form.entry.trained is not None,
        "accuracy": asdict(form.entry.accuracy) if form.entry.accuracy else None,
        "parameters": form.parameters,
        "bytes": form.bytes,
        "multiply_accumulates": form.multiply_accumulates,
        "cpu_ms": times.cpu_ms if times else None,
        "wall_ms": times.wall_ms if times else None,
        "calls": len(times.cpu) if times else 0,
        "ratio": round(times.cpu_ms / own.cpu_ms, 2) if times and own else None,
        "note": form.note,
    }


def _forms(entry: Entry, folder: Path) -> Iterator[Form]:
    """A model as its authors run it and as a board does."""
    if not entry.model:
        assert entry.int8 is not None
        yield _file(entry, INT8, entry.int8, None)
        return
    model = _keras(entry)
    weights = model.count_params()
    pixels = np.random.default_rng(0).random((1, *model.input_shape[1:]), np.float32)
    yield Form(entry, PREDICT, lambda: model.predict(pixels, verbose=0), weights)
    tensor = tf.constant(pixels)
    yield Form(entry, CALL, lambda: model(tensor, training=False), weights)
    for name, make in ((FLOAT32, _make_float32), (INT8, _make_int8)):
        try:
            yield _file(entry, name, _converted(entry, name, model, make, folder), weights)
        except LipwireError as error:
            yield Form(entry, name, None, weights, note=str(error))


def _file(entry: Entry, name: str, path: Path, weights: int | None) -> Form:
    interpreter = Interpreter(path, threads=1)
    (taken,) = interpreter.inputs
    noise = np.random.default_rng(0).random(taken.shape)
    pixels = (noise if taken.dtype == np.float32 else 255 * noise - 128).astype(taken.dtype)
    macs = Graph(interpreter).multiply_accumulates
    return Form(entry, name, lambda: interpreter.run(pixels), weights, path.stat().st_size, macs)


def _keras(entry: Entry) -> keras.Model:
    if entry.trained:
        return keras.models.load_model(entry.trained, compile=False)
    keras.utils.set_random_seed(1)
    return zoo.module(entry.model).build(**entry.options)


def _converted(
    entry: Entry,
    form: str,
    model: keras.Model,
    make: Callable[[keras.Model, Path], None],
    folder: Path,
) -> Path:
    """The file of a form: the run's own, the one kept from before, or a new one."""
    if form == INT8 and entry.int8:
        return entry.int8
    name = f"{entry.name} {form}".replace(" ", "-").lower()
    path = folder / f"{'run-' if entry.trained else ''}{name}.tflite"
    if entry.trained or not path.is_file():
        with written(path) as partial:
            make(model, partial)
    return path


def _make_float32(model: keras.Model, path: Path) -> None:
    path.write_bytes(tflite(of_keras(model), "float32"))


def _make_int8(model: keras.Model, path: Path) -> None:
    shape = (SAMPLES, *model.input_shape[1:])
    convert(model, np.random.default_rng(0).random(shape, np.float32), path)
