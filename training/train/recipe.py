"""All that a training run depends on beside its data; saved with every run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FOLDS = ("fold0", "fold1", "fold2", "fold3", "fold4")  # a set has as many as it says
PARTS = (*FOLDS, "all", "cross")  # models of one run: a fold is left out, nothing is, the whole set


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one pace."""

    epochs: int
    rate: float  # the highest learning rate
    lowest_rate: float
    schedule: Literal["cosine", "steps"] = "cosine"  # steps: down by tens, evenly spaced
    optimizer: Literal["adam", "sgd"] = "adam"
    clip: float | None = None  # the gradients' norm at most
    learns: str = "all"  # all, head, or the first layer that learns (with all after it)


@dataclass(frozen=True)
class Mouths:
    """How the shapes of mouths are learned, from pictures and from runs of a speaker's frames."""

    runs: int = 4  # a batch has
    stills: int = 4  # and so many times as many single pictures as a run has frames
    frames: int = 12  # of a run
    rarity: float = 0.5  # a shape counts by its number to the minus so much
    several: float = 0.5  # weight of a frame that may show one of several shapes
    opening: float = 5.0  # weight of the gap between the lips, where it was measured
    mesh: float = 0.2  # and where the face mesh or a teacher tells it
    lips: float = 12.0  # weight of telling the lips' points, where they are known


@dataclass(frozen=True)
class Recipe:
    """How a model is built and trained."""

    model: str  # a name of `training.zoo`
    phases: tuple[Phase, ...]
    options: dict[str, str | int] = field(default_factory=dict)  # what the model is built with
    crop: str = "aligned-face"  # a name of `edge.crop.KINDS`
    pictures: int = 24_000  # an epoch shows; 0: each one once
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
    augment: bool = True  # pictures are changed as another camera would on another day
    mouths: Mouths | None = None
    seed: int = 1

    @property
    def loss_weights(self) -> dict[str, float]:
        """Of what a model tells, where they are not 1."""
        weights = {"points": self.points}
        if self.mouths:
            weights |= {"opening": self.mouths.opening, "lips": self.mouths.lips}
        return weights
