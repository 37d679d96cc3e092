"""`word-vgg-frozen`: VGG16 as ImageNet taught it, and a memory that learns words."""

from __future__ import annotations

from training.train.word_recipe import WordRecipe
from training.zoo.weights import IMAGENET
from training.zoo.word_vgg import FOR_A_BOARD, build, head

__all__ = ["FOR_A_BOARD", "build", "recipe"]


def recipe(weights: str = IMAGENET) -> WordRecipe:
    """The new part alone, at one pace."""
    options: dict[str, str | int] = {"weights": weights}
    phases = (head(weights),)
    return WordRecipe("word-vgg-frozen", phases, options, label_smoothing=0.0, other=False)
