"""People cut out of pictures for composed scenes: GRID's talking man and the stills of GENKI-4K."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from edge.crop import crop
from edge.detection import Box, Detection, Detector, Keypoints
from edge.errors import SourceError
from edge.frame import Image
from edge.read import SmileReader
from training.datasets import Picture, load

# A cut-out has the face box of this width around this place, whatever the source's size.
FACE_PX, MIDDLE, SIZE = 100, (130.0, 130.0), (260, 250)
CLEAR_SMILE, CLEAR_NEUTRAL = 0.9, 0.1  # of the shipped model, on the source as it is
CLEAR_FACE = 0.9  # the detector's score on a still: what it hardly finds is its own measure
FACE_SHARE = (0.40, 0.56)  # of a still's width: narrower, and another's face may be beside it
CLIPS_AT_MOST = 24


@dataclass(frozen=True)
class Person:
    """A moving cut-out: pictures with transparency, and the face in each."""

    name: str
    pictures: tuple[Image, ...]  # BGRA, colours multiplied by the transparency
    faces: tuple[Detection, ...]  # in pixels of the cut-out
    fps: float
    smiles: bool

    @property
    def still(self) -> bool:
        return len(self.pictures) == 1

    def index(self, at: float) -> int:
        """Which picture is shown: they are played back and forth."""
        last = len(self.pictures) - 1
        if last == 0:
            return 0
        step = int(at * self.fps) % (2 * last)
        return min(step, 2 * last - step)


@dataclass
class Company:
    """Everybody who can appear. Only those whose face the detector and whose smile, or its
    absence, the shipped model sees clearly in the source: what is measured is the following of
    faces, not the models."""

    grid: Path
    genki: Path | None
    detector: Detector
    reader: SmileReader
    _clips: list[Path] = field(default_factory=list)
    _stills: list[Picture] = field(default_factory=list)
    _known: dict[str, Person | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clips = sorted(self.grid.rglob("*.mp4"))
        if not clips:
            raise SourceError(f"{self.grid}: no GRID clips; expected s1/*.mp4 or a folder of such")
        self._clips = clips[:: -(-len(clips) // CLIPS_AT_MOST)]
        self._stills = load("genki4k", self.genki) if self.genki else []

    def clip(self, rng: np.random.Generator) -> Person:
        """The talking man, who does not smile."""
        return self._choose(rng, [(path.name, path, False) for path in self._clips], self.grid)

    def still(self, rng: np.random.Generator, smiles: bool) -> Person:
        """Somebody who smiles or does not; the talking man where there are no stills."""
        if not self._stills:
            return self.clip(rng)
        sources = [(p.path.name, p.path, smiles) for p in self._stills if p.smile == smiles]
        return self._choose(rng, sources, self.genki)

    def _choose(
        self, rng: np.random.Generator, sources: Sequence[tuple[str, Path, bool]], where: object
    ) -> Person:
        """The first of a shuffled list who is fit."""
        for i in rng.permutation(len(sources)):
            name, path, smiles = sources[i]
            if name not in self._known:
                self._known[name] = _cut(name, path, smiles, self.detector, self.reader)
            if (person := self._known[name]) is not None:
                return person
        raise SourceError(f"{where}: nobody whose face and expression are clear")


def _cut(
    name: str, path: Path, smiles: bool, detector: Detector, reader: SmileReader
) -> Person | None:
    images, fps = _read(path)
    faces = [_face(image, detector) for image in images]
    found = [face for face in faces if face is not None]
    if not images or len(found) < len(images):
        return None
    for image, face in zip(images, found, strict=True):
        cut = crop(image, face.keypoints, reader.crop_kind)
        probability = reader(cut) if cut is not None else 0.5
        if not (probability > CLEAR_SMILE if smiles else probability < CLEAR_NEUTRAL):
            return None
    width = float(np.median([face.box.width for face in found]))
    if len(images) == 1 and not _clear(width / images[0].shape[1], found[0].score):
        return None
    x, y = np.median([face.box.centre for face in found], axis=0)
    scale = FACE_PX / width
    shift = complex(MIDDLE[0] - x * scale, MIDDLE[1] - y * scale)
    matrix = np.array([[scale, 0, shift.real], [0, scale, shift.imag]])
    mask = _mask()
    pictures = []
    for image in images:
        part = cv2.warpAffine(image, matrix, SIZE, borderMode=cv2.BORDER_REPLICATE)
        colours = (part * mask[..., None]).astype(np.uint8)
        pictures.append(np.dstack([colours, np.round(mask * 255).astype(np.uint8)]))
    placed = tuple(carried(face, scale + 0j, shift) for face in found)
    return Person(name, tuple(pictures), placed, fps, smiles)


def _clear(share: float, score: float) -> bool:
    low, high = FACE_SHARE
    return low < share < high and score > CLEAR_FACE


def carried(face: Detection, turn: complex, shift: complex) -> Detection:
    """A face after turn·p + shift; its box stays upright."""
    box, points = face.box, face.keypoints
    middle = complex(*box.centre) * turn + shift
    width, height = box.width * abs(turn), box.height * abs(turn)
    places = (points.right_eye, points.left_eye, points.nose, points.mouth)
    return Detection(
        Box(middle.real - width / 2, middle.imag - height / 2, width, height),
        Keypoints(*(place * turn + shift for place in places)),
        face.score,
    )


def _read(path: Path) -> tuple[list[Image], float]:
    if path.suffix != ".mp4":
        image = cv2.imread(str(path))
        return ([] if image is None else [image]), 1.0
    clip = cv2.VideoCapture(str(path))
    images = []
    while (read := clip.read())[0]:
        images.append(read[1])
    return images, clip.get(cv2.CAP_PROP_FPS) or 25.0


def _face(image: Image, detector: Detector) -> Detection | None:
    """The only face of a picture, looked at twice: the second time closely."""
    faces = detector(image)
    if len(faces) != 1:
        return None
    box = faces[0].box
    left, top = max(0, int(box.left - box.width / 2)), max(0, int(box.top - box.height / 2))
    side = int(2 * box.width)
    near = detector(image[top : top + side, left : left + side])
    return carried(near[0], 1 + 0j, complex(left, top)) if len(near) == 1 else None


def _mask() -> Image:
    """Head and shoulders with a soft edge, 0 to 1; what lies below the cut-out is its last row."""
    x, y = (np.array(MIDDLE)).round().astype(int)
    width = FACE_PX
    mask = np.zeros((SIZE[1], SIZE[0]), np.float32)
    head = (int(x), int(y - 0.20 * width)), (int(0.59 * width), int(0.86 * width))
    cv2.ellipse(mask, *head, 0, 0, 360, 1.0, -1)
    right = [(0.34, 0.45), (0.45, 0.72), (0.95, 0.98), (1.10, 1.30)]
    corners = [(x + u * width, y + v * width) for u, v in right]
    corners += [(x - u * width, y + v * width) for u, v in reversed(right)]
    cv2.fillPoly(mask, [np.array(corners, np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), 2.5)
