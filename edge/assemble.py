"""Builds the pipeline that settings and profile ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge import models
from edge.decide import SmileRules
from edge.detectors import make_detector
from edge.errors import SettingsError
from edge.gaze import Gaze
from edge.interpreter import Interpreter
from edge.pipeline import Pipeline
from edge.profiles import Profile
from edge.read import SmileReader
from edge.settings import Settings
from edge.track import Tracker


@dataclass(frozen=True)
class Assembly:
    """A pipeline and the interpreters that work in it."""

    pipeline: Pipeline
    interpreters: tuple[Interpreter, ...]


def assemble(
    settings: Settings, profile: Profile, models_folder: Path | None, first_face: int = 1
) -> Assembly:
    """Load the models and connect the stages."""
    faces = settings.faces
    detector, interpreters = make_detector(faces.detector, faces.min_score, profile, models_folder)
    reader = SmileReader(models.shipped("smile"), profile.threads)
    pipeline = Pipeline(
        detector,
        Tracker(
            faces.arrive_s,
            faces.leave_s,
            profile.faces_max,
            first_face,
            faces.still_s,
            faces.smallest,
        ),
        reader,
        _rules(settings, reader),
        Gaze(profile.detect_interval, profile.looks),
    )
    return Assembly(pipeline, (*interpreters, reader.interpreter))


def _rules(settings: Settings, reader: SmileReader) -> SmileRules:
    smile = settings.smile
    on = smile.on or reader.description.on_threshold
    off = smile.off or reader.description.off_threshold
    if on <= off:
        raise SettingsError(f"[smile] on ({on:g}) must be above off ({off:g})")
    return SmileRules(on, off, smile.smoothing_s, smile.min_duration_s, smile.refractory_s)
