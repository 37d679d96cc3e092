"""The crops on which a conversion is calibrated and checked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cameras import PICTURE_ENDINGS
from edge.crop import FACE, CropKind, crop
from edge.description import Source
from edge.detection import Detector
from edge.errors import SourceError
from edge.frame import Image
from edge.progress import progress
from training.crops import Crops
from training.faces import load_detector, main_face
from training.train.augment import centre

NOT_STATED = "not stated"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Items:
    """Crops of a model's size, and what they show where that is known."""

    images: NDArray[np.uint8]  # (n, side, side), grey
    labels: NDArray[np.int64] | None  # places among the task's labels
    source: Source
    skipped: dict[str, list[str]] = field(default_factory=dict)  # reason -> files

    def __len__(self) -> int:
        return len(self.images)


def load(path: Path, kind: CropKind, labels: Sequence[str], models: Path | None) -> Items:
    """Crops of a kind from a folder of pictures or a file of `lipwire prepare`."""
    if path.suffix == ".npz":
        return _prepared(path, kind, labels)
    if not path.is_dir():
        raise SourceError(f"{path}: neither a folder of pictures nor a .npz of lipwire prepare")
    return _Folder(path, kind, models).items(labels)


def _prepared(path: Path, kind: CropKind, labels: Sequence[str]) -> Items:
    crops = Crops.read(path)
    origin = crops.origin
    if origin.kind != FACE.name:  # all others are cut from these
        raise SourceError(f"{path}: holds crops '{origin.kind}', not '{FACE.name}'")
    if not len(crops):
        raise SourceError(f"{path}: no crops in it")
    known = None
    if set(origin.classes) == set(labels):
        known = np.array([labels.index(name) for name in origin.classes])[crops.labels]
    elif not set(labels) <= set(origin.classes):
        log.info("%s: tells %s apart, not %s", path, origin.classes, tuple(labels))
    source = Source(origin.dataset, origin.licence, len(crops))
    return Items(centre(crops.images, kind), known, source)


class _Folder:
    """Pictures in a folder and those below it; crops of exactly the model's size are taken as they
    are, in all others the main face is cut."""

    def __init__(self, path: Path, kind: CropKind, models: Path | None) -> None:
        self._path, self._kind, self._models = path, kind, models
        self._detector: Detector | None = None
        self._skipped: dict[str, list[str]] = {}

    def items(self, labels: Sequence[str]) -> Items:
        files = [f for f in sorted(self._path.rglob("*")) if f.suffix.lower() in PICTURE_ENDINGS]
        if not files:
            raise SourceError(f"{self._path}: no pictures in it")
        found = []
        for file in progress(files, f"{self._path}: faces"):
            face = self._face(file)
            if isinstance(face, str):
                self._skipped.setdefault(face, []).append(str(file.relative_to(self._path)))
            else:
                found.append((file, face))
        for reason, names in self._skipped.items():
            log.info("%s: %d left out, %s: %s", self._path, len(names), reason, ", ".join(names))
        if not found:
            raise SourceError(f"{self._path}: no face found in any of {len(files)} pictures")
        images = np.stack([face for _, face in found])
        source = Source(self._path.resolve().name, NOT_STATED, len(found))
        known = _labels([file.parent.name for file, _ in found], labels)
        return Items(images, known, source, self._skipped)

    def _face(self, file: Path) -> Image | str:
        """The crop, or why there is none."""
        try:
            image = cv2.imread(str(file))
        except cv2.error:  # says that it is larger than any picture may be
            image = None
        if image is None:
            return "not a readable picture"
        if image.shape[:2] == (self._kind.size, self._kind.size):
            return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        if self._detector is None:
            self._detector = load_detector(self._models)
        face = main_face(self._detector, image)
        if face is None:
            return "no face found"
        cut = crop(image, face.keypoints, self._kind)
        return "face too small or cut off" if cut is None else cut


def _labels(folders: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64] | None:
    """What the pictures show, where all lie in folders named for it."""
    places = {_plain(label): place for place, label in enumerate(labels)}
    found = [places.get(_plain(folder)) for folder in folders]
    return None if None in found else np.array(found)


def _plain(name: str) -> str:
    return name.lower().replace("_", " ").replace("-", " ")
