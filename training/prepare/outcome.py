"""What every `lipwire prepare` shares: files beside the one it makes, what it says, how it ends."""

from __future__ import annotations

import csv
import errno
import io
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from edge.errors import CheckFailed, LipwireError, SourceError
from training.datasets.picture import Skipped
from training.prepare.pieces import Pieces

T = TypeVar("T")
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


def skipped_list(out: Path) -> Path:
    """Where it is written what was left out, and why."""
    return out.with_suffix(".skipped.csv")


def sheet(out: Path) -> Path:
    """Where samples of every class are shown."""
    return out.with_suffix(".png")


def check_out(out: Path) -> None:
    """Refuse what is no file's name."""
    if out.suffix != ".npz" or out.is_dir():
        raise SourceError(f"--out {out}: expected a file that ends in .npz")


def drawn(items: list[T], limit: int | None) -> list[T]:
    """So many of the pictures or clips, in their order; the same every time."""
    if limit is None or limit >= len(items):
        return items
    return [items[n] for n in sorted(random.Random(0).sample(range(len(items)), limit))]


def say_how_to_go_on(pieces: Pieces, count: int) -> None:
    """Tell somebody who ended it that nothing is lost."""
    done = len(list(pieces.folder.glob("*.npz")))
    from_bar = "\n" * sys.stderr.isatty()
    there = f"{done} of {count} pieces are kept in {pieces.folder}"
    line = f"{from_bar}lipwire: {there}; the same command goes on from there"
    print(line, file=sys.stderr, flush=True)


def listed(skipped: Sequence[Skipped]) -> bytes:
    """The list of what was left out, and why."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "reason"))
    writer.writerows((each.file, each.reason) for each in skipped)
    return text.getvalue().encode()


def unwritable(out: Path, error: OSError) -> LipwireError:
    """Why the file cannot be written: for good, or for now."""
    if error.errno in REFUSED:
        return SourceError(f"{out}: cannot be written: {error.strerror}")
    return CheckFailed(
        f"{out}: {error.strerror}; what is finished is kept: the same command goes on from there"
    )
