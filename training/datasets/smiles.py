"""SMILEsmileD: tight grey faces of 64 pixels, smiling (positives) or not (negatives)."""

from __future__ import annotations

from pathlib import Path

from training.datasets.layout import first_folder, pictures_in
from training.datasets.picture import Dataset, Listing, Options, Picture, surrounded


def _read(root: Path, _: Options) -> Listing:
    root = first_folder(root / "SMILEs", root)
    return Listing(
        [
            Picture(path, smile)
            for folder, smile in (("positives/positives7", True), ("negatives/negatives7", False))
            for path in pictures_in(root / folder)
        ]
    )


DATASET = Dataset(
    "smiles",
    "SMILEsmileD, open-source collection; people of LFW",
    "positives/positives7/*.jpg and negatives/negatives7/*.jpg",
    _read,
    surrounded,
)
