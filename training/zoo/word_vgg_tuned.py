"""`word-vgg-tuned`: `word-vgg-frozen`, then the last block of VGG16 learns as well."""

from __future__ import annotations

from training.train.recipe import Phase
from training.train.word_recipe import WordRecipe
from training.zoo.weights import IMAGENET
from training.zoo.word_vgg import FOR_A_BOARD, build, head

__all__ = ["FOR_A_BOARD", "build", "recipe"]

EPOCHS, RATE = 5, 1e-4
LAST_BLOCK = "block5_conv1"


def recipe(weights: str = IMAGENET) -> WordRecipe:
    """As `word-vgg-frozen`, then the last block with it, by plain descent."""
    block = Phase(EPOCHS, RATE, RATE, schedule="steps", optimizer="sgd", learns=LAST_BLOCK)
    return WordRecipe(
        "word-vgg-tuned",
        (head(weights), block),
        {"weights": weights},
        label_smoothing=0.0,
        other=False,
    )
