"""`viseme-small`: Lipwire's own reader of mouth shapes, plain convolutions that int8 kernels run
fast.

48x48 grey pixels from 0 to 1 in; out come the opening and, for every moment in `VOTES_S`, how much
the picture speaks for each shape at that moment: lips are on their way before and after a sound,
so a frame tells of its neighbours, too. The votes of all frames for one moment added up are the
shapes' logits. Just under 3 million multiply-accumulates, all that a frame may cost for this task:
more channels on fewer pixels read mouths better than fewer channels on more.
"""

from __future__ import annotations

import keras
from keras import layers

from edge.crop import MOUTH
from edge.shapes import SHAPES
from training.train.recipe import Mouths, Phase, Recipe
from training.zoo.blocks import trunk
from training.zoo.grey import grey

SIZE = 48
FILTERS = (16, 20, 44, 84, 176)
VOTES_S = (-0.08, -0.04, 0.0, 0.04, 0.08)  # moments a picture speaks of, from when it was taken


def build(size: int = SIZE, width: int = 100) -> keras.Model:
    """An untrained model; other sizes and widths (in percent of its channels) are to be compared
    with, or to teach."""
    pixels = grey(size)
    x = trunk(pixels, FILTERS, width)
    answer = layers.Dense(1 + len(VOTES_S) * len(SHAPES), name="answer")(x)
    return keras.Model(pixels, answer, name="viseme-small")


def recipe(size: int = SIZE, width: int = 100) -> Recipe:
    """A warm-up, then slower and slower."""
    phase = Phase(epochs=30, rate=2e-3, lowest_rate=0.0)
    return Recipe(
        "viseme-small",
        (phase,),
        {"size": size, "width": width},
        crop=MOUTH.name,
        pictures=12_000,
        points=1.0,
        validation_share=0.04,
        mouths=Mouths(),
    )
