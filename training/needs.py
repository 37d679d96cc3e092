"""What the workstation's commands need beside the device's parts, loaded late: it takes seconds,
greets, and may be missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from edge.errors import MissingExtraError
from edge.interpreter import native_chatter_off

PARTS = ("tensorflow", "keras", "h5py")


@contextmanager
def needs_tensorflow(who: str) -> Iterator[None]:
    """Import within what needs TensorFlow; where it is missing, one line says how to get it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # it talks of processors and GPUs
    try:
        with native_chatter_off():
            yield
    except ModuleNotFoundError as error:
        if error.name not in PARTS:
            raise
        raise MissingExtraError(who, "training") from error
