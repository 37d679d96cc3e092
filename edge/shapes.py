"""The mouth shapes that are told apart: the basic set of animators, A to F of Preston Blair's and
Rhubarb's."""

from __future__ import annotations

from dataclasses import dataclass

SHAPES = ("closed", "narrow", "open", "wide_open", "rounded", "puckered")
OPENING_UNIT = 0.1  # of models: what they tell of the opening is in tenths of the eye distance


@dataclass(frozen=True, slots=True)
class Shown:
    """What a mouth shows in one frame."""

    opening: float  # the gap between the inner lips, in eye distances
    weights: tuple[float, ...]  # the probability of each of `SHAPES`; together 1
