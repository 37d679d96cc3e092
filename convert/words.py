"""Word readers as the device wants them: int8, one frame at a time, with their states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from convert.int8 import check_operators
from convert.targets import int8_of
from edge.errors import CheckFailed
from edge.interpreter import Interpreter

Clips = NDArray[np.float32]  # (clips, frames, height, width, channels), 0 to 1


def convert(step: keras.Model, clips: Clips, out: Path) -> Interpreter:
    """Write a model that advances one frame as int8, calibrated on clips; gives it loaded."""
    shapes = [tf.TensorSpec(each.shape, tf.float32, name=each.name) for each in step.inputs]
    called = tf.function(lambda *inputs: step(list(inputs), training=False))
    function = called.get_concrete_function(*shapes)
    out.write_bytes(int8_of(function, lambda: _stepped(step, clips)))
    interpreter = Interpreter(out)
    _check(interpreter)
    check_operators(interpreter)
    return interpreter


def _stepped(step: keras.Model, clips: Clips) -> Iterator[dict[str, NDArray[np.float32]]]:
    """What goes in with every frame of the clips; before them a picture from black to white."""
    fresh = [np.zeros(each.shape, np.float32) for each in step.inputs[1:]]
    ramp = np.linspace(0, 1, clips[0, 0].size, dtype=np.float32).reshape(1, *clips.shape[2:])
    names = [each.name for each in step.inputs]
    yield dict(zip(names, [ramp, *fresh], strict=True))
    advance = tf.function(lambda inputs: step(inputs, training=False))
    for clip in clips:
        states = fresh
        for frame in clip:
            yield dict(zip(names, [frame[None], *states], strict=True))
            told = advance([tf.constant(each) for each in (frame[None], *states)])
            states = [each.numpy() for each in told[2:]]


def _check(interpreter: Interpreter) -> None:
    """Pixels less 128 in, and every state given as it is taken."""
    pixels = next(each for each in interpreter.inputs if len(each.shape) == 4)
    if pixels.zero_point != -128 or abs(pixels.scale * 255 - 1) > 1e-3:
        raise CheckFailed(f"input quantised by {pixels.scale:g} from {pixels.zero_point}")
    taken = {
        each.shape: (each.scale, each.zero_point)
        for each in interpreter.inputs
        if len(each.shape) == 3
    }
    given = {
        each.shape: (each.scale, each.zero_point)
        for each in interpreter.outputs
        if len(each.shape) == 3
    }
    if taken != given:
        raise CheckFailed(f"states are taken as {taken} and given as {given}")
