"""The kinds of `.tflite` file that a network can become, and the bytes of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from edge.errors import ModelError
from edge.interpreter import native_chatter_off

Samples = NDArray[np.float32]  # (n, side, side, 1), as the network takes them
FOREIGN = re.compile(r"'tf\.(\w+)' op is neither")  # in the converter's complaint


def fixed(function: Any, shape: tuple[int, ...], output: int = 0) -> Any:
    """A TensorFlow function of one picture to one of its outputs, with its weights inside."""
    weighted = convert_variables_to_constants_v2(function)

    @tf.function
    def one(pixels: Any) -> Any:
        return tf.nest.flatten(weighted(pixels))[output]

    traced = one.get_concrete_function(tf.TensorSpec(shape, tf.float32, name="pixels"))
    return convert_variables_to_constants_v2(traced)


def tflite(function: Any, target: str, samples: Samples | None = None) -> bytes:
    """The file's content; int8 needs samples, whose values show which numbers may occur.

    Operators that have no int8 form stay float, for `convert.int8` to find.
    """
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())
    if target == "int8":
        assert samples is not None
        _make_int8(converter, lambda: ([sample[None]] for sample in samples))
    elif target != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if target == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return _converted(converter)


def int8_of(function: Any, inputs: Callable[[], Iterable[dict[str, Samples]]]) -> bytes:
    """An int8 file's content, of a function of several inputs, which are shown by their names as
    they may occur."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())
    names = [each.name.split(":")[0] for each in function.inputs if each.dtype != tf.resource]
    _make_int8(converter, lambda: ([shown[name] for name in names] for shown in inputs()))
    return _converted(converter)


def _make_int8(converter: Any, inputs: Callable[[], Iterable[list[Samples]]]) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = inputs
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
        tf.lite.OpsSet.TFLITE_BUILTINS,
    ]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def _converted(converter: Any) -> bytes:
    try:
        with native_chatter_off():
            return bytes(converter.convert())
    except Exception as error:  # whatever the converter and its calibration find wrong
        foreign = ", ".join(sorted(set(FOREIGN.findall(str(error)))))
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"cannot become a TFLite model: TFLite has no {foreign}" if foreign else reason
        ) from None
