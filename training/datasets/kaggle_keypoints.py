"""Kaggle's facial keypoints: 15 points in grey faces of 96 pixels, all in one csv."""

from __future__ import annotations

from pathlib import Path

from training.datasets.layout import real, table
from training.datasets.picture import Dataset, Listing, Options, Picture, Row, surrounded

CSV = "training.csv"
POINTS = (
    *("left_eye_center", "right_eye_center"),
    *("left_eye_inner_corner", "left_eye_outer_corner"),
    *("right_eye_inner_corner", "right_eye_outer_corner"),
    *("left_eyebrow_inner_end", "left_eyebrow_outer_end"),
    *("right_eyebrow_inner_end", "right_eyebrow_outer_end"),
    "nose_tip",
    *("mouth_left_corner", "mouth_right_corner"),
    *("mouth_center_top_lip", "mouth_center_bottom_lip"),
)


def _read(root: Path, _: Options) -> Listing:
    path = root / CSV
    columns = [f"{point}_{axis}" for point in POINTS for axis in "xy"]
    pictures: list[Picture] = []
    for number, row in enumerate(table(path, (*columns, "Image"))):
        # Nothing between two commas: the point was not marked.
        x_and_y = [real(row[name] or "nan", path, f"{name} of row {number}") for name in columns]
        points = tuple(complex(*pair) for pair in zip(x_and_y[::2], x_and_y[1::2], strict=True))
        pictures.append(Row(path, points=points, item=number, pixels=row["Image"]))
    return Listing(pictures)


DATASET = Dataset(
    "kaggle-keypoints",
    "Kaggle's competition rules",
    "training.csv of the competition Facial Keypoints Detection",
    _read,
    surrounded,
    tasks=("keypoints", "viseme"),
)
