"""Reading what data sets are laid out in: folders, lists, tables; each complaint is one line."""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence, Set
from fnmatch import fnmatchcase
from itertools import chain, islice
from pathlib import Path

from edge.errors import SourceError
from training.datasets.picture import Skipped

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm"))
SHOWN = 5  # names of what was found
LOOKED_AT = 10_000  # names in a folder, to say what is in it


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, in order."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    return [folder / name for name in names if _is_of(name, SUFFIXES)]


def folders_like(folder: Path, pattern: str) -> list[Path]:
    """The folders in one whose names are like a pattern, in order; none where it is not there."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if fnmatchcase(e.name, pattern) and e.is_dir())
    return [folder / name for name in names]


def files_below(folder: Path, suffixes: Set[str]) -> list[Path]:
    """Files of some kinds in a folder and all folders in it, in order."""
    found: list[Path] = []
    for here, folders, files in os.walk(folder, onerror=_unreadable):
        folders[:] = (name for name in folders if not name.startswith("."))
        found += (Path(here, name) for name in files if _is_of(name, suffixes))
    return sorted(found)


def natural(path: Path) -> list[tuple[str, int]]:
    """For an order in which 2.jpg comes before 10.jpg."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFC", path.as_posix()))
    texts, numbers = parts[::2], [*parts[1::2], "-1"]
    return [(text, int(number)) for text, number in zip(texts, numbers, strict=True)]


def contents(folder: Path) -> str:
    """The first names in a folder, for complaints."""
    with os.scandir(folder) as entries:
        names = sorted(e.name + "/" * e.is_dir() for e in islice(entries, LOOKED_AT))
    more = f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)
    return ", ".join(names[:SHOWN]) + more or "nothing"


def unlike(name: str, layout: str, root: Path, why: OSError | Sequence[Skipped]) -> SourceError:
    """What was expected of a set, and what is there: an error, or nothing of use."""
    expected = f"expected {layout}"
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "no such folder"
        return SourceError(f"{root}: {what}; {expected}")
    if isinstance(why, OSError):
        what = f"{os.path.relpath(why.filename, root)}: {why.strerror}"
    elif why:
        what = f"none of {len(why)} can be used, first {why[0].file}: {why[0].reason}"
    else:
        what = "nothing in its place"
    return SourceError(f"{root}: not {name} ({what}); {expected}; found {contents(root)}")


def first_folder(*candidates: Path) -> Path:
    """The first that is a folder, or else the last."""
    return next((folder for folder in candidates if folder.is_dir()), candidates[-1])


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from file
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8 text: {error.reason}") from None


def table(
    path: Path, columns: Iterable[str], names: Sequence[str] = ()
) -> Iterator[dict[str, str]]:
    """The rows of a csv that has these columns at least; `names` are all the columns of one that
    may lack the line that names them."""
    rows = csv.reader(lines(path), skipinitialspace=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        first = []
        if len(header) == len(names) and not set(header) & set(names):
            header, first = list(names), [header]
        if missing := [name for name in columns if name not in header]:
            found = ", ".join(name[:40] for name in header[:SHOWN]) or "nothing"
            raise SourceError(f"{path}: no column {', '.join(missing)}; found {found}")
        for row in filter(None, chain(first, rows)):
            if len(row) != len(header):
                counts = f"{len(row)} fields where its columns are {len(header)}"
                raise SourceError(f"{path}, line {rows.line_num}: {counts}")
            yield dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise SourceError(f"{path}, line {rows.line_num}: {error}") from None


def whole(text: str, path: Path, what: str) -> int:
    """A whole number out of a table."""
    try:
        return int(text)
    except ValueError:
        raise SourceError(f"{path}: {what} is {text[:40]!r}, not a whole number") from None


def real(text: str, path: Path, what: str) -> float:
    """A number out of a table."""
    try:
        return float(text)
    except ValueError:
        raise SourceError(f"{path}: {what} is {text[:40]!r}, not a number") from None


def _unreadable(error: OSError) -> None:
    """A folder that cannot be looked into is not passed over in silence."""
    raise error


def _is_of(name: str, suffixes: Set[str]) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in suffixes
