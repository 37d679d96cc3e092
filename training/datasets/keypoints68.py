"""Faces from video with the 68 usual points, and the persons they are of."""

from __future__ import annotations

from pathlib import Path

from training.datasets.layout import pictures_in, real, table, whole
from training.datasets.picture import Dataset, Listing, Options, Picture, Skipped, as_it_is

CSV = "keypoints.csv"
COLUMNS = tuple(f"{axis}{number}" for number in range(68) for axis in "xy")


def _read(root: Path, _: Options) -> Listing:
    path, found = root / CSV, Listing([])
    files = {file.name: file for file in pictures_in(root / "faces")}
    for row in table(path, ("file", "person", "fold", *COLUMNS)):
        name = row["file"]
        if name not in files:
            found.skipped.append(Skipped(f"faces/{name}", "label without a file"))
            continue
        x_and_y = [real(row[column], path, f"{column} of {name}") for column in COLUMNS]
        points = tuple(complex(*pair) for pair in zip(x_and_y[::2], x_and_y[1::2], strict=True))
        fold = whole(row["fold"], path, f"the fold of {name}")
        found.pictures.append(
            Picture(files.pop(name), fold=fold, person=row["person"], points=points)
        )
    found.skipped.extend(Skipped(f"faces/{name}", "no label") for name in files)
    return found


DATASET = Dataset(
    "keypoints68",
    "derived from the YouTube Faces set, research use",
    "keypoints.csv and faces/*.jpg",
    _read,
    as_it_is,
    tasks=("keypoints", "viseme"),
)
