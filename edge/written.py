"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.errors import CheckFailed


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
