"""One TFLite model, ready to run: the only place that knows which runtime is installed."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import LipwireError, ModelError
from edge.interrupt import interrupts_held

Array = NDArray[Any]


@dataclass(frozen=True)
class Tensor:
    """What a model says of one of its inputs or outputs."""

    name: str
    index: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float  # 0 where the tensor is not quantised
    zero_point: int


class Interpreter:
    """A loaded model whose `run` takes and gives plain arrays, and which knows its own run time."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot be read: {error.strerror}") from None
        self.path = path
        with self._usable(), native_chatter_off():
            self._native = _runtime()(model_content=content, num_threads=threads)
            self._native.allocate_tensors()
            self.inputs = tuple(_tensor(d) for d in self._native.get_input_details())
            self.outputs = tuple(_tensor(d) for d in self._native.get_output_details())
        self.invoked_s = 0.0  # time spent inside the runtime so far

    def graph(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The runtime's own account of operators and tensors, which `edge.operators` reads."""
        with self._usable():  # damaged names come to light here
            return self._native._get_ops_details(), self._native.get_tensor_details()

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        """Whatever the runtime finds wrong with the file, in one line."""
        try:
            yield
        except (ValueError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelError(f"{self.path}: not a usable TFLite model: {reason}") from None

    def run(self, *values: Array) -> list[Array]:
        """Run the model once; each value must have its input's shape and type."""
        started = time.perf_counter()
        for tensor, value in zip(self.inputs, values, strict=True):
            self._native.set_tensor(tensor.index, value)
        self._native.invoke()
        results = [self._native.get_tensor(tensor.index) for tensor in self.outputs]
        self.invoked_s += time.perf_counter() - started
        return results


def runtime_name() -> str:
    """Name and version of the runtime in use, for reports."""
    from importlib import metadata

    package = _runtime().__module__.split(".")[0].replace("_", "-")
    return f"{package} {metadata.version(package)}"


def _runtime() -> Any:
    with interrupts_held():
        try:
            from ai_edge_litert.interpreter import Interpreter as Native
        except ImportError:
            try:
                from tflite_runtime.interpreter import Interpreter as Native
            except ImportError:
                raise LipwireError(
                    "no TFLite runtime is installed: pip install 'ai-edge-litert>=2.1,<2.2'"
                ) from None
    return Native


def _tensor(details: dict[str, Any]) -> Tensor:
    scale, zero_point = details["quantization"]
    shape = tuple(int(size) for size in details["shape"])
    return Tensor(
        details["name"],
        int(details["index"]),
        shape,
        np.dtype(details["dtype"]),
        float(scale),
        int(zero_point),
    )


@contextlib.contextmanager
def native_chatter_off() -> Iterator[None]:
    """The runtime greets every model on stderr, from C: keep the daemon's log to its own lines."""
    if sys.stderr is None:  # closed by whoever started us
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(silence)
        os.close(kept)
