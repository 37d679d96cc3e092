"""The face that a labelled picture is about, found as the device finds it."""

from __future__ import annotations

from pathlib import Path

from edge import models
from edge.detection import Detection, Detector, Part
from edge.detectors import SWEEP_SCORE
from edge.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace, Kind
from edge.frame import Image
from edge.gaze import WIDE, around

MIN_SCORE = 0.5  # of a close look, as in the daemon's own settings


class Thorough:
    """The daemon's own pair of detectors, on one picture: where a sweep with the short-range model
    shows nothing that a close look confirms, the full-range one sweeps, too."""

    def __init__(self, near: BlazeFace, far: BlazeFace) -> None:
        self._near, self._far = near, far

    def __call__(self, picture: Image) -> list[Detection]:
        faces = self._near(picture)
        if faces and closely(self._near, picture, largest(faces)):
            return faces
        return self._far(picture) or faces

    def look(self, picture: Image, part: Part) -> list[Detection]:
        """Find the faces in a part of the picture."""
        return self._near.look(picture, part)


def load_detector(folder: Path | None) -> Thorough:
    """The detector by which all crops are cut; sweeps are as unsure as the daemon's."""

    def load(kind: Kind) -> BlazeFace:
        path = models.find(kind.model, folder)
        return BlazeFace(path, MIN_SCORE, kind=kind, sweep_score=SWEEP_SCORE * MIN_SCORE)

    return Thorough(load(SHORT_RANGE), load(FULL_RANGE))


def main_face(detector: Detector, image: Image) -> Detection | None:
    """The largest face: found in a sweep, and then looked at closely for its exact points."""
    faces = detector(image)
    return closely(detector, image, largest(faces)) if faces else None


def closely(detector: Detector, image: Image, rough: Detection) -> Detection | None:
    """What a close look finds where a sweep saw a face; nothing where it was none."""
    height, width = image.shape[:2]
    part = around(rough.box, WIDE, (width, height))
    closer = detector.look(image, part) if part is not None else []
    return largest(closer) if closer else None


def largest(faces: list[Detection]) -> Detection:
    """The face that a picture of one person is about."""
    return max(faces, key=lambda face: face.box.width * face.score)
