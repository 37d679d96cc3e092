"""`lipwire bench words`: what reading words costs for every frame of the camera.

Lipwire's reader takes one frame and goes on from what it remembers; older readers see whole clips
and are run anew on the last `window` frames with each frame that comes. All in one run on one
machine, in turns, on one thread. Older models are untrained here: good for what they cost, not for
what they know.
"""

from __future__ import annotations

import itertools
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import MissingExtraError, SettingsError
from edge.interpreter import Interpreter, runtime_name
from edge.lipbox import HEIGHT, WIDTH
from edge.operators import Graph
from edge.spotting import SpotRules, Spotter
from edge.word_reader import WordReader
from training.bench.table import number, table
from training.bench.turns import Times, in_turns
from training.needs import needs_tensorflow
from training.written import written

WINDOWS = (10, 15, 20, 40)
OLDER = ("word-cnn-lstm", "word-deep", "word-mobilenet-lstm")
UNTRAINED: dict[str, dict[str, str | int]] = {"word-mobilenet-lstm": {"weights": "none"}}
CLASSES = 11
SAMPLES = 2  # clips that untrained models are calibrated with
SHOWN = 64  # frames that are gone through for the speed
STREAMED, AGAIN = "frame by frame", "whole clip, each frame"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Form:
    """One way of reading words."""

    model: str
    way: str
    window: int
    run: Callable[[], object] | None = None  # a frame of the camera; None where it cannot be had
    bytes: int | None = None
    multiply_accumulates: int | None = None
    note: str = ""

    @property
    def key(self) -> str:
        return f"{self.model}, {self.way}, {self.window}"


def bench_words(
    model: Path, seconds: float, windows: Sequence[int], only: Sequence[str], cache: Path | None
) -> dict[str, Any]:
    """Cost of a frame by each reader and window."""
    older, windows = _chosen(only), _asked(windows)
    with tempfile.TemporaryDirectory() as folder:
        forms = list(_own(model, windows))
        files = _files(older, windows, cache or Path(folder))
        forms += (_older(*wanted, path) for wanted, path in files.items())
        runs = {form.key: form.run for form in forms if form.run}
        log.info("measuring %d readers for about %g s", len(runs), seconds)
        times = in_turns(runs, seconds)
    return {
        "rows": [_row(form, times.get(form.key)) for form in forms],
        "threads": 1,
        "load": [round(value, 2) for value in os.getloadavg()],
        "runtime": runtime_name(),
    }


def words_table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    head = ("model", "way", "window", "kB", "million MACs a frame", "CPU ms", "ms", "p95 ms")
    rows = [
        (
            row["model"],
            row["way"],
            str(row["window"]),
            number(row["bytes"], 1000, 0),
            number(row["multiply_accumulates"], 1e6, 2),
            row["note"] or number(row["cpu_ms"], 1, 3),
            number(row["frame_ms"], 1, 3),
            number(row["p95_ms"], 1, 3),
        )
        for row in figures["rows"]
    ]
    foot = "one thread, a frame of the camera, medians; "
    foot += f"{figures['runtime']}, load {figures['load'][0]:g}"
    return f"{table(head, rows)}\n{foot}"


def _chosen(only: Sequence[str]) -> list[str]:
    """The older models that are asked for."""
    if unknown := [name for name in only if name not in OLDER]:
        raise SettingsError(f"--only {unknown[0]}: not one of {', '.join(OLDER)}")
    return [name for name in OLDER if not only or name in only]


def _asked(windows: Sequence[int]) -> list[int]:
    """Each window once."""
    if min(windows) < 1:
        raise SettingsError(f"--window {min(windows)}: must be at least 1")
    return list(dict.fromkeys(windows))


def _files(
    older: Sequence[str], windows: Sequence[int], folder: Path
) -> dict[tuple[str, int], Path]:
    """Where each older model is kept; says how many are to be made, which takes a while."""
    files = {
        (name, window): folder / f"{name}-{window}.tflite" for name in older for window in windows
    }
    if missing := sum(not path.is_file() for path in files.values()):
        how = "untrained, up to half a minute each; --cache DIR keeps them"
        log.info("%d older models are made first, %s", missing, how)
    return files


def _own(path: Path, windows: Sequence[int]) -> Iterator[Form]:
    """Lipwire's reader with its decision, and the same as if it remembered nothing."""
    cost = Graph(Interpreter(path)).multiply_accumulates
    size = path.stat().st_size
    for window in windows:
        yield Form(path.stem, STREAMED, window, _streamed(path, window), size, cost)
    for window in windows:
        yield Form(path.stem, AGAIN, window, _again(path, window), size, cost * window)


def _streamed(path: Path, window: int) -> Callable[[], object]:
    reader = WordReader(path)
    said = reader.description
    rules = SpotRules(said.spot_threshold, said.refractory_s)
    spotter, state = Spotter(rules, said.labels, said.temperature, window), reader.fresh()
    frames = itertools.cycle(_noise(SHOWN, *_sides(reader)))
    at = itertools.count()
    return lambda: spotter(next(at) / said.fps, reader(next(frames), state))


def _again(path: Path, window: int) -> Callable[[], object]:
    reader = WordReader(path)
    frames = _noise(window, *_sides(reader))

    def run() -> None:
        state = reader.fresh()
        for frame in frames:
            reader(frame, state)

    return run


def _sides(reader: WordReader) -> tuple[int, int]:
    return (reader.kind.size, reader.kind.size) if reader.kind else (HEIGHT, WIDTH)


def _older(name: str, window: int, path: Path) -> Form:
    try:
        if not path.is_file():
            _make(name, window, path)
    except MissingExtraError as error:
        return Form(name, AGAIN, window, note=str(error))
    interpreter = Interpreter(path)
    shape = interpreter.inputs[0].shape
    clip = _noise(*shape[1:4]).view(np.int8)[None, ..., None]
    cost = Graph(interpreter).multiply_accumulates
    return Form(name, AGAIN, window, lambda: interpreter.run(clip), path.stat().st_size, cost)


def _make(name: str, window: int, path: Path) -> None:
    """An untrained model as int8."""
    with needs_tensorflow(name):
        import keras

        from convert.int8 import convert
        from training import zoo
    log.info("making %s of %d frames", name, window)
    keras.utils.set_random_seed(1)
    options = UNTRAINED.get(name, {})
    model = zoo.module(name).build(window, HEIGHT, WIDTH, CLASSES, **options)
    clips = _noise(SAMPLES * window, HEIGHT, WIDTH).reshape(SAMPLES, window, HEIGHT, WIDTH, 1)
    with written(path) as partial:
        convert(model, clips.astype(np.float32) / 255, partial)


def _noise(*shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def _row(form: Form, times: Times | None) -> dict[str, Any]:
    return {
        "model": form.model,
        "way": form.way,
        "window": form.window,
        "bytes": form.bytes,
        "multiply_accumulates": form.multiply_accumulates,
        "frame_ms": times.wall_ms if times else None,
        "cpu_ms": times.cpu_ms if times else None,
        "p95_ms": round(1000 * float(np.quantile(times.wall, 0.95)), 4) if times else None,
        "calls": len(times.wall) if times else 0,
        "note": form.note,
    }
