"""All that a training run depends on beside its data; saved with every run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FOLDS = ("fold0", "fold1", "fold2", "fold3")
PARTS = (*FOLDS, "all", "cross")  # models of one run: a fold is left out, nothing is, the whole set


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
    crop: str = "aligned-face"  # a name of `edge.crop.KINDS`
    pictures: int = 24_000  # an epoch shows
    batch: int = 64
    shares: dict[str, float] = field(default_factory=dict)  # of an epoch, by data set
    label_smoothing: float = 0.05
    mixup: float = 0.0  # of a Beta distribution; 0: pictures are not mixed
    whole: tuple[str, ...] = ()  # sets whose test part is learned, too, and shows nothing then
    set_bias: bool = False  # sets other than the one with folds call other faces a smile: learned
    points: float = 0.0  # weight of telling the face mesh's points; 0: not asked for
    teacher: str = ""  # a run whose models' answers are learned beside the labels
    teacher_weight: float = 0.7  # of its answers
    validation_share: float = 0.1  # kept from learning, for the temperature
    seed: int = 1
