"""What a part that tells mouth shapes answered about pictures and clips it never learned from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.description import Description
from edge.errors import SettingsError
from edge.shapes import OPENING_UNIT, SHAPES
from training.evaluate.figures import Flags, Values, auc
from training.evaluate.mouths import CLOSED_GAP, MIDDLE, OPEN_GAP, Answers, bits, counted
from training.evaluate.shapes import balanced
from training.report.parts import columns_of

AHEAD = (0, 1, 2)  # frames to come that are waited for


@dataclass(frozen=True)
class HeldMouths:
    """Crops and answers, a row a picture."""

    images: NDArray[np.uint8]
    sets: NDArray[np.str_]
    files: NDArray[np.str_]
    people: NDArray[np.str_]
    moments: NDArray[np.int_]  # frame of its clip; -1: a single picture
    gaps: Values  # measured; NaN where nobody did
    shapes: NDArray[np.uint8]  # that are allowed
    openings: Values  # of the int8 file
    votes: Values
    float_answers: Values  # of the Keras model: opening, then votes

    @cached_property
    def answers(self) -> Answers:
        """Of the int8 file."""
        return Answers(self.openings.astype(float), self.votes.astype(float), *self._clips)

    @cached_property
    def by_floats(self) -> Answers:
        """Of the Keras model."""
        told = self.float_answers.astype(float)
        votes = told[:, 1:].reshape(self.votes.shape)
        return Answers(told[:, 0] * OPENING_UNIT, votes, *self._clips)

    @property
    def _clips(self) -> tuple[NDArray[np.str_], NDArray[np.int_]]:
        return self.people, self.moments

    @property
    def measured(self) -> Flags:
        """Whose gap is known."""
        return np.isfinite(self.gaps)

    @property
    def clear(self) -> Flags:
        """Whose gap is beyond dispute."""
        return (self.gaps <= CLOSED_GAP) | (self.gaps >= OPEN_GAP)

    @property
    def moving(self) -> Flags:
        """Frames of clips."""
        return self.moments >= 0

    @cached_property
    def allowed(self) -> Flags:
        """Which shapes each may show."""
        return bits(self.shapes)

    @property
    def alone(self) -> Flags:
        """Frames of clips that may show one shape only."""
        return self.moving & (self.allowed.sum(axis=1) == 1)

    @property
    def truth(self) -> NDArray[np.int_]:
        """The one shape, where there is but one."""
        return self.allowed.argmax(axis=1)

    @cached_property
    def groups(self) -> NDArray[np.int_]:
        """People or clips; who is not known is alone."""
        alone = np.char.add("row ", np.arange(len(self.files)).astype(str))
        return np.unique(np.where(self.people == "", alone, self.people), return_inverse=True)[1]

    @property
    def off(self) -> Values:
        """By how much openings are told wrong; NaN where no gap was measured."""
        return np.abs(self.openings - self.gaps)

    @cached_property
    def float_logits(self) -> Values:
        """Of the shapes, by the Keras model, with all that can be waited for."""
        return counted(self.by_floats, AHEAD[-1])

    def logits(self, ahead: int) -> Values:
        """Of the shapes, by the int8 file, when so many frames to come are waited for."""
        return counted(self.answers, ahead)

    def opened(self, answers: Answers, said: Description) -> Flags:
        """Which of the clear cases are told right, as open or closed."""
        middle = (said.on_threshold + said.off_threshold) / 2
        right: Flags = (answers.openings > middle) == (self.gaps > MIDDLE)
        return right[self.clear]

    def shaped(self, logits: Values) -> float:
        """Balanced accuracy over the frames that may show one shape only, silence included."""
        return balanced(logits[self.alone].argmax(axis=1), self.truth[self.alone])

    def outcome(self, said: Description) -> str:
        """How far openings and shapes are right, in one line."""
        told = []
        if self.clear.any():
            right = self.opened(self.answers, said)
            told.append(f"open or closed {right.mean():.1%} of {len(right)} clear cases")
        if (area := self.area) is not None:
            told.append(f"area under ROC {area:.4f}, correlation {self.correlation:.3f}")
        if self.alone.any():
            shares = [f"{self.shaped(self.logits(ahead)):.1%} +{ahead}" for ahead in AHEAD]
            told.append(f"six shapes {', '.join(shares)}")
        return "; ".join(told) or "nothing is known for sure of what was left out"

    @property
    def area(self) -> float | None:
        """How often the more open of two mouths is told more open, one from each side of the
        middle; None where there is but one side."""
        rows = self.measured
        over = self.gaps[rows] > MIDDLE
        return auc(self.openings[rows], over) if 0 < over.sum() < len(over) else None

    @property
    def correlation(self) -> float:
        """Of the opening with the measured gap."""
        rows = self.measured
        return float(np.corrcoef(self.openings[rows], self.gaps[rows])[0, 1])


def read_held_mouths(path: Path, said: Description) -> HeldMouths:
    """A part's answers."""
    names = tuple(field.name for field in fields(HeldMouths))
    columns = columns_of(path, names)
    votes, told = columns["votes"], columns["float_answers"]
    moments = len(said.votes_s)
    if votes.shape[1:] != (moments, len(SHAPES)) or told.shape[1:] != (1 + votes[0].size,):
        raise SettingsError(f"{path}: damaged: its answers are not those of its model")
    return HeldMouths(**columns)
