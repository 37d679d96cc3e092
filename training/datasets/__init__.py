"""Pictures of faces and clips of words, read from each data set's own layout; one file a set."""

from __future__ import annotations

from pathlib import Path

from edge.errors import SourceError
from training.datasets import (
    affectnet,
    celeba,
    fer2013,
    genki4k,
    grid,
    kaggle_keypoints,
    keypoints68,
    labelled_pictures,
    smiles,
    videos,
)
from training.datasets.layout import unlike
from training.datasets.picture import Dataset, Listing, Options, Picture, Skipped

__all__ = [
    "DATASETS",
    "Dataset",
    "Listing",
    "Options",
    "Picture",
    "Skipped",
    "check_task",
    "listing",
    "load",
]

DATASETS: dict[str, Dataset] = {
    module.DATASET.name: module.DATASET
    for module in (
        genki4k,
        celeba,
        affectnet,
        fer2013,
        smiles,
        labelled_pictures,
        videos,
        kaggle_keypoints,
        keypoints68,
        grid,
    )
}

NOTHING_SAID = Options()


def check_task(name: str, task: str) -> None:
    """Refuse a data set whose labels say nothing of a task."""
    if name not in DATASETS or task not in DATASETS[name].tasks:
        able = ", ".join(other.name for other in DATASETS.values() if task in other.tasks)
        raise SourceError(f"{name} has no labels for {task}; these have: {able}")


def load(name: str, root: Path, options: Options = NOTHING_SAID) -> list[Picture]:
    """A data set's pictures, or what is not as expected."""
    return listing(name, root, options).pictures


def listing(name: str, root: Path, options: Options = NOTHING_SAID) -> Listing:
    """A data set's pictures and what in it could not be used, or what is not as expected."""
    dataset = DATASETS[name]
    try:
        found = dataset.read(root, options)
    except OSError as error:
        raise unlike(name, dataset.layout, root, error) from None
    if not found.pictures:
        raise unlike(name, dataset.layout, root, found.skipped)
    return found
