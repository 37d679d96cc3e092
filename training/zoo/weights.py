"""The weights with which a model that others have designed begins."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import keras

from edge.errors import SettingsError

IMAGENET, NONE = "imagenet", "none"


def loaded(name: str, make: Callable[[str | None], keras.Model], weights: str) -> keras.Model:
    """The model with ImageNet's weights, those of a file or none, or one line that says why not."""
    if weights == NONE:
        return make(None)
    if weights != IMAGENET and not Path(weights).is_file():
        raise SettingsError(f"weights '{weights}': no such file; or use --weights none")
    try:
        # Keras tells of its download on stdout, which is for results.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            if weights == IMAGENET:
                return make(IMAGENET)
            model = make(None)
            model.load_weights(weights)
            return model
    except Exception as error:  # what Keras raises here is of many kinds, even bare Exception
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    failed = (
        f"ImageNet weights of {name} cannot be downloaded"
        if weights == IMAGENET
        else f"{weights}: not weights of {name}"
    )
    raise SettingsError(f"{failed}: {reason}; use --weights none")
