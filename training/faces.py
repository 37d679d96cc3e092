"""The face that a labelled picture is about, found as the device finds it."""

from __future__ import annotations

from pathlib import Path

from edge import models
from edge.detection import Detection, Detector
from edge.detectors import SWEEP_SCORE
from edge.detectors.blazeface import BlazeFace
from edge.frame import Image
from edge.gaze import WIDE, around

MIN_SCORE = 0.5  # of a close look, as in the daemon's own settings


def load_detector(folder: Path | None) -> BlazeFace:
    """The detector by which all crops are cut; sweeps are as unsure as the daemon's."""
    path = models.find(models.SHORT_RANGE, folder)
    return BlazeFace(path, MIN_SCORE, sweep_score=SWEEP_SCORE * MIN_SCORE)


def main_face(detector: Detector, image: Image) -> Detection | None:
    """The largest face: found in a sweep, and then looked at closely for its exact points."""
    faces = detector(image)
    if not faces:
        return None
    rough = largest(faces)
    height, width = image.shape[:2]
    part = around(rough.box, WIDE, (width, height))
    closer = detector.look(image, part) if part is not None else []
    return largest(closer) if closer else rough


def largest(faces: list[Detection]) -> Detection:
    """The face that a picture of one person is about."""
    return max(faces, key=lambda face: face.box.width * face.score)
