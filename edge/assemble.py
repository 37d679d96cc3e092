"""Builds the pipeline that settings and profile ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge import models
from edge.decide import SmileRules
from edge.description import Description
from edge.detectors import make_detector
from edge.errors import SettingsError
from edge.gaze import Gaze
from edge.interpreter import Interpreter
from edge.pipeline import Pipeline
from edge.profiles import Profile
from edge.read import SmileReader
from edge.settings import Settings, SmileSettings
from edge.track import Tracker


@dataclass(frozen=True)
class Assembly:
    """A pipeline and the interpreters that work in it."""

    pipeline: Pipeline
    interpreters: tuple[Interpreter, ...]


def assemble(
    settings: Settings,
    profile: Profile,
    models_folder: Path | None,
    first_face: int = 1,
    reader: SmileReader | None = None,
) -> Assembly:
    """Load the models and connect the stages; without a reader, the shipped model reads."""
    faces = settings.faces
    detector, interpreters = make_detector(faces.detector, faces.min_score, profile, models_folder)
    reader = reader or SmileReader(models.shipped("smile"), profile.threads)
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
        smile_rules(settings.smile, reader.description),
        Gaze(profile.detect_interval, profile.looks),
    )
    return Assembly(pipeline, (*interpreters, reader.interpreter))


def smile_rules(settings: SmileSettings, model: Description) -> SmileRules:
    """A model's own rules, but for what the settings say."""
    on = settings.on or model.on_threshold
    off = settings.off or model.off_threshold
    if on <= off:
        raise SettingsError(f"[smile] on ({on:g}) must be above off ({off:g})")
    smoothing_s, min_duration_s = settings.smoothing_s, settings.min_duration_s
    return SmileRules(
        on,
        off,
        smoothing_s if smoothing_s >= 0 else model.smoothing_s,
        min_duration_s if min_duration_s >= 0 else model.min_duration_s,
        settings.refractory_s,
    )
