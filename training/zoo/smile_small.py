"""`smile-small`: Lipwire's own smile model, plain convolutions that int8 kernels run fast.

64x64 grey pixels from 0 to 1 in, the logit of a smile out; just under 6 million
multiply-accumulates, all that a frame may cost for this task.
"""

from __future__ import annotations

import keras
from keras import layers

from edge.crop import MOUTH
from training.train.recipe import Phase, Recipe
from training.zoo.blocks import trunk
from training.zoo.grey import grey

SIZE = 64
FILTERS = (16, 20, 48, 96, 192)


def build(size: int = SIZE, width: int = 100) -> keras.Model:
    """An untrained model; other sizes and widths (in percent of its channels) are to be compared
    with."""
    pixels = grey(size)
    x = trunk(pixels, FILTERS, width)
    return keras.Model(pixels, layers.Dense(1, name="logit")(x), name="smile-small")


def recipe(size: int = SIZE, width: int = 100) -> Recipe:
    """A warm-up, then slower and slower."""
    phase = Phase(epochs=24, rate=2e-3, lowest_rate=0.0)
    return Recipe(
        "smile-small",
        (phase,),
        {"size": size, "width": width},
        crop=MOUTH.name,
        batch=96,
        set_bias=True,
        points=2.0,
    )
