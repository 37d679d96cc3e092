"""Finished pieces of a file that takes long to make: what was killed goes on where it was.

They lie in a folder beside the file, each written all or nothing, and are good for one key only,
which stands for everything that they depend on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError

Arrays = dict[str, NDArray[Any]]


class Pieces:
    """The pieces of one file; one process at a time has them."""

    def __init__(self, out: Path, key: str) -> None:
        self.folder = out.with_name(out.name + ".parts")
        self._out, self._key = out, key
        self._lock = -1

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = self.folder / "lock"
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have finished, and removed it, since it was opened.
            if not lock.exists() or not os.path.samestat(lock.stat(), os.fstat(self._lock)):
                raise BlockingIOError
        except BlockingIOError:
            os.close(self._lock)
            raise SourceError(f"{self._out}: another lipwire prepare is making it") from None
        self._keep_only_ours()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._lock)

    def path(self, number: int) -> Path:
        return self.folder / f"{number:06}.npz"

    def missing(self, count: int) -> list[int]:
        """Which pieces, of so many, are not there or damaged."""
        return [number for number in range(count) if not self._is_whole(number)]

    def read(self, number: int) -> Arrays:
        """A piece."""
        with self.path(number).open("rb") as file, np.load(file) as data:
            return dict(data)

    def remove(self) -> None:
        """Away with them: the file is finished."""
        shutil.rmtree(self.folder)

    def _keep_only_ours(self) -> None:
        """Remove what was made under another key, and what was not finished."""
        said = self.folder / "key"
        ours = said.is_file() and said.read_text() == self._key
        for path in self.folder.iterdir():
            if path.suffix == ".part" or (path.suffix == ".npz" and not ours):
                path.unlink()
        if not ours:
            whole(said, self._key.encode())

    def _is_whole(self, number: int) -> bool:
        try:
            self.read(number)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return False
        return True


def stamp(path: Path) -> tuple[int, int]:
    """By which a file is told from another version of it; one that is gone has none."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


def keep(path: Path, piece: Arrays) -> None:
    """Write a piece, all or nothing."""
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        np.savez(file, **piece)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def whole(path: Path, content: bytes) -> None:
    """Write a file, all or nothing."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
