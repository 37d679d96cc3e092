"""FER-2013: tight grey faces of 48 pixels by emotion, as folders or as one csv with FER+ votes.

`happy` smiles, every other emotion does not. Where FER+ stands beside the csv, its ten voters
decide.
"""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

from edge.errors import SourceError
from training.datasets.layout import pictures_in, table, whole
from training.datasets.picture import Dataset, Listing, Options, Picture, Row, Skipped, surrounded

CSV, PLUS = "fer2013.csv", "fer2013new.csv"
PARTS = {
    **{"train": "train", "validation": "validation", "test": "test"},
    **{"Training": "train", "PublicTest": "validation", "PrivateTest": "test"},
}
HAPPY = 3
EMOTIONS = range(7)
VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
NEITHER = ("unknown", "NF")  # NF: not a face


def _read(root: Path, _: Options) -> Listing:
    if (root / CSV).is_file():
        return _read_csv(root / CSV, root / PLUS)
    if (root / PLUS).exists():
        raise SourceError(f"{root / PLUS}: its lines belong to those of {CSV}, which is not there")
    return Listing(
        [
            Picture(path, folder.name == "happy", part=PARTS[folder.parent.name])
            for folder in sorted(root.glob("*/*/"))
            if folder.parent.name in PARTS
            for path in pictures_in(folder)
        ]
    )


def _read_csv(path: Path, plus: Path) -> Listing:
    found = Listing([])
    votes = table(plus, (*VOTES, *NEITHER)) if plus.is_file() else None
    rows = zip_longest(table(path, ("emotion", "pixels", "Usage")), votes or ())
    for number, (row, vote) in enumerate(rows):
        if row is None or (vote is None and votes is not None):
            raise SourceError(f"{plus}: expected as many lines as in {CSV}; one ends at {number}")
        where = f"{path}, row {number}"
        emotion = whole(row["emotion"], path, f"the emotion of row {number}")
        if emotion not in EMOTIONS or row["Usage"] not in PARTS:
            said = f"emotion {emotion}, Usage {row['Usage'][:40]!r}"
            raise SourceError(f"{where}: {said}; expected 0 to 6 and {', '.join(PARTS)}")
        smile = emotion == HAPPY if vote is None else _voted(vote, plus)
        if smile is None:
            found.skipped.append(Skipped(f"{path.name}#{number}", "voted not a face"))
        else:
            part = PARTS[row["Usage"]]
            found.pictures.append(Row(path, smile, part=part, item=number, pixels=row["pixels"]))
    return found


def _voted(vote: dict[str, str], path: Path) -> bool | None:
    """Whether more than half of the voters saw happiness; None where they saw no face."""
    counts = {name: whole(vote[name], path, name) for name in (*VOTES, *NEITHER)}
    half = sum(counts.values()) / 2
    return None if counts["NF"] > half else counts["happiness"] > half


DATASET = Dataset(
    "fer2013",
    "research use (Kaggle, ODbL)",
    "train|validation|test/<emotion>/*.jpg, or fer2013.csv (and fer2013new.csv of FER+)",
    _read,
    surrounded,
)
