"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.errors import CheckFailed, SettingsError


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Gives a name of the same ending to write to; what was written there becomes the file."""
    partial = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise CheckFailed(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            partial.unlink()


def check_writable(folder: Path) -> None:
    """Refuse a folder that could not be made or written to, before work is done for it."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise SettingsError(f"{folder}: cannot be written: {there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise SettingsError(f"{folder}: cannot be written: no right to write in {there}")
