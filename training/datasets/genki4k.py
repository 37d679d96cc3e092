"""MPLab GENKI-4K: photographs from the web; line N of the labels belongs to file N."""

from __future__ import annotations

import math
import re
from pathlib import Path

from edge.errors import SourceError
from training.datasets.layout import lines, pictures_in, real
from training.datasets.picture import Dataset, Listing, Options, Picture, as_it_is

FOLDS = 4
NAME = re.compile(r"file(\d+)\.jpe?g", re.IGNORECASE)


def _read(root: Path, _: Options) -> Listing:
    files = {}
    for path in pictures_in(root / "files"):
        if match := NAME.fullmatch(path.name):
            files[int(match[1])] = path
    labels = [line.split() for line in lines(root / "labels.txt") if line.strip()]
    _check(root / "labels.txt", files, len(labels))
    return Listing(
        [_picture(path, n, labels[n - 1], root / "labels.txt") for n, path in files.items()]
    )


def _check(path: Path, files: dict[int, Path], labels: int) -> None:
    """A file or a label too many means that something is lost, and labels may have moved."""
    bare = [file.name for number, file in files.items() if not 0 < number <= labels]
    lost = [f"file{number:04}.jpg" for number in range(1, labels + 1) if number not in files]
    for names, what in ((bare, "files without a label"), (lost, "labels without a file")):
        if files and names:
            counts = f"{labels} labels, {len(files)} files, {len(names)} {what}, first {names[0]}"
            raise SourceError(f"{path}: {counts}; expected one line for each file")


def _picture(path: Path, number: int, label: list[str], source: Path) -> Picture:
    if label[0] not in ("0", "1"):
        raise SourceError(
            f"{source}, line {number}: expected 1 or 0 first, found {label[0][:40]!r}"
        )
    angles = [math.degrees(real(text, source, "an angle")) for text in label[1:4]]
    pose = (angles[0], angles[1], angles[2]) if len(angles) == 3 else None
    return Picture(path, label[0] == "1", number % FOLDS, pose=pose)


DATASET = Dataset(
    "genki4k",
    "free for public use; cite http://mplab.ucsd.edu, The MPLab GENKI-4K Dataset",
    "files/file0001.jpg … and labels.txt",
    _read,
    as_it_is,
)
