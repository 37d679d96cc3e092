"""From the options of `lipwire train` to a recipe."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from edge.errors import SettingsError
from training import zoo
from training.cli.common import spelt

if TYPE_CHECKING:
    from training.train.lips import LipRecipe
    from training.train.recipe import Recipe
    from training.train.word_recipe import WordRecipe

AnyRecipe = TypeVar("AnyRecipe", "Recipe", "WordRecipe", "LipRecipe")


def of_model(options: argparse.Namespace, built: dict[str, Any]) -> Any:
    """The recipe that the model has of itself, built so."""
    names = zoo.MODELS[options.task]
    model = options.model or names[0]
    if model not in names:
        raise SettingsError(f"{model} is no model for {options.task}: {', '.join(names)}")
    try:
        return zoo.module(model).recipe(**built)
    except TypeError:
        raise SettingsError(f"{model} is not built with {spelt(built)}") from None


def lasting(recipe: AnyRecipe, epochs: int | None) -> AnyRecipe:
    """The recipe with another number of epochs in all, shared among its phases as before."""
    if epochs is None:
        return recipe
    if epochs < len(recipe.phases):
        raise SettingsError(f"--epochs must be at least {len(recipe.phases)}")
    total, left, phases = sum(phase.epochs for phase in recipe.phases), epochs, []
    for place, phase in enumerate(recipe.phases, 1 - len(recipe.phases)):
        most = left + place  # each phase to come needs one
        mine = left if place == 0 else min(most, max(1, round(epochs * phase.epochs / total)))
        phases.append(replace(phase, epochs=mine))
        left -= mine
    return replace(recipe, phases=tuple(phases))
