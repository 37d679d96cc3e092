"""The models that can be trained, one file each.

Every file has `SIZE` (the side of its crops in pixels), `build(**options)`, which gives an
untrained model from grey pixels (0 to 1, one channel) to its answer, and `recipe(**options)`, by
which it is trained where nothing else is asked for. A model of several sizes has the option `size`.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from training.train.recipe import Recipe

if TYPE_CHECKING:
    import keras

# Those for each task; the first is the one that is trained where none is named.
MODELS = {
    "smile": ("smile-small", "smile-unet", "smile-transfer"),
    "viseme": ("viseme-small", "viseme-tf"),
    "word": (
        *("word-small", "word-cnn-lstm", "word-deep"),
        *("word-vgg-frozen", "word-vgg-tuned", "word-mobilenet-lstm"),
    ),
}


def module(name: str) -> ModuleType:
    """The file of a model."""
    return importlib.import_module(f"training.zoo.{name.replace('-', '_')}")


def size(recipe: Recipe) -> int:
    """The side of the crops that a model built by this recipe takes."""
    return int(recipe.options.get("size", module(recipe.model).SIZE))


def build(recipe: Recipe) -> keras.Model:
    """An untrained model by a recipe."""
    return module(recipe.model).build(**recipe.options)
