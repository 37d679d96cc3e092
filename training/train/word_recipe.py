"""All that the training of a word reader depends on beside its data; saved with every run."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.train.recipe import Phase

CANVAS = "canvas"  # a model sees lips as they are
DIFFERENCES = "differences"  # and what changed since the frame before, too


@dataclass(frozen=True)
class WordRecipe:
    """How a model of words is built and trained."""

    model: str  # a name of `training.zoo`
    phases: tuple[Phase, ...]
    options: dict[str, str | int] = field(default_factory=dict)  # what the model is built with
    window: int = 15  # frames it sees of a clip
    ahead: int = 0  # frames before those, of a model that goes frame by frame: what was said before
    batch: int = 64
    label_smoothing: float = 0.1
    sees: str = CANVAS  # of a frame: a name of `word_sees`
    augment: bool = True  # clips are changed as another camera would on another day
    stretch: float = 0.25  # words are spoken faster and slower by up to so much (a logarithm)
    time_mask: float = 0.1  # mean share of a word's frames that are held over
    mixup: float = 0.0  # of a Beta distribution; 0: clips are not mixed
    other: bool = True  # phrases, reversed and spliced words are learned as `other`
    encoder: str = ""  # a run of `lipwire train lips` whose encoder is begun with
    leave_out: tuple[str, ...] = ()  # words that are never learned, to see whether they pass
    phrase_weight: float = 0.5  # of telling phrases apart, beside words
    boxes: float = 0.0  # sides of lip boxes are off by up to so much of a box
    cameras: float = 0.0  # share of clips seen at another rate, with frames missing
    speaker_weight: float = 0.0  # of telling speakers apart, which the features learn to prevent
    teacher: tuple[str, ...] = ()  # runs whose models' mean answer is learned beside what is said
    teacher_weight: float = 0.5
    still_epochs: int = 0  # the last ones, in which clips are said otherwise but look as they are
    seed: int = 1

    @property
    def loss_weights(self) -> dict[str, float]:
        """Of what a model tells, where they are not 1."""
        return {"phrase": self.phrase_weight, "speaker": self.speaker_weight}
