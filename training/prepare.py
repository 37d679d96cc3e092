"""`lipwire prepare smile`: from a data set's pictures to one file of crops."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.crop import FACE, crop
from edge.detection import Detection
from edge.detectors.blazeface import BlazeFace
from edge.errors import SourceError
from edge.frame import Image
from edge.progress import progress
from training.datasets import DATASETS, Picture, load

MARGIN = 1.5  # crops are kept this much wider, so that augmentation may turn and shift them


@dataclass(frozen=True)
class Crops:
    """Face crops with surroundings, and what is known of each."""

    images: NDArray[np.uint8]  # (n, side, side), grey
    smiles: NDArray[np.bool_]
    folds: NDArray[np.int8]
    files: NDArray[np.str_]

    def save(self, path: Path) -> None:
        """Write all or nothing."""
        partial = path.with_name(path.name + ".part.npz")
        np.savez_compressed(
            partial, images=self.images, smiles=self.smiles, folds=self.folds, files=self.files
        )
        os.replace(partial, path)

    @classmethod
    def read(cls, path: Path) -> Crops:
        """Read what `save` wrote."""
        try:
            with np.load(path) as data:
                return cls(data["images"], data["smiles"], data["folds"], data["files"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise SourceError(f"{path}: not crops of lipwire prepare: {error}") from None


def prepare(name: str, root: Path, out: Path, detector: BlazeFace) -> Counter[str]:
    """Crop every face of a data set; gives how many were kept, and skipped for which reason."""
    images, kept = [], []
    tally: Counter[str] = Counter()
    pictures = load(name, root)
    out.parent.mkdir(parents=True, exist_ok=True)
    for picture in progress(pictures, f"prepare {name}"):
        image = picture.load()
        if image is None:
            tally["not a picture"] += 1
            continue
        face = main_face(detector, DATASETS[name].show(image))
        if isinstance(face, str):
            tally[face] += 1
            continue
        tally["kept"] += 1
        images.append(face)
        kept.append(picture)
    if not images:
        raise SourceError(f"{root}: no face found in any of {len(pictures)} pictures")
    _crops(images, kept).save(out)
    return tally


def main_face(detector: BlazeFace, image: Image) -> Image | str:
    """The crop of the picture's largest face with surroundings, or why there is none."""
    faces = detector(image)
    if not faces:
        return "no face found"
    cut = crop(image, largest(faces).keypoints, FACE.widened(MARGIN))
    return "face too small or cut off" if cut is None else cut


def largest(faces: list[Detection]) -> Detection:
    """The face that a picture of one person is about."""
    return max(faces, key=lambda face: face.box.width * face.score)


def _crops(images: list[Image], pictures: list[Picture]) -> Crops:
    return Crops(
        np.stack(images),
        np.array([p.smile for p in pictures]),
        np.array([p.fold for p in pictures], np.int8),
        np.array([p.path.name for p in pictures]),
    )
