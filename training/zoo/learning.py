"""Which layers of a model learn."""

from __future__ import annotations

import difflib

import keras

from edge.errors import SettingsError

ALL = "all"
HEAD = "head"  # the name of the layer with which a model's own, new part begins
SHOWN = 6  # layers that the complaint about an unknown one names


def set_learning(model: keras.Model, learns: str) -> None:
    """Freeze the layers before the named one; `all` frees them all.

    Keras runs the batch normalisation of frozen layers on what it has learned before. Layers come
    in the order of `model.layers`: in parallel branches by how far they are from the output. The
    model must be compiled anew for this to take effect.
    """
    names = [layer.name for layer in model.layers]
    if learns != ALL and learns not in names:
        raise SettingsError(
            f"{model.name} has no layer '{learns}' to learn from; it has all, "
            f"{', '.join(_nearest(learns, model))}"
        )
    first = 0 if learns == ALL else names.index(learns)
    for number, layer in enumerate(model.layers):
        layer.trainable = number >= first


def _nearest(name: str, model: keras.Model) -> list[str]:
    """Layers with weights that the name may have meant, else the last ones."""
    names = [layer.name for layer in model.layers if layer.weights]
    return difflib.get_close_matches(name, names, SHOWN, 0.5) or names[-SHOWN:]
