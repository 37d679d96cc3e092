"""All that a training run depends on beside its data; saved with every run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one pace."""

    epochs: int
    rate: float  # the highest learning rate
    lowest_rate: float
    schedule: Literal["cosine", "steps"] = "cosine"  # steps: down by tens, evenly spaced
    learns: str = "all"  # all, head, or the first layer that learns (with all after it)


@dataclass(frozen=True)
class Recipe:
    """How a model is built and trained."""

    model: str  # a name of `training.zoo`
    phases: tuple[Phase, ...]
    options: dict[str, str | int] = field(default_factory=dict)  # what the model is built with
    batch: int = 64
    label_smoothing: float = 0.05
    seed: int = 1
