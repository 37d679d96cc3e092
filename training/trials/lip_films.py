"""Lip boxes as the device finds them, beside the best that can be found with all the time there is.

The device follows the face through the frames, poor pictures or not, and asks the face mesh once a
frame. Offline the face is looked for in each frame anew, at its full detail, and the mesh is asked
about several crops: the median of its boxes is the truth, as far as this mesh knows it.
"""

from __future__ import annotations

import cmath
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.assemble import assemble
from edge.crop import similarity
from edge.detection import Box, Keypoints
from edge.errors import SourceError
from edge.frame import Frame, Image
from edge.lip_points import LipFinder
from edge.lipbox import LipBox
from edge.profiles import Profile
from edge.settings import Settings
from training.faces import load_detector, main_face
from training.phones import GRID_FPS

Values = NDArray[np.float64]
WIDTHS = (0, 100, 60)  # of the face in pictures of a poor camera, in pixels; 0: the film as it is
NOISE, QUALITY = 4.0, 85  # grey levels of that camera; of its JPEG
NEAR = 0.05  # how far, in eye distances, the offline crops lie beside each other
ZOOMS = (0.94, 1.06)
OLD = 2  # frames: a box of so long ago, carried on by the eyes and the mouth
NOTHING = LipBox(*[float("nan")] * 5)


@dataclass(frozen=True, eq=False)
class LipTrace:
    """Boxes of a film's frames: left, right, top, bottom, set upright by the true roll; NaN where
    there is none."""

    live: Values  # (frames, 4)
    old: Values
    true: Values
    rolls: Values  # (frames, 2): live and true


class Filmed:
    """Shows films to the device and to the offline finder."""

    def __init__(self, profile: Profile, models: Path | None) -> None:
        self._profile, self._models = profile, models
        self._detector, self.find = load_detector(models), LipFinder(models, profile.threads)

    def __call__(self, images: list[Image]) -> dict[int, LipTrace] | None:
        """Traces by the width of the face; None where the first frame shows no face."""
        face = main_face(self._detector, images[0])
        if face is None:
            return None
        true = [self._offline(image) for image in images]
        return {
            width: self._live(images, true, width / face.box.width if width else 0.0)
            for width in WIDTHS
        }

    def _offline(self, image: Image) -> LipBox:
        """The median of the boxes that the mesh gives on crops beside each other."""
        face = main_face(self._detector, image)
        if face is None:
            return NOTHING
        boxes = [self.find(image, points) for points in _beside(face.keypoints)]
        found = [_numbers(box) for box in boxes if box is not None]
        return LipBox(*np.median(found, axis=0).tolist()) if found else NOTHING

    def _live(self, images: list[Image], true: list[LipBox], scale: float) -> LipTrace:
        """What the device makes of a film whose pictures are scaled; 0: as they are."""
        pipeline = assemble(Settings(), self._profile, self._models).pipeline
        rng = np.random.default_rng(0)
        seen: list[tuple[LipBox, Keypoints | None]] = []
        old: list[LipBox] = []
        for index, image in enumerate(images):
            shown = _poor(image, scale, rng) if scale else image
            at = index / GRID_FPS
            pipeline(Frame(shown, at, at, index))
            points = pipeline.faces[0].keypoints if pipeline.faces else None
            box = self.find(shown, points) if points else None
            seen.append((box or NOTHING, points))
            old.append(_carried(*seen[max(0, index - OLD)], points))
        live = [box for box, _ in seen]
        back = 1 / scale if scale else 1.0
        return LipTrace(
            np.array([sides(box, by.roll, back) for box, by in zip(live, true, strict=True)]),
            np.array([sides(box, by.roll, back) for box, by in zip(old, true, strict=True)]),
            np.array([sides(box, box.roll) for box in true]),
            np.array([(box.roll, by.roll) for box, by in zip(live, true, strict=True)]),
        )


def films(root: Path, most: int) -> list[Path]:
    """Clips of GRID, evenly drawn."""
    paths = sorted(root.glob("s[0-9]*/*.mp4"))
    if not paths:
        raise SourceError(f"{root}: no clips of GRID in it; expected s1/*.mp4")
    return paths[:: max(1, len(paths) // most)][:most]


def frames_of(path: Path) -> list[Image]:
    """All pictures of a clip."""
    video, images = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        images.append(read[1])
    video.release()
    return images


def sides(box: Box, roll: float, scale: float = 1.0) -> list[float]:
    """Left, right, top, bottom of a box in a picture that is scaled and turned upright."""
    middle = complex(*box.centre) * cmath.exp(-1j * roll)
    across, down = box.width / 2, box.height / 2
    x, y = middle.real, middle.imag
    return [scale * side for side in (x - across, x + across, y - down, y + down)]


def _numbers(box: LipBox) -> list[float]:
    return [box.left, box.top, box.width, box.height, box.roll]


def _beside(points: Keypoints) -> list[Keypoints]:
    """The same face, cut a little aside, nearer or farther."""
    places = np.array([points.right_eye, points.left_eye, points.nose, points.mouth])
    middle, step = places.mean(), NEAR * points.eye_distance
    moved = [places, *(places + step * aside for aside in (1, -1, 1j, -1j))]
    moved += [middle + zoom * (places - middle) for zoom in ZOOMS]
    return [Keypoints(*each.tolist()) for each in moved]


def _carried(box: LipBox, then: Keypoints | None, now: Keypoints | None) -> LipBox:
    """A box moved as the eyes and the mouth have moved since."""
    if then is None or now is None:
        return NOTHING
    before, after = ((p.right_eye, p.left_eye, p.mouth) for p in (then, now))
    turn, shift = similarity(before, after)
    middle = turn * complex(*box.centre) + shift
    width, height = abs(turn) * box.width, abs(turn) * box.height
    roll = box.roll + cmath.phase(turn)
    return LipBox(middle.real - width / 2, middle.imag - height / 2, width, height, roll)


def _poor(image: Image, scale: float, rng: np.random.Generator) -> Image:
    """A smaller picture with a camera's noise and compression."""
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grain = rng.normal(0, NOISE, small.shape).round().astype(np.int16)
    noisy = cv2.add(small, grain, dtype=cv2.CV_8U)
    encoded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)
