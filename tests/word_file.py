"""Tiny word models, written without TensorFlow: operators in a row, as TFLite's schema has them.

The numbers of fields and of enumerations are those of
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np

from edge.description import Description, Quantisation, Source, embed

INT32, INT8 = 2, 9  # types of tensors
CONCATENATION, FULLY_CONNECTED, RESHAPE, SLICE = 2, 9, 22, 65  # operators
OPTIONS = {CONCATENATION: 10, FULLY_CONNECTED: 8, RESHAPE: 17, SLICE: 48}
SCALE = 1 / 255, -128  # of pixels, and of everything that is between 0 and 1
STEP = 0.1, 0  # of logits
SURE = 8.0  # the logit of a word by which its picture differs from the others
PAST, FEATURES = 2, 8  # frames that the model remembers, and numbers of each
KEPT = PAST  # frames that it gives back
Scale = tuple[float, int]


@dataclass
class Graph:
    """Tensors and operators of a model, added one by one."""

    tensors: list[tuple[tuple[int, ...], int, Scale, int]] = field(default_factory=list)
    buffers: list[bytes] = field(default_factory=lambda: [b""])
    operators: list[tuple[int, list[int], int]] = field(default_factory=list)

    def tensor(self, shape: Sequence[int], scale: Scale) -> int:
        """A tensor that is computed, or given from outside."""
        self.tensors.append((tuple(shape), INT8, scale, 0))
        return len(self.tensors) - 1

    def constant(self, values: np.ndarray, scale: Scale = (0.0, 0)) -> int:
        """Weights, or places and sizes in whole numbers."""
        kind = INT8 if values.dtype == np.int8 else INT32
        self.buffers.append(values.tobytes())
        self.tensors.append((values.shape, kind, scale, len(self.buffers) - 1))
        return len(self.tensors) - 1

    def add(self, operator: int, inputs: list[int], shape: Sequence[int], scale: Scale) -> int:
        """An operator; gives what it computes."""
        output = self.tensor(shape, scale)
        self.operators.append((operator, inputs, output))
        return output

    def reshape(self, tensor: int, shape: Sequence[int]) -> int:
        """The same numbers in another shape."""
        sizes = self.constant(np.array(shape, np.int32))
        return self.add(RESHAPE, [tensor, sizes], shape, self.tensors[tensor][2])

    def connect(self, tensor: int, weights: np.ndarray, bias: np.ndarray, scale: Scale) -> int:
        """A fully connected layer of real weights, (outputs, inputs)."""
        step = float(np.abs(weights).max()) / 127 or 1.0
        kept = self.constant(np.rint(weights / step).astype(np.int8), (step, 0))
        sums = step * self.tensors[tensor][2][0]
        added = self.constant(np.rint(bias / sums).astype(np.int32), (sums, 0))
        return self.add(FULLY_CONNECTED, [tensor, kept, added], (1, len(weights)), scale)


def write_words(path: Path, words: Mapping[str, np.ndarray], rest: np.ndarray, **said: Any) -> Path:
    """A model that tells each word by a picture of lips saying it, and `other` by one of lips at
    rest; features of the last frames are its state. One that sees what changed looks for those
    pictures there alone."""
    height, width = rest.shape
    shown = [each.ravel() / 255 for each in (*words.values(), rest)]
    votes, bias = np.zeros((len(words) + 2, height * width)), np.zeros(len(words) + 2)
    for i in range(len(words)):
        others = np.mean([each for k, each in enumerate(shown) if k != i], axis=0)
        votes[i] = SURE * (shown[i] - others) / np.square(shown[i] - others).sum()
        bias[i] = -votes[i] @ (shown[i] + others) / 2
    graph = Graph()
    channels = 2 if said.get("changes") else 1
    pixels = graph.tensor((1, height, width, channels), SCALE)
    past = graph.tensor((1, PAST, FEATURES), SCALE)
    flat = graph.reshape(pixels, (1, height * width * channels))
    parts = np.repeat(np.eye(FEATURES), height * width // FEATURES, axis=1)
    parts *= FEATURES / (height * width)
    parts = _of_channel(parts, 0, channels)
    features = graph.connect(flat, parts, np.zeros(FEATURES), SCALE)  # means of bands of rows
    now = graph.reshape(features, (1, 1, FEATURES))
    seen = graph.add(CONCATENATION, [past, now], (1, PAST + 1, FEATURES), SCALE)
    begin = graph.constant(np.array([0, PAST + 1 - KEPT, 0], np.int32))
    many = graph.constant(np.array([1, KEPT, FEATURES], np.int32))
    kept = graph.add(SLICE, [seen, begin, many], (1, KEPT, FEATURES), SCALE)
    told = graph.connect(flat, _of_channel(votes, channels - 1, channels), bias, STEP)
    _write(path, graph, [pixels, past], [kept, told, features])
    description = Description(
        task="word",
        labels=(*words, "other"),
        crop="aligned-mouth" if height == width else "lip-box",
        crop_size=width,
        frames=10,
        input=Quantisation("int8", *SCALE),
        output=Quantisation("int8", *STEP),
        temperature=1.0,
        on_threshold=0.6,
        off_threshold=0.3,
        sources=(Source("drawn", "none", 1),),
        metrics=(),
        versions={},
        created="2026-01-02",
        fps=15.0,
        spot_threshold=0.6,
        refractory_s=0.5,
    )
    embed(path, replace(description, **said))
    return path


def _of_channel(weights: np.ndarray, channel: int, channels: int) -> np.ndarray:
    """Weights of one channel's pixels, among those of all."""
    spread = np.zeros((*weights.shape, channels))
    spread[..., channel] = weights
    return spread.reshape(len(weights), -1)


