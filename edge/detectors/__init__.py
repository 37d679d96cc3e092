"""Finders of faces: one adapter a file, chosen by name."""

from __future__ import annotations

from pathlib import Path

from edge import models
from edge.detection import Detector
from edge.interpreter import Interpreter
from edge.profiles import Profile

NAMES = ("auto", "short-range", "full-range", "mediapipe", "haar")

# What a sweep finds is looked at before it counts, so it may be as unsure as this share of what
# counts: faces that a whole picture shows too small are found so.
SWEEP_SCORE = 0.6


def make_detector(
    name: str, min_score: float, profile: Profile, models_folder: Path | None
) -> tuple[Detector, tuple[Interpreter, ...]]:
    """The detector of that name, and the interpreters that work in it."""
    if name == "haar":
        from edge.detectors.haar import Haar

        return Haar(min_score), ()
    if name == "mediapipe":
        from edge.detectors.mediapipe import MediaPipe

        return MediaPipe(min_score), ()
    from edge.detectors.auto import Auto, FarSighted, Tiles
    from edge.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace, Kind

    def load(kind: Kind) -> BlazeFace:
        path = models.find(kind.model, models_folder)
        return BlazeFace(path, min_score, profile.threads, kind, SWEEP_SCORE * min_score)

    near = load(SHORT_RANGE)
    if name == "short-range":
        return near, (near.interpreter,)
    if name == "auto" and profile.tiles:
        return Auto(near, Tiles(near, profile.tiles)), (near.interpreter,)
    far = load(FULL_RANGE)
    kind = Auto if name == "auto" else FarSighted
    return kind(near, far), (near.interpreter, far.interpreter)
