"""Reading crops: self-describing int8 models and what they make of a face or a mouth."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.crop import KINDS, CropKind
from edge.description import Description, Quantisation, read
from edge.errors import ModelError
from edge.frame import Image
from edge.interpreter import Interpreter, Tensor
from edge.shapes import OPENING_UNIT, SHAPES
from edge.votes import Ballot, Counting

LARGEST_CROP = 512  # pixels; what a larger one shows, no board has time for


class TwoClassReader:
    """The probability of a model's second label in a crop."""

    def __init__(self, path: Path, task: str, threads: int = 1) -> None:
        self.description = checked_description(path, task)
        self.interpreter = Interpreter(path, threads)
        check_tensors(path, self.description, self.interpreter, 1)
        self.crop_kind: CropKind = crop_kind(self.description)

    def logit(self, face: Image) -> float:
        """The model's answer before calibration."""
        return float(_answers(self.interpreter, face)[0])

    def __call__(self, face: Image) -> float:
        """The calibrated probability."""
        # The logistic function, in the form that no logit is too large for.
        return (1 + math.tanh(self.logit(face) / self.description.temperature / 2)) / 2


class SmileReader(TwoClassReader):
    """The probability of a smile in a face crop."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        super().__init__(path, "smile", threads)


class VisemeReader:
    """The opening and the shape of the mouth in a crop."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.description = checked_description(path, "viseme")
        if self.description.labels != SHAPES:
            told = ", ".join(self.description.labels)
            raise ModelError(f"{path}: tells {told}; visemes are {', '.join(SHAPES)}")
        self.interpreter = Interpreter(path, threads)
        votes = len(self.description.votes_s) * len(SHAPES)
        check_tensors(path, self.description, self.interpreter, 1 + votes)
        self.crop_kind: CropKind = crop_kind(self.description)

    def __call__(self, mouth: Image) -> Ballot:
        """The opening, and what speaks for each shape at each moment of `votes_s`, before
        calibration."""
        answers = _answers(self.interpreter, mouth)
        return Ballot(float(answers[0]) * OPENING_UNIT, answers[1:].reshape(-1, len(SHAPES)))

    def counting(self, ahead_s: float) -> Counting:
        """How the ballots are counted, waiting so long for those to come."""
        return Counting(self.description.votes_s, ahead_s, self.description.temperature)


def _answers(interpreter: Interpreter, cut: Image) -> NDArray[np.float64]:
    # Flipping the top bit of a uint8 subtracts 128 and reads as int8, without widening.
    pixels = np.bitwise_xor(cut, np.uint8(128)).view(np.int8)[None, ..., None]
    (answer,) = interpreter.run(pixels)
    output = interpreter.outputs[0]
    numbers: NDArray[np.float64] = (answer[0].astype(np.float64) - output.zero_point) * output.scale
    return numbers


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


def check_tensors(
    path: Path, description: Description, interpreter: Interpreter, answers: int
) -> None:
    """Refuse a model whose tensors are not what its description says, or of other answers."""
    side = description.crop_size
    expected = (
        ("input", interpreter.inputs, (1, side, side, 1), description.input),
        ("output", interpreter.outputs, (1, answers), description.output),
    )
    for name, tensors, shape, said in expected:
        if len(tensors) != 1 or tensors[0].shape != shape or not same(tensors[0], said):
            raise ModelError(f"{path}: its {name} is not what its description says: {tensors}")
    if (description.input.dtype, description.input.zero_point) != ("int8", -128):
        raise ModelError(f"{path}: its input is not grey pixels less 128")


def same(tensor: Tensor, said: Quantisation) -> bool:
    """Whether a tensor's integers stand for the numbers that they are said to."""
    return (
        tensor.dtype.name == said.dtype
        and tensor.zero_point == said.zero_point
        and math.isclose(tensor.scale, said.scale, rel_tol=1e-5)
    )