def _write(path: Path, graph: Graph, inputs: list[int], outputs: list[int]) -> None:
    b = flatbuffers.Builder(1 << 16)
    codes = sorted({operator for operator, _, _ in graph.operators})
    operators = [
        _table(
            b,
            (0, "Uint32", codes.index(operator)),
            (1, "offset", _ints(b, taken)),
            (2, "offset", _ints(b, [given])),
            (3, "Uint8", OPTIONS[operator]),
            (4, "offset", _table(b, *([(0, "Int32", 1)] if operator == CONCATENATION else []))),
        )
        for operator, taken, given in graph.operators
    ]
    tensors = [_tensor(b, i, *about) for i, about in enumerate(graph.tensors)]
    subgraph = _table(
        b,
        (0, "offset", _offsets(b, tensors)),
        (1, "offset", _ints(b, inputs)),
        (2, "offset", _ints(b, outputs)),
        (3, "offset", _offsets(b, operators)),
    )
    buffers = [_table(b, (0, "offset", b.CreateByteVector(data))) for data in graph.buffers]
    kinds = [_table(b, (0, "Int8", code), (3, "Int32", code)) for code in codes]
    model = _table(
        b,
        (0, "Uint32", 3),
        (1, "offset", _offsets(b, kinds)),
        (2, "offset", _offsets(b, [subgraph])),
        (4, "offset", _offsets(b, buffers)),
    )
    b.Finish(model, b"TFL3")
    path.write_bytes(bytes(b.Output()))


def _tensor(
    b: Any, number: int, shape: tuple[int, ...], kind: int, scale: Scale, buffer: int
) -> int:
    parts = [(0, "offset", _ints(b, shape)), (1, "Int8", kind), (2, "Uint32", buffer)]
    parts.append((3, "offset", b.CreateString(f"t{number}")))
    if scale[0]:
        steps = b.CreateNumpyVector(np.array([scale[0]], np.float32))
        zeros = b.CreateNumpyVector(np.array([scale[1]], np.int64))
        parts.append((4, "offset", _table(b, (2, "offset", steps), (3, "offset", zeros))))
    return _table(b, *parts)


def _table(b: Any, *parts: tuple[int, str, int]) -> int:
    b.StartObject(8)
    for place, kind, value in parts:
        if kind == "offset":
            b.PrependUOffsetTRelativeSlot(place, value, 0)
        else:
            getattr(b, f"Prepend{kind}Slot")(place, value, 0)
    return int(b.EndObject())


def _ints(b: Any, values: Sequence[int]) -> int:
    return int(b.CreateNumpyVector(np.array(values, np.int32)))


def _offsets(b: Any, offsets: Sequence[int]) -> int:
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return int(b.EndVector())
