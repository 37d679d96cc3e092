"""Builds the pipeline that settings and profile ask for."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from edge import models
from edge.cadence import RateWatch
from edge.decide import SmileRules
from edge.description import Description
from edge.detectors import make_detector
from edge.errors import SettingsError
from edge.gaze import Gaze
from edge.interpreter import Interpreter
from edge.lip_points import LipFinder
from edge.lipbox import LIP_BOX
from edge.mouth import MouthRules
from edge.own_words import FILE, OwnJudge, OwnWords
from edge.pipeline import Pipeline, Visemes
from edge.profiles import Profile
from edge.read import SmileReader, VisemeReader
from edge.settings import Settings, SmileSettings, VisemeSettings, WordSettings
from edge.spotting import SpotRules
from edge.track import Tracker
from edge.verdict import Judge, Vocabulary
from edge.word_frames import Lipreader
from edge.word_reader import WordReader
from edge.words import Words

log = logging.getLogger(__name__)


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
    state: Path | None = None,
    words: Words | None = None,
) -> Assembly:
    """Load the models and connect the stages; without a reader of smiles, or a model of visemes or
    its reader, the shipped one reads them. Words, where none are given, are read as the settings
    say; those of one's own are in the folder of the state."""
    faces = settings.faces
    detector, interpreters = make_detector(faces.detector, faces.min_score, profile, models_folder)
    reader = reader or SmileReader(models.shipped("smile"), profile.threads)
    visemes = _visemes(settings.viseme, profile, viseme_model)
    words = words or _words(settings.word, profile, models_folder, state)
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
        words,
    )
    parts = (
        reader,
        visemes and visemes.read,
        words and words.reader.model,
        words and words.reader.find_lips,
    )
    return Assembly(pipeline, (*interpreters, *(each.interpreter for each in parts if each)))


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


def _words(
    settings: WordSettings, profile: Profile, folder: Path | None, state: Path | None
) -> Words | None:
    if not settings.enabled:
        return None
    path = models.word_model(settings.model, profile.window)
    reader = lipreader(path, profile, folder)
    said = reader.model.description
    rules = word_rules(settings, said)
    if settings.own and state and not isinstance(rules, SpotRules):
        rules = OwnJudge(OwnWords(state, path), rules)
    elif settings.own and state and (state / FILE).exists():
        log.warning('enrolled words are told with [word] mode = "isolated" only')
    return Words(reader, rules, RateWatch(said.fps))


def lipreader(path: Path, profile: Profile, folder: Path | None) -> Lipreader:
    """A word model with the cut that it needs."""
    model = WordReader(path, profile.threads)
    boxed = model.description.crop == LIP_BOX
    return Lipreader(model, LipFinder(folder, profile.threads) if boxed else None)


def word_rules(settings: WordSettings, model: Description) -> Judge | SpotRules:
    """A model's own rules for a mode, but for what the settings say."""
    if settings.mode == "isolated":
        return Vocabulary.of(model, settings.threshold)
    refractory_s = settings.refractory_s
    return SpotRules(
        settings.threshold or model.spot_threshold,
        refractory_s if refractory_s >= 0 else model.refractory_s,
    )


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
