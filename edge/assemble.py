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
from edge.mouth import MouthRules
from edge.pipeline import Pipeline, Visemes
from edge.profiles import Profile
from edge.read import SmileReader, VisemeReader
from edge.settings import Settings, SmileSettings, VisemeSettings
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
    viseme_model: Path | VisemeReader | None = None,
) -> Assembly:
    """Load the models and connect the stages; without a reader of smiles, or a model of visemes or
    its reader, the shipped one reads them."""
    faces = settings.faces
    detector, interpreters = make_detector(faces.detector, faces.min_score, profile, models_folder)
    reader = reader or SmileReader(models.shipped("smile"), profile.threads)
    visemes = _visemes(settings.viseme, profile, viseme_model)
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
        visemes,
    )
    readers = (reader, visemes.read) if visemes else (reader,)
    return Assembly(pipeline, (*interpreters, *(each.interpreter for each in readers)))


def _visemes(
    settings: VisemeSettings, profile: Profile, model: Path | VisemeReader | None
) -> Visemes | None:
    if not settings.enabled:
        return None
    if isinstance(model, VisemeReader):
        read = model
    else:
        read = VisemeReader(model or models.shipped("viseme"), profile.threads)
    counting = read.counting(settings.ahead_s)
    return Visemes(read, counting, mouth_rules(settings, read.description))


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


def mouth_rules(settings: VisemeSettings, model: Description) -> MouthRules:
    """A model's own rules, but for what the settings say."""
    smoothing_s, hold_s = settings.smoothing_s, settings.hold_s
    return MouthRules(
        smoothing_s=smoothing_s if smoothing_s >= 0 else model.smoothing_s,
        hold_s=hold_s if hold_s >= 0 else model.min_duration_s,
        margin=settings.margin,
        still_margin=settings.still_margin,
    )
