"""`lipwire evaluate sizes`: how small a face may be, and so how far away a person.

Faces of GENKI-4K are pasted at known sizes onto a noisy canvas and shown to the pipeline for a
moment, as a camera would show them. Whether a smile is read right is asked of the answer at full
size, not of the label: the model may have been trained on the very picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.crop import crop
from edge.detection import Detection
from edge.detectors.blazeface import BlazeFace
from edge.errors import SettingsError, SourceError
from edge.frame import Frame, Image
from edge.pipeline import Pipeline, SeenFace
from edge.profiles import Profile
from edge.progress import progress
from edge.read import SmileReader
from training.datasets import load
from training.evaluate.figures import interval

EYE_DISTANCES = (8, 10, 12, 16, 20, 24, 32, 40, 56)  # in canvas pixels
MARGIN = 2.5  # from a face's middle to the border, in eye distances
LARGEST_SCALE = 1.5  # a picture enlarged more would only be a blurred face
SECONDS = 2.5  # for which each is shown
NOISE = 3.0  # standard deviation of a camera's noise, in grey levels
SWAY = 0.2  # how far a standing head moves to either side, in eye distances
EYES_M = 0.063  # between an adult's pupils
FIELD_OF_VIEW = 66.0  # degrees across, of the Raspberry Pi Camera Module 3

GRAIN = np.random.default_rng(0).normal(0, NOISE, 12_000_000).round().astype(np.int16)


@dataclass(frozen=True)
class Pasted:
    """A picture with one face, and what is made of it at its own size."""

    image: Image
    face: Detection
    smile: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one pasted face."""

    found_s: float  # until it was seen first; infinite where it never was
    arrived: bool
    same: bool | None  # whether its smile was read as at full size; None where it was not read
    strangers: int  # arrivals where no face is


def evaluate_sizes(
    root: Path,
    near: BlazeFace,
    reader: SmileReader,
    pipeline: Pipeline,
    profile: Profile,
    most: int,
) -> dict[str, object]:
    """Figures for every size of face in pictures as a board's profile has them."""
    if most < 1:
        raise SettingsError("--faces must be at least 1")
    size = profile.width, profile.height
    if 3 * size[0] * size[1] >= len(GRAIN):
        raise SettingsError(f"profile {profile.name}: a picture of 4 million pixels is too large")
    faces = list(_faces(root, near, reader, most))
    if not faces:
        raise SourceError(f"{root}: no picture with a single face in it")
    cells = [
        (eyes, face)
        for eyes in EYE_DISTANCES
        for face in faces
        if eyes <= LARGEST_SCALE * face.face.keypoints.eye_distance
        and 2 * MARGIN * eyes <= min(size)
    ]
    outcomes: dict[int, list[Outcome]] = {eyes: [] for eyes in EYE_DISTANCES}
    for number, (eyes, face) in enumerate(progress(cells, "evaluate sizes")):
        scene = Scene(face, eyes, size, number)
        outcomes[eyes].append(_show(pipeline, scene, profile.target_fps))
    rows = [_row(eyes, results, size[0]) for eyes, results in outcomes.items() if results]
    return {
        "profile": profile.name,
        "canvas": "{}x{}".format(*size),
        "seconds": SECONDS,
        "faces": len(faces),
        "sizes": rows,
    }


def table(figures: dict[str, object]) -> str:
    """The figures for people."""
    lines = [
        f"{'eyes px':>7} {'metres':>6} {'n':>4} {'arrived':>8} {'in s':>6} {'smile as near':>13}"
    ]
    rows = figures["sizes"]
    assert isinstance(rows, list)
    for row in rows:
        same = "-" if row["same_smile"] is None else f"{row['same_smile']:.1%}"
        found = "-" if row["found_s"] is None else f"{row['found_s']:.2f}"
        lines.append(
            f"{row['eyes_px']:>7} {row['metres']:>6.1f} {row['n']:>4} {row['arrived']:>8.1%} "
            f"{found:>6} {same:>13}"
        )
    return "\n".join(lines)


