"""Whether a converted model still answers as its source does, and what the conversion brought."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.items import Items
from convert.sources import Source
from edge.description import Description
from edge.interpreter import Interpreter, Tensor
from edge.operators import Graph
from edge.progress import progress
from edge.shapes import OPENING_UNIT, SHAPES
from training.evaluate.figures import paired_difference

Outputs = NDArray[np.float64]  # (items, numbers of one answer)
Run = Callable[[NDArray[np.uint8]], tuple[Outputs, float]]  # one answer, and the seconds it took


@dataclass(frozen=True)
class Meaning:
    """What the numbers of an answer stand for."""

    decisions: Callable[[Outputs], NDArray[np.int64]]  # the number of a label
    amounts: Callable[[Outputs], Outputs]  # of which differences are told
    amount: str  # what one of those is called


def meaning_of(said: Description) -> Meaning:
    """Shapes and an opening, or labels and their logits."""
    if said.labels == SHAPES:
        return Meaning(_shapes, lambda outputs: outputs[:, :1] * OPENING_UNIT, "opening")
    return Meaning(_labels, lambda outputs: outputs, "output")


@dataclass(frozen=True)
class Column:
    """One form of the network in the comparison."""

    name: str
    bytes: int
    run_ms: float  # median
    accuracy: float | None  # None without labels
    same_decision: float  # share of items decided as the source decides
    largest_difference: float  # of an output or an opening, from the source's
    multiply_accumulates: int | None  # None for the source


@dataclass(frozen=True)
class Parity:
    """The comparison over all items; the last column is the converted file."""

    n: int
    labelled: bool
    columns: tuple[Column, ...]
    amount: str  # what is told of differences and ranges: output or opening
    source_range: tuple[float, float]  # of the source's
    loss: float  # points of accuracy lost; without labels, of decisions changed
    interval: tuple[float, float]  # 95 %, of the loss

    @property
    def difference(self) -> str:
        """What columns differ by, in words."""
        return "largest difference" if self.amount == "output" else f"{self.amount} differs by"

    def report(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def compare(
    source: Source, white: float, files: dict[str, Interpreter], items: Items, meaning: Meaning
) -> Parity:
    """Show every item to the source and to each file, in turns, and hold their answers together."""
    runs: dict[str, Run] = {"source": _tensorflow(source, white)}
    runs |= {name: _tflite(interpreter, white) for name, interpreter in files.items()}
    answers, times = _in_turns(runs, items.images)
    decided = {name: meaning.decisions(outputs) for name, outputs in answers.items()}
    amounts = {name: meaning.amounts(outputs) for name, outputs in answers.items()}
    columns = []
    for name, told in amounts.items():
        interpreter = files.get(name)
        right = None if items.labels is None else float((decided[name] == items.labels).mean())
        columns.append(
            Column(
                name,
                interpreter.path.stat().st_size if interpreter else source.bytes,
                round(1000 * median(times[name]), 4),
                right,
                float((decided[name] == decided["source"]).mean()),
                float(np.abs(told - amounts["source"]).max()),
                Graph(interpreter).multiply_accumulates if interpreter else None,
            )
        )
    truth = decided["source"] if items.labels is None else items.labels
    converted = decided[columns[-1].name]
    lost, (low, high) = paired_difference(decided["source"] == truth, converted == truth)
    return Parity(
        len(items),
        items.labels is not None,
        tuple(columns),
        meaning.amount,
        (float(amounts["source"].min()), float(amounts["source"].max())),
        100 * lost,
        (100 * low, 100 * high),
    )


def table(parity: Parity) -> str:
    """The comparison for people."""
    columns = parity.columns
    rows = {
        "": [column.name for column in columns],
        "same decision": [f"{100 * column.same_decision:.2f} %" for column in columns],
        parity.difference: [f"{column.largest_difference:.3g}" for column in columns],
        "bytes": [f"{column.bytes:,}" for column in columns],
        "multiply-accumulates": [
            "" if c.multiply_accumulates is None else f"{c.multiply_accumulates:,}" for c in columns
        ],
        "a run, median": [f"{column.run_ms:.3f} ms" for column in columns],
    }
    if parity.labelled:
        rows["accuracy"] = [f"{100 * (column.accuracy or 0):.2f} %" for column in columns]
    lines = [f"{what:<22}" + "".join(f"{v:>14}" for v in values) for what, values in rows.items()]
    low, high = parity.source_range
    lines.append(f"{parity.n} items; the source's {parity.amount}s go from {low:.3g} to {high:.3g}")
    lines.append(f"{columns[-1].name} against its source: {_verdict(parity)}")
    return "\n".join(lines)


def _verdict(parity: Parity) -> str:
    low, high = parity.interval
    if not parity.labelled:
        return f"{parity.loss:.2f} % of decisions changed (95 % interval {low:.2f} to {high:.2f})"
    gain, least, most = (0.0 - loss for loss in (parity.loss, high, low))  # 0.0 - 0.0 has no minus
    return f"accuracy {gain:+.2f} points (95 % interval {least:+.2f} to {most:+.2f})"


def _in_turns(
    runs: dict[str, Run], images: NDArray[np.uint8]
) -> tuple[dict[str, Outputs], dict[str, list[float]]]:
    """Everybody's answers and times; who begins changes, so that nobody always runs warm."""
    names = list(runs)
    answers: dict[str, list[Outputs]] = {name: [] for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    for run in runs.values():
        run(images[0])  # the first run of each does more than the others
    for index, image in enumerate(progress(images, "compare")):
        first = index % len(names)
        for name in names[first:] + names[:first]:
            answer, seconds = runs[name](image)
            answers[name].append(answer)
            times[name].append(seconds)
    return {name: np.stack(found) for name, found in answers.items()}, times


def _tensorflow(source: Source, white: float) -> Run:
    import tensorflow as tf

    def run(image: NDArray[np.uint8]) -> tuple[Outputs, float]:
        pixels = tf.constant(_pixels(image, white))
        started = time.perf_counter()
        (answer,) = tf.nest.flatten(source.run(pixels))
        outputs = answer.numpy()
        return outputs[0].astype(np.float64), time.perf_counter() - started

    return run


def _tflite(interpreter: Interpreter, white: float) -> Run:
    (taken,), (given,) = interpreter.inputs, interpreter.outputs

    def run(image: NDArray[np.uint8]) -> tuple[Outputs, float]:
        pixels = _as_told(_pixels(image, white), taken)
        before = interpreter.invoked_s
        (answer,) = interpreter.run(pixels)
        outputs = answer[0].astype(np.float64)
        if given.scale:
            outputs = (outputs - given.zero_point) * given.scale
        return outputs, interpreter.invoked_s - before

    return run


def _pixels(image: NDArray[np.uint8], white: float) -> NDArray[np.float32]:
    return image[None, ..., None].astype(np.float32) * np.float32(white / 255)


def _as_told(values: NDArray[np.float32], tensor: Tensor) -> NDArray[Any]:
    """The numbers as the tensor's integers, where it has some."""
    if not tensor.scale:
        return values.astype(tensor.dtype)
    integers = np.rint(values / tensor.scale) + tensor.zero_point
    limits = np.iinfo(tensor.dtype)
    return np.clip(integers, limits.min, limits.max).astype(tensor.dtype)


def _shapes(outputs: Outputs) -> NDArray[np.int64]:
    """The shape for which a picture votes most, taken to go on and on."""
    return outputs[:, 1:].reshape(len(outputs), -1, len(SHAPES)).sum(axis=1).argmax(axis=1)


def _labels(outputs: Outputs) -> NDArray[np.int64]:
    """Which label each answer means: one logit is a yes above 0, of several the largest counts."""
    return outputs.argmax(1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).astype(np.int64)
