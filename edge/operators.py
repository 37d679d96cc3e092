"""What a model's operators are, what they cost, and which of them compute in float."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import ModelError
from edge.interpreter import Interpreter

Shape = tuple[int, ...]
# They run other parts of the file, or steps that depend on what is shown.
NOT_COUNTED = frozenset(
    {"WHILE", "IF", "CALL", "LSTM", "RNN", "SVDF"}
    | {
        f"{way}_SEQUENCE_{net}"
        for way in ("UNIDIRECTIONAL", "BIDIRECTIONAL")
        for net in ("LSTM", "RNN")
    }
)
BETWEEN_TYPES = frozenset({"QUANTIZE", "DEQUANTIZE"})


@dataclass(frozen=True)
class Operator:
    """One step of a model; a tensor is named by its number."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    types: str  # of what goes through, and of the weights where theirs is another
    is_float: bool
    multiply_accumulates: int


@dataclass(frozen=True)
class _Tensor:
    shape: Shape
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


class Graph:
    """The operators that run for every picture, and the memory they need.

    What depends on no input, such as weights kept as halves and widened once, is no part of it.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        steps, tensors = interpreter.graph()
        self._tensors = {
            int(t["index"]): _Tensor(tuple(map(int, t["shape"])), np.dtype(t["dtype"]))
            for t in tensors
        }
        self._inputs = frozenset(tensor.index for tensor in interpreter.inputs)
        self._results = frozenset(tensor.index for tensor in interpreter.outputs)
        self._flowing = set(self._inputs)
        self.operators: list[Operator] = []
        for step in steps:
            inputs, outputs = _numbers(step["inputs"]), _numbers(step["outputs"])
            # The runtime's own plan for the same work stands behind the model's operators.
            if step["op_name"] != "DELEGATE" and self._flowing.intersection(inputs):
                self._flowing.update(outputs)
                self.operators.append(self._operator(step["op_name"], inputs, outputs))

    @property
    def multiply_accumulates(self) -> int:
        """What one run of the model costs."""
        return sum(operator.multiply_accumulates for operator in self.operators)

    @property
    def float_operators(self) -> list[Operator]:
        """Those that compute in float; conversions from and to integers only where nothing else
        does."""
        found = [operator for operator in self.operators if operator.is_float]
        return [o for o in found if o.name not in BETWEEN_TYPES] or found

    @property
    def not_counted(self) -> list[Operator]:
        """Operators of unknown cost."""
        return [operator for operator in self.operators if operator.name in NOT_COUNTED]

    @cached_property
    def activation_bytes(self) -> int:
        """The least memory in which a run can keep what is still needed, step by step."""
        end = len(self.operators)
        born = dict.fromkeys(self._inputs, 0)
        dies = dict.fromkeys(self._results, end)
        for at, operator in enumerate(self.operators):
            for tensor in operator.outputs:
                born[tensor] = at
                dies.setdefault(tensor, at)
            for tensor in self._flowing.intersection(operator.inputs):
                dies[tensor] = max(dies.get(tensor, 0), at)
        live = [
            sum(self._tensors[t].bytes for t, start in born.items() if start <= at <= dies[t])
            for at in range(end)
        ]
        return max(live, default=0)

    def _operator(self, name: str, inputs: Shape, outputs: Shape) -> Operator:
        shapes = [self._shape(number) for number in inputs]
        passing = next(number for number in inputs if number in self._flowing)
        given = outputs[0] if outputs else passing  # what only keeps a value gives none
        data, result = (self._tensors[number].dtype for number in (passing, given))
        cost = _multiply_accumulates(name, shapes, self._shape(given))
        types = data.name if data == result else f"{data.name} -> {result.name}"
        if cost:
            weights = self._tensors[next(n for n in inputs[1:] if n in self._tensors)].dtype
            types += "" if weights == data else f", weights {weights.name}"
        is_float = any(np.issubdtype(kind, np.inexact) for kind in (data, result))
        return Operator(name, inputs, outputs, types, is_float, cost)

    def _shape(self, number: int) -> Shape:
        return self._tensors[number].shape if number in self._tensors else ()


def multiply_accumulates(path: Path) -> int:
    """What one run of a model file costs."""
    graph = Graph(Interpreter(path))
    if graph.not_counted:
        raise ModelError(f"{path}: nobody knows what {names(graph.not_counted)} in it costs")
    return graph.multiply_accumulates


def names(operators: Iterable[Operator]) -> str:
    """The operators' names, each once, in the order of their running."""
    return ", ".join(dict.fromkeys(operator.name for operator in operators))


def _numbers(values: Iterable[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _multiply_accumulates(name: str, inputs: Sequence[Shape], output: Shape) -> int:
    """The products of an operator; sums, pooling and activations count nothing."""
    size, count = prod(output), 0
    match name:
        case "CONV_2D":  # weights (out, height, width, in a group)
            count = size * prod(inputs[1][1:])
        case "DEPTHWISE_CONV_2D":  # weights (1, height, width, out)
            count = size * prod(inputs[1][1:3])
        case "CONV_3D":  # weights (depth, height, width, in a group, out)
            count = size * prod(inputs[1][:4])
        case "TRANSPOSE_CONV":  # output's shape, weights (out, height, width, in), data
            count = prod(inputs[2]) * prod(inputs[1][:3])
        case "CONV_3D_TRANSPOSE":  # likewise, weights (depth, height, width, out, in)
            count = prod(inputs[2]) * prod(inputs[1][:4])
        case "FULLY_CONNECTED":  # weights (out, in)
            count = size * inputs[1][-1]
        case "BATCH_MATMUL":  # (…, rows, inner), either of the two may be transposed
            count = size * prod(inputs[0][-2:]) // output[-2]
    return count
