"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.errors import CheckFailed


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Gives a name of the same ending to write to; what was written there becomes the file.
    Several processes may write the same one, as those do that train parts of one run: the last one
    stays."""
    partial = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise CheckFailed(
            f"{path}: cannot be written: {reason}; what is finished is kept, and the same command "
            "goes on from there"
        ) from None
    finally:
        with suppress(OSError):  # there is none, or its folder is a file
            partial.unlink()