def metres(eyes_px: float, width: int) -> float:
    """How far away an adult is whose eyes are so many pixels apart in a picture so wide."""
    focal_px = width / 2 / math.tan(math.radians(FIELD_OF_VIEW / 2))
    return EYES_M * focal_px / eyes_px


class Scene:
    """One pasted face that sways a little."""

    def __init__(self, face: Pasted, eyes_px: float, size: tuple[int, int], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._size, self._face, self.eyes_px = size, face, eyes_px
        self._scale = eyes_px / face.face.keypoints.eye_distance
        shrink = min(1.0, self._scale)
        self._small = cv2.resize(
            face.image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA
        )
        self._shrink = shrink
        margin = MARGIN * eyes_px
        self._place = complex(*(self._rng.uniform(margin, side - margin) for side in size))
        self._wall = self._rng.integers(60, 180, 3)
        self.smile = face.smile

    def face_at(self, at: float) -> complex:
        """Where the point between the eyes is."""
        return self._place + SWAY * self.eyes_px * math.sin(2 * math.pi * 0.4 * at)

    def draw(self, at: float) -> Image:
        width, height = self._size
        points = self._face.face.keypoints
        zoom = self._scale / self._shrink
        shift = self.face_at(at) - (points.right_eye + points.left_eye) / 2 * self._scale
        canvas = np.full((height, width, 3), self._wall, np.uint8)
        matrix = np.array([[zoom, 0, shift.real], [0, zoom, shift.imag]])
        cv2.warpAffine(
            self._small, matrix, self._size, dst=canvas, borderMode=cv2.BORDER_TRANSPARENT
        )
        # Grain that is not the same twice: a large piece of it, begun at another place each time.
        start = int(self._rng.integers(len(GRAIN) - canvas.size))
        grain = GRAIN[start : start + canvas.size].reshape(canvas.shape)
        return cv2.add(canvas, grain, dtype=cv2.CV_8U)


def _faces(root: Path, near: BlazeFace, reader: SmileReader, most: int) -> Iterator[Pasted]:
    """Evenly chosen pictures in which just one face is found."""
    pictures = load("genki4k", root)
    for picture in pictures[:: max(1, len(pictures) // most)][:most]:
        if (image := picture.load()) is None:
            continue
        found = near(image)
        if len(found) == 1:
            cut = crop(image, found[0].keypoints, reader.crop_kind)
            if cut is not None:
                yield Pasted(image, found[0], reader(cut) >= 0.5)


def _show(pipeline: Pipeline, scene: Scene, fps: float) -> Outcome:
    found_s, strangers, own = math.inf, set(), None
    for i in range(round(SECONDS * fps)):
        at = i / fps
        seen = pipeline(Frame(scene.draw(at), at, at, i))
        own = None
        for face in seen.faces:
            if abs(complex(*face.box.centre) - scene.face_at(at)) < 1.5 * scene.eyes_px:
                found_s = min(found_s, at)
                own = face if face.arrived else own
            elif face.arrived:
                strangers.add(face.face)
    pipeline.reset("stopped")
    return Outcome(found_s, own is not None, _same(own, scene), len(strangers))


def _same(face: SeenFace | None, scene: Scene) -> bool | None:
    if face is None or face.probability == 0:
        return None
    return (face.probability >= 0.5) == scene.smile


def _row(eyes: int, results: list[Outcome], width: int) -> dict[str, object]:
    arrived = np.array([result.arrived for result in results])
    same = [result.same for result in results if result.same is not None]
    found = [result.found_s for result in results if math.isfinite(result.found_s)]
    return {
        "eyes_px": eyes,
        "metres": round(metres(eyes, width), 2),
        "n": len(results),
        "arrived": round(float(arrived.mean()), 4),
        "interval": interval(arrived),
        "found_s": round(float(np.median(found)), 3) if found else None,
        "same_smile": round(float(np.mean(same)), 4) if same else None,
        "strangers": sum(result.strangers for result in results),
    }
