"""Reading words: a model that advances one frame at a time and keeps what it has seen as state."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.crop import KINDS, CropKind
from edge.description import Description, Quantisation, read
from edge.errors import ModelError
from edge.frame import Image
from edge.interpreter import Array, Interpreter, Tensor
from edge.lip_change import with_change
from edge.lipbox import HEIGHT, LIP_BOX, WIDTH
from edge.read import LARGEST_CROP, same

TASKS = ("word", "word-grid")
OTHER = "other"  # the last label of every word model: none of its words
HEAVIEST = 4.0  # logarithm of a frame's weight at most
SLOWEST_FPS, FASTEST_FPS = 5.0, 60.0  # that a model may have learned from
LONGEST_WINDOW = 100  # frames
NOT_TEXT = ("Cc", "Cs", "Zl", "Zp")  # of Unicode: control signs, halves of signs, ends of lines

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Voted:
    """What one frame says of the word it belongs to."""

    logits: Numbers  # of the labels
    weight: float  # how much this frame counts
    features: Numbers  # what the model made of the frames so far, for words of one's own


@dataclass(slots=True, eq=False)
class WordState:
    """What a model remembers of one face's frames."""

    tensors: list[Array]
    before: Image | None = None  # the last frame, of a model that sees what changed since then


class WordReader:
    """A word model; every face that is read has a state of its own."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.description = _checked(path)
        self.kind = _kind(self.description)
        self.interpreter = Interpreter(path, threads)
        self._places = _places(path, self.description, self.interpreter)

    def fresh(self) -> WordState:
        """The state before the first frame."""
        return WordState([_empty(self.interpreter.inputs[i]) for i in self._places.states_in])

    def __call__(self, cut: Image, state: WordState) -> Voted:
        """Take the next frame, cut as `kind` says, and go on from the state."""
        places, model = self._places, self.interpreter
        values: list[Array] = [cut] * len(model.inputs)
        values[places.pixels] = self._shown(cut, state)
        for place, tensor in zip(places.states_in, state.tensors, strict=True):
            values[place] = tensor
        results = model.run(*values)
        state.tensors = [results[place] for place in places.states_out]
        votes = _numbers(results[places.votes], model.outputs[places.votes])
        features = _numbers(results[places.features], model.outputs[places.features])
        weight = float(np.exp(min(float(votes[-1]), HEAVIEST)))
        return Voted(votes[:-1], weight, features)

    def _shown(self, cut: Image, state: WordState) -> Array:
        """A frame as the model takes it; nothing has changed before the first one."""
        shown = cut[..., None]
        if self.description.changes:
            shown = with_change(cut, cut if state.before is None else state.before)
            state.before = cut
        # Flipping the top bit of a uint8 subtracts 128 and reads as int8, without widening.
        return np.bitwise_xor(shown, np.uint8(128)).view(np.int8)[None]


@dataclass(frozen=True, slots=True)
class _Places:
    """Which input and which output is what; states in the same order."""

    pixels: int
    states_in: tuple[int, ...]
    votes: int
    features: int
    states_out: tuple[int, ...]


def _checked(path: Path) -> Description:
    """A model's description, if it is one of words whose cut this version knows."""
    said = read(path)
    if said.task not in TASKS:
        raise ModelError(f"{path}: made for {said.task}, not for words")
    *words, last = said.labels or ("",)
    if not words or last != OTHER:
        told = ", ".join(said.labels) or "none"
        raise ModelError(
            f"{path}: an empty vocabulary: its labels are {told}; they must be words and, as the "
            f"last one, '{OTHER}'"
        )
    if len(set(said.labels)) < len(said.labels) or not all(map(str.strip, words)):
        raise ModelError(f"{path}: has a word without letters, or one twice")
    if any(unicodedata.category(sign) in NOT_TEXT for sign in "".join(words)):
        raise ModelError(f"{path}: has a word with signs that no line of text may hold")
    _check_cut(path, said)
    if not (SLOWEST_FPS <= said.fps <= FASTEST_FPS and 1 < said.frames <= LONGEST_WINDOW):
        raise ModelError(
            f"{path}: says {said.frames} frames at {said.fps:g} a second, words are read in 2 to "
            f"{LONGEST_WINDOW} frames at {SLOWEST_FPS:g} to {FASTEST_FPS:g}"
        )
    return said


