"""When the frames that a model is shown were taken: words said faster and slower, somewhere in the
window, by cameras that are not quite on the dot, or of another rate altogether."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.train.word_recipe import WordRecipe

EARLY, LATE = 2, 3  # frames by which a word's beginning and end may be taken wrongly
LEAST = 4  # frames of a word that was stretched
STEPS, MISSING = (0.5, 1.6), 0.35  # of other cameras: in frames, and of their frames at most
TREMBLE = 0.4  # frames; pictures are not taken on the dot
Times = NDArray[np.float64]  # in frames from a word's start
Flags = NDArray[np.bool_]


def times_of(
    length: int, frames: int, recipe: WordRecipe, rng: np.random.Generator, camera: bool
) -> tuple[Times, Flags]:
    """The moments of so many frames, the last of which are the window, from the start of a word of
    this length; and which of them count. `camera`: seen by one of another rate."""
    window, stretch = recipe.window, recipe.stretch
    rate = float(np.exp(rng.uniform(-stretch, stretch)))
    rate = min(rate, max(1.0, length / LEAST))
    many = max(LEAST, round(length / rate))
    start = rng.integers(min(0, window - many), max(0, window - many) + 1)
    places = np.arange(frames) - start - (frames - window)
    times = (_taken(places, rng) if camera else places) * rate
    if recipe.augment and not camera and rng.random() < 0.5:
        times = times + rng.uniform(-TREMBLE, TREMBLE, len(times))
    first = -rng.integers(-EARLY + 1, EARLY + 1)
    last = many + rng.integers(-1, LATE)
    counts = (places >= first) & (places < last)
    return times, counts if counts.any() else (places >= 0) & (places < many)


def _taken(places: NDArray[np.int_], rng: np.random.Generator) -> Times:
    """When a camera of another rate, some of whose frames are missing, took the pictures nearest to
    a model's frames, in those."""
    step = np.exp(rng.uniform(*np.log(STEPS)))
    taken = np.arange(places[0] - rng.uniform(0, step), places[-1] + step, step)
    there = rng.random(len(taken)) >= rng.uniform(0, MISSING)
    taken = taken[there] if there.any() else taken
    nearest: Times = taken[np.abs(places[:, None] - taken).argmin(axis=1)]
    return nearest
