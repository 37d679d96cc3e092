"""Reading crops: a self-describing int8 model and the probability it gives."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.crop import KINDS, CropKind
from edge.description import Description, Quantisation, read
from edge.errors import ModelError
from edge.frame import Image
from edge.interpreter import Interpreter, Tensor

LARGEST_CROP = 512  # pixels; what a larger one shows, no board has time for


class SmileReader:
    """The probability of a smile in a face crop."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.description = checked_description(path, "smile")
        self.interpreter = Interpreter(path, threads)
        check_tensors(path, self.description, self.interpreter)
        self.crop_kind: CropKind = crop_kind(self.description)
        self._output = self.interpreter.outputs[0]

    def logit(self, face: Image) -> float:
        """The model's answer before calibration."""
        # Flipping the top bit of a uint8 subtracts 128 and reads as int8, without widening.
        pixels = np.bitwise_xor(face, np.uint8(128)).view(np.int8)[None, ..., None]
        (answer,) = self.interpreter.run(pixels)
        return (int(answer[0, 0]) - self._output.zero_point) * self._output.scale

    def __call__(self, face: Image) -> float:
        """The calibrated probability of a smile."""
        # The logistic function, in the form that no logit is too large for.
        return (1 + math.tanh(self.logit(face) / self.description.temperature / 2)) / 2


def checked_description(path: Path, task: str) -> Description:
    """A model's description, if the model is for this task and cut for a crop that is known."""
    description = read(path)
    if description.task != task:
        raise ModelError(f"{path}: made for {description.task}, not for {task}")
    if description.crop not in KINDS or not 16 <= description.crop_size <= LARGEST_CROP:
        raise ModelError(
            f"{path}: wants crops '{description.crop}' of {description.crop_size} pixels, this "
            f"version cuts {', '.join(KINDS)} of 16 to {LARGEST_CROP}"
        )
    return description


def crop_kind(description: Description) -> CropKind:
    """The cut a model was trained on, at its own size."""
    return replace(KINDS[description.crop], size=description.crop_size)


def check_tensors(path: Path, description: Description, interpreter: Interpreter) -> None:
    """Refuse a model whose tensors are not what its description says."""
    side = description.crop_size
    expected = (
        ("input", interpreter.inputs, (1, side, side, 1), description.input),
        ("output", interpreter.outputs, (1, 1), description.output),
    )
    for name, tensors, shape, said in expected:
        if len(tensors) != 1 or tensors[0].shape != shape or not _same(tensors[0], said):
            raise ModelError(f"{path}: its {name} is not what its description says: {tensors}")
    if (description.input.dtype, description.input.zero_point) != ("int8", -128):
        raise ModelError(f"{path}: its input is not grey pixels less 128")


def _same(tensor: Tensor, said: Quantisation) -> bool:
    return (
        tensor.dtype.name == said.dtype
        and tensor.zero_point == said.zero_point
        and math.isclose(tensor.scale, said.scale, rel_tol=1e-5)
    )
