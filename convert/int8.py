"""Full int8 conversion of a Keras model whose input is grey pixels from 0 to 1."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edge.errors import CheckFailed
from edge.interpreter import Interpreter


def convert(model: keras.Model, samples: NDArray[np.float32], out: Path) -> Interpreter:
    """Write the model as int8, calibrated on the samples; gives it loaded."""
    shape = (1, *model.input_shape[1:])
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _calibration(samples, shape)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        out.write_bytes(converter.convert())
    interpreter = Interpreter(out)
    check_input(interpreter)
    return interpreter


def check_input(interpreter: Interpreter) -> None:
    """The device only subtracts 128: any other input quantisation would be read wrongly."""
    (tensor,) = interpreter.inputs
    if tensor.zero_point != -128 or not math.isclose(tensor.scale, 1 / 255, rel_tol=1e-3):
        raise CheckFailed(
            f"{interpreter.path}: input quantised by {tensor.scale:g} from {tensor.zero_point}, "
            "not pixels less 128; do the calibration pictures hold both 0 and 255?"
        )


def _calibration(
    samples: NDArray[np.float32], shape: tuple[int, ...]
) -> Iterator[list[NDArray[np.float32]]]:
    """The samples one by one, after one picture that goes from black to white."""
    yield [np.linspace(0, 1, math.prod(shape), dtype=np.float32).reshape(shape)]
    for sample in samples:
        yield [sample[None]]
