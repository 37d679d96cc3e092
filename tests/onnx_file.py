"""Tiny ONNX models, written without the package: nodes in a row, as protobuf lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

FLOAT, INT64 = 1, 7  # types of tensors
ATTRIBUTE_INTS = 7
IR_VERSION, OPSET = 7, 11


def node(kind: str, inputs: Sequence[str], output: str, **ints: Sequence[int]) -> bytes:
    """One step; every attribute is a row of whole numbers."""
    attributes = [
        _text(1, name)
        + b"".join(_number(8, value) for value in values)
        + _number(20, ATTRIBUTE_INTS)
        for name, values in ints.items()
    ]
    return (
        b"".join(_text(1, name) for name in inputs)
        + _text(2, output)
        + _text(3, output)
        + _text(4, kind)
        + b"".join(_bytes(5, attribute) for attribute in attributes)
    )


def constant(name: str, values: np.ndarray) -> bytes:
    """Weights, or a shape in whole numbers."""
    whole = np.issubdtype(values.dtype, np.integer)
    data = values.astype("<i8" if whole else "<f4")
    return (
        b"".join(_number(1, size) for size in data.shape)
        + _number(2, INT64 if whole else FLOAT)
        + _text(8, name)
        + _bytes(9, data.tobytes())
    )


def write_model(
    path: Path,
    shape: Sequence[int],
    nodes: Sequence[bytes],
    constants: Sequence[bytes],
    outputs: Sequence[str],
) -> Path:
    """A model whose input is called `input`."""
    graph = b"".join(_bytes(1, each) for each in nodes) + _text(2, "graph")
    graph += b"".join(_bytes(5, each) for each in constants)
    graph += _bytes(11, _value("input", shape))
    graph += b"".join(_bytes(12, _value(name, ())) for name in outputs)
    opset = _text(1, "") + _number(2, OPSET)
    path.write_bytes(_number(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, opset))
    return path


def _value(name: str, shape: Sequence[int]) -> bytes:
    sizes = b"".join(_bytes(1, _number(1, size)) for size in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, sizes)))


def _varint(value: int) -> bytes:
    rest = value % 2**64  # negative numbers are written as their complement
    out = bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*out, rest])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
