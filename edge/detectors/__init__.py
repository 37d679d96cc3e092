"""Finders of faces: one adapter a file, chosen by name."""

from __future__ import annotations

from pathlib import Path

from edge.detection import Detector
from edge.interpreter import Interpreter

NAMES = ("auto", "short-range", "full-range", "mediapipe", "haar")


def make_detector(
    name: str, min_score: float, threads: int, models_folder: Path | None
) -> tuple[Detector, tuple[Interpreter, ...]]:
    """The detector of that name, and the interpreters that work in it."""
    from edge import models

    if name == "haar":
        from edge.detectors.haar import Haar

        return Haar(min_score), ()
    if name == "mediapipe":
        from edge.detectors.mediapipe import MediaPipe

        return MediaPipe(min_score), ()
    from edge.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace

    kind = FULL_RANGE if name == "full-range" else SHORT_RANGE
    face = BlazeFace(models.find(kind.model, models_folder), min_score, threads, kind)
    return face, (face.interpreter,)
