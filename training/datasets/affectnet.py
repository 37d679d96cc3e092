"""AffectNet: faces from the web; expression 1 (happy) against all others that are certain.

Its first edition has csv lists and folders of pictures, annotated by people or by a model; later
ones have `train_set/` and `val_set/` with one small `.npy` file a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from edge.errors import SourceError
from training.datasets.layout import pictures_in, table, whole
from training.datasets.picture import Dataset, Listing, Options, Picture, Skipped, surrounded

HAPPY = 1
CERTAIN = range(8)  # neutral, happy, sad, surprise, fear, disgust, anger, contempt
UNUSED = {8: "none of the emotions", 9: "uncertain", 10: "not a face"}
COLUMNS = (
    *("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height"),
    *("facial_landmarks", "expression", "valence", "arousal"),
)
LISTS = {  # the list, the beginning of its pictures' folder, the part
    "training.csv": ("manually_annotated", "train"),
    "validation.csv": ("manually_annotated", "validation"),
    "automatically_annotated.csv": ("automatically_annotated", "train"),
}
SETS = {"train_set": "train", "val_set": "validation"}
LABEL = "_exp.npy"


@dataclass(frozen=True)
class Labelled:
    """A picture that a label speaks of."""

    path: Path
    exists: bool
    expression: int | None
    part: str


def _read(root: Path, _: Options) -> Listing:
    found = Listing([])
    for each in chain(_lists(root), *(_set(root / name, part) for name, part in SETS.items())):
        name = each.path.relative_to(root).as_posix()
        if not each.exists:
            found.skipped.append(Skipped(name, "label without a file"))
        elif each.expression is None:
            found.skipped.append(Skipped(name, "no label"))
        elif each.expression in UNUSED:
            found.skipped.append(Skipped(name, UNUSED[each.expression]))
        elif each.expression in CERTAIN:
            found.pictures.append(Picture(each.path, each.expression == HAPPY, part=each.part))
        else:
            raise SourceError(f"{root}: expression {each.expression} of {name}, expected 0 to 10")
    return found


def _lists(root: Path) -> Iterator[Labelled]:
    """The pictures of the first edition, list by list."""
    folders = [root, *(folder for folder in _folders(root) if folder.name not in SETS)]
    folders += [inner for folder in folders[1:] for inner in _folders(folder)]
    for name, (kind, part) in LISTS.items():
        bases = [root, *(f for f in folders if f.name.lower().startswith(kind))]
        for path in (folder / name for folder in folders if (folder / name).is_file()):
            yield from _list(path, bases, part)


def _list(path: Path, bases: list[Path], part: str) -> Iterator[Labelled]:
    """The pictures of a csv, in numbered folders below one of the bases."""
    labels = {
        row["subDirectory_filePath"]: row["expression"]
        for row in table(path, ("subDirectory_filePath", "expression"), COLUMNS)
    }
    numbered = {Path(file).parent for file in labels}
    there = {base: _below(base, numbered) for base in bases}
    base = max(bases, key=lambda base: len(labels.keys() & there[base]))
    for file, text in labels.items():
        expression = whole(text, path, f"the expression of {file}")
        yield Labelled(base / file, file in there[base], expression, part)


def _set(folder: Path, part: str) -> Iterator[Labelled]:
    """The pictures of a later edition."""
    images, annotations = folder / "images", folder / "annotations"
    if not images.is_dir():
        return
    labels = {path.name.removesuffix(LABEL) for path in annotations.glob(f"*{LABEL}")}
    for path in pictures_in(images):
        known = path.stem in labels
        labels.discard(path.stem)
        yield Labelled(path, True, _number(annotations / f"{path.stem}{LABEL}", known), part)
    for stem in sorted(labels):
        yield Labelled(images / f"{stem}.jpg", False, None, part)


def _number(path: Path, known: bool) -> int | None:
    try:
        return int(np.load(path).item()) if known else None
    except (ValueError, OSError, EOFError):
        raise SourceError(f"{path}: expected one whole number, saved by numpy") from None


def _below(base: Path, numbered: set[Path]) -> set[str]:
    """The pictures in numbered folders of a base, as the lists name them."""
    return {
        path.relative_to(base).as_posix()
        for folder in numbered
        if (base / folder).is_dir()
        for path in pictures_in(base / folder)
    }


def _folders(folder: Path) -> list[Path]:
    return sorted(inner for inner in folder.iterdir() if inner.is_dir())


DATASET = Dataset(
    "affectnet",
    "research use, by agreement with its authors",
    "Manually_Annotated_Images and training.csv, or train_set/images and train_set/annotations",
    _read,
    surrounded,
)