def _check_cut(path: Path, said: Description) -> None:
    known = {LIP_BOX: said.crop_size == WIDTH}
    known |= dict.fromkeys(KINDS, 16 <= said.crop_size <= LARGEST_CROP)
    if not known.get(said.crop):
        raise ModelError(
            f"{path}: wants crops '{said.crop}' of {said.crop_size} pixels, this version cuts "
            f"{LIP_BOX} of {WIDTH} and {', '.join(KINDS)} of 16 to {LARGEST_CROP}"
        )


def _kind(said: Description) -> CropKind | None:
    """The aligned cut a model was trained on, at its own size; none for lip boxes."""
    return None if said.crop == LIP_BOX else replace(KINDS[said.crop], size=said.crop_size)


def _places(path: Path, said: Description, model: Interpreter) -> _Places:
    """Tell inputs and outputs apart by their shapes, and refuse a model in which one is missing."""
    side = said.crop_size
    height, width = (HEIGHT, WIDTH) if said.crop == LIP_BOX else (side, side)
    picture = (1, height, width, 2 if said.changes else 1)
    inputs, outputs = model.inputs, model.outputs
    flat = _votes_first(outputs, said)
    pixels = [i for i, each in enumerate(inputs) if each.shape == picture]
    states = _matched(path, model)
    whole = len(states) + 1 == len(inputs) and len(states) + 2 == len(outputs)
    votes = (1, len(said.labels) + 1)
    if not (whole and len(pixels) == 1 and len(flat) == 2 and outputs[flat[0]].shape == votes):
        told = [each.shape for each in (*inputs, *outputs)]
        raise ModelError(
            f"{path}: its tensors are not those of a model of {len(said.labels)} labels that takes "
            f"{picture} and advances one frame: {told}"
        )
    _check(path, "input", inputs[pixels[0]], said.input)
    _check(path, "output", outputs[flat[0]], said.output)
    if (said.input.dtype, said.input.zero_point) != ("int8", -128):
        raise ModelError(f"{path}: its input is not grey pixels less 128")
    ins, outs = zip(*states, strict=True) if states else ((), ())
    return _Places(pixels[0], ins, flat[0], flat[1], outs)


def _votes_first(outputs: Sequence[Tensor], said: Description) -> list[int]:
    """The outputs that are a row of numbers: votes before features, of which there may be as many.
    Then their scale tells, and where it is the same too, the order in which they are written."""
    votes = (1, len(said.labels) + 1)
    rows = [i for i, each in enumerate(outputs) if len(each.shape) == 2]
    return sorted(
        rows, key=lambda i: (outputs[i].shape != votes, not same(outputs[i], said.output))
    )


def _matched(path: Path, model: Interpreter) -> list[tuple[int, int]]:
    """Every state's input and the output that gives what it takes."""
    taken = {each.shape: i for i, each in enumerate(model.inputs) if len(each.shape) == 3}
    given = {each.shape: i for i, each in enumerate(model.outputs) if len(each.shape) == 3}
    pairs = [(place, given.get(shape, -1)) for shape, place in taken.items()]
    for place, other in pairs:
        one = model.inputs[place]
        if other < 0 or not same(model.outputs[other], _quantisation(one)):
            raise ModelError(f"{path}: gives no state back as it takes {one.name} {one.shape}")
    return pairs


def _check(path: Path, name: str, tensor: Tensor, said: Quantisation) -> None:
    if not same(tensor, said):
        raise ModelError(f"{path}: its {name} is not what its description says: {tensor}")


def _quantisation(tensor: Tensor) -> Quantisation:
    return Quantisation(tensor.dtype.name, tensor.scale, tensor.zero_point)


def _empty(tensor: Tensor) -> Array:
    return np.full(tensor.shape, tensor.zero_point, tensor.dtype)


def _numbers(values: Array, tensor: Tensor) -> Numbers:
    numbers: Numbers = (values[0].astype(np.float64) - tensor.zero_point) * tensor.scale
    return numbers
