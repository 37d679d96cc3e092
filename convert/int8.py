"""Full int8, as the device wants it: no operator left in float, pixels less 128 in."""

from __future__ import annotations

import math
from pathlib import Path

import keras
import numpy as np

from convert.sources import of_keras
from convert.targets import Samples, tflite
from edge.errors import CheckFailed
from edge.interpreter import Interpreter
from edge.operators import Graph, names


def convert(model: keras.Model, samples: Samples, out: Path) -> Interpreter:
    """Write a model that takes grey pixels from 0 to 1 as int8, calibrated on the samples; gives it
    loaded."""
    out.write_bytes(tflite(of_keras(model), "int8", with_extremes(samples)))
    interpreter = Interpreter(out)
    check_input(interpreter)
    check_operators(interpreter)
    return interpreter


def with_extremes(samples: Samples, white: float = 1.0) -> Samples:
    """The samples after one picture that goes from black to white."""
    shape = samples.shape[1:]
    ramp = np.linspace(0, white, math.prod(shape), dtype=np.float32)
    return np.concatenate([ramp.reshape(1, *shape), samples])


def check_input(interpreter: Interpreter, white: float = 1.0) -> None:
    """The device only subtracts 128: any other input quantisation would be read wrongly."""
    (tensor,) = interpreter.inputs
    if tensor.zero_point != -128 or not math.isclose(tensor.scale, white / 255, rel_tol=1e-3):
        raise CheckFailed(
            f"input quantised by {tensor.scale:g} from {tensor.zero_point}, not pixels less 128; "
            f"does the model take 0 for black and {white:g} for white?"
        )


def check_operators(interpreter: Interpreter) -> None:
    """An operator that is left in float is slow on a board."""
    if left := Graph(interpreter).float_operators:
        raise CheckFailed(f"left in float, having no int8 form: {names(left)}")
