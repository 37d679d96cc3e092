"""Labelled pictures of faces, read from each data set's own layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from edge.errors import SourceError
from edge.frame import Image


@dataclass(frozen=True)
class Picture:
    """One labelled picture."""

    path: Path
    smile: bool
    fold: int  # part that is left out together; -1 where the set has no folds

    def load(self) -> Image | None:
        """Read the picture; None where it is none."""
        image: Image | None = cv2.imread(str(self.path))
        return image


@dataclass(frozen=True)
class Dataset:
    """Where a set comes from, under which terms, and how to read and show its pictures."""

    name: str
    licence: str
    layout: str  # what `--root` must hold
    read: Callable[[Path], list[Picture]]
    show: Callable[[Image], Image]  # makes its faces findable


def load(name: str, root: Path) -> list[Picture]:
    """Read a data set's list of pictures, or say what is not as expected."""
    dataset = DATASETS[name]
    try:
        pictures = dataset.read(root)
    except (OSError, ValueError, IndexError) as error:
        raise SourceError(f"{root}: not {name} ({error}); expected {dataset.layout}") from None
    if not pictures:
        raise SourceError(f"{root}: no pictures of {name} found; expected {dataset.layout}")
    return pictures


def _genki4k(root: Path) -> list[Picture]:
    labels = (root / "labels.txt").read_text().split("\n")
    pictures = []
    for path in sorted((root / "files").glob("file*.jpg")):
        number = int(path.stem.removeprefix("file"))
        smile = labels[number - 1].split()[0]
        pictures.append(Picture(path, smile == "1", number % 4))
    return pictures


def _smiles(root: Path) -> list[Picture]:
    return [
        Picture(path, smile, -1)
        for folder, smile in (("positives/positives7", True), ("negatives/negatives7", False))
        for path in sorted((root / folder).iterdir())
    ]


def _fer2013(root: Path) -> list[Picture]:
    """Only the clear opposites: `happy` smiles, every other emotion does not."""
    return [
        Picture(path, path.parent.name == "happy", -1)
        for path in sorted(root.glob("*/*/*.jpg"))
        if path.parent.parent.name in ("train", "validation", "test")
    ]


def _as_it_is(image: Image) -> Image:
    return image


def _surrounded(image: Image) -> Image:
    """A tight small face, enlarged and given the surroundings that the detector expects."""
    image = cv2.resize(image, (192, 192), interpolation=cv2.INTER_CUBIC)
    margin = image.shape[0] // 2
    return cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            "genki4k",
            "free for public use; cite http://mplab.ucsd.edu, The MPLab GENKI-4K Dataset",
            "files/file0001.jpg … and labels.txt",
            _genki4k,
            _as_it_is,
        ),
        Dataset(
            "smiles",
            "SMILEsmileD, open-source collection; people of LFW",
            "positives/positives7 and negatives/negatives7",
            _smiles,
            _surrounded,
        ),
        Dataset(
            "fer2013",
            "research use (Kaggle, ODbL)",
            "train|validation|test/<emotion>/*.jpg",
            _fer2013,
            _surrounded,
        ),
    )
}
