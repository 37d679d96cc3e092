"""`lipwire models inspect`: what a model file says of itself and what its tensors are."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from edge.description import read
from edge.errors import ModelError
from edge.interpreter import Interpreter, Tensor


def report(path: Path) -> dict[str, Any]:
    """Size, tensors and, where it has one, the description of a model."""
    interpreter = Interpreter(path)
    try:
        description: dict[str, Any] | None = asdict(read(path))
    except ModelError:
        description = None  # MediaPipe's own models have none
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "inputs": [_tensor(tensor) for tensor in interpreter.inputs],
        "outputs": [_tensor(tensor) for tensor in interpreter.outputs],
        "description": description,
    }


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype.name,
        "scale": tensor.scale,
        "zero_point": tensor.zero_point,
    }
