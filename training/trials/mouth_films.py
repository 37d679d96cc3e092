"""The films of `lipwire evaluate mouth-changes`, recorded once through the whole way of a frame.

GRID's man talks and is silent; stills are filmed by a camera that trembles, and nothing moves in
them.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.description import Description, bare, read
from edge.detection import Detector
from edge.errors import SettingsError, SourceError
from edge.film import Reel
from edge.profiles import Profile
from edge.progress import progress
from edge.read import checked_description
from training.datasets import Picture, load
from training.datasets.grid import DATASET, read_phones
from training.datasets.layout import table, whole
from training.faces import main_face
from training.phones import GRID_FPS, Spoken
from training.trials.ballots import AT_ONCE, Reading, Readings, record
from training.trials.films import parallel
from training.trials.shaken import Portrait, Shaken

STILL_S = 10.0  # that a still is played


@dataclass(frozen=True)
class Stills:
    """A set of pictures that are played as films."""

    dataset: str
    root: Path


@dataclass(frozen=True)
class MouthFilms:
    """What is shown, to which models, and on which board."""

    grid: Path | None
    stills: tuple[Stills, ...]
    pictures: int  # of each set and half, at most
    seed: int
    folds: tuple[int, ...]  # of GRID, that are reported
    choice: tuple[int, ...]  # and on which rules are chosen; none: none are, and all is reported
    model: Path  # one for all
    run: Path | None  # or those of a run: each fold's for its own clips and stills
    profile: Profile
    models: Path | None

    def file(self, fold: int) -> Path:
        """The model that reads a fold."""
        return self.model if self.run is None else self.run / f"fold{fold}.tflite"

    def temperature(self, fold: int) -> float:
        """By which that model's votes are to be divided."""
        return read(self.file(fold)).temperature

    @property
    def said(self) -> Description:
        """The description that stands for all."""
        return read(self.file(self.folds[0]))

    def phones(self) -> dict[str, list[Spoken]]:
        """What is spoken in GRID's clips."""
        return {} if self.grid is None else read_phones(self.grid / "phones.csv")


@dataclass(frozen=True)
class _Clip:
    path: Path
    fold: int
    choice: bool


@dataclass(frozen=True)
class _Still:
    dataset: str
    picture: Picture
    choice: bool
    portrait: Portrait | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return f"{self.dataset} {self.picture.path.name}"


def recorded(films: MouthFilms, detector: Detector, kept: Path | None) -> Readings:
    """The readings in a file, if it is of these films; else they are recorded, and kept there."""
    films = replace(films, profile=replace(films.profile, target_fps=GRID_FPS))
    clips, stills = _clips(films), _stills(films)
    origin = _origin(films, clips, stills)
    if kept is not None and kept.exists():
        readings = Readings.read(kept)
        if readings.origin != origin:
            raise SettingsError(f"{kept}: recorded from other films or models; remove it")
        return readings
    left_out: Counter[str] = Counter()
    talk = list(parallel(lambda clip: _talking(films, clip), clips, "talking"))
    left_out["no mouth read in it"] = talk.count(None)
    still = _played(films, stills, detector, left_out)
    found = tuple(reading for reading in (*talk, *still) if reading)
    if not found:
        raise SourceError(f"in none of {len(clips) + len(stills)} films a mouth was read")
    readings = Readings(origin, +left_out, found)
    if kept is not None:
        readings.save(kept)
    return readings


def _clips(films: MouthFilms) -> list[_Clip]:
    if films.grid is None:
        return []
    for name in ("folds.csv", "phones.csv"):
        if not (films.grid / name).is_file():
            raise SourceError(f"{films.grid}: no {name} in it; expected {DATASET.layout}")
    source = films.grid / "folds.csv"
    rows = table(source, ("clip", "fold"))
    folds = {row["clip"]: whole(row["fold"], source, f"the fold of {row['clip']}") for row in rows}
    wanted = (*films.folds, *films.choice)
    if missing := sorted(set(wanted) - set(folds.values())):
        raise SourceError(f"{source}: no clip is of fold {missing[0]}")
    return [
        _Clip(films.grid / f"s1/{clip}.mp4", fold, fold in films.choice)
        for clip, fold in folds.items()
        if fold in wanted
    ]


def _stills(films: MouthFilms) -> list[_Still]:
    """Pictures of each set, drawn by the seed, one of each person. They are of the same folds as
    the clips; a set without folds is halved."""
    found: list[_Still] = []
    for stills in films.stills:
        pictures = load(stills.dataset, stills.root)
        order = np.random.default_rng(films.seed).permutation(len(pictures))
        people = {pictures[i].person or i: pictures[i] for i in order.tolist()}
        for choice in (True, False) if films.choice else (False,):
            some = [p for p in people.values() if _choice(films, p) == choice][: films.pictures]
            found += [_Still(stills.dataset, picture, choice) for picture in some]
    if films.stills and not found:
        sets = ", ".join(stills.dataset for stills in films.stills)
        raise SourceError(f"{sets}: no picture is of fold {films.folds[0]}")
    return found


def _choice(films: MouthFilms, picture: Picture) -> bool | None:
    """Whether rules are chosen on a picture, or figures come from it; none: neither."""
    if picture.fold < 0:
        return bool(films.choice) and zlib.crc32(picture.path.name.encode()) % 2 == 0
    if picture.fold in films.choice:
        return True
    return False if picture.fold in films.folds else None


def _talking(films: MouthFilms, clip: _Clip) -> Reading | None:
    faces = record(Reel(clip.path), films.file(clip.fold), films.profile, films.models)
    about = ("talk", clip.path.stem, clip.choice, films.temperature(clip.fold))
    return Reading(*about, *faces[0]) if faces else None


def _played(
    films: MouthFilms, stills: Sequence[_Still], detector: Detector, left_out: Counter[str]
) -> list[Reading]:
    """Pictures as films; those that cannot be played are left out."""
    jobs = []
    for still in progress(stills, "find faces"):
        image = still.picture.load()
        face = None if image is None else main_face(detector, image)
        if image is None or face is None:
            left_out["no face found in it"] += 1
        else:
            jobs.append(replace(still, portrait=Portrait(image, face)))

    def work(still: _Still) -> list[Any]:
        assert still.portrait
        film = Shaken(still.portrait, films.profile, zlib.crc32(still.name.encode()))(STILL_S)
        return record(film, films.file(still.picture.fold), films.profile, films.models)

    readings: list[Reading] = []
    for still, faces in zip(jobs, parallel(work, jobs, "stills"), strict=True):
        if len(faces) == 1:
            temperature = films.temperature(still.picture.fold)
            readings.append(Reading("still", still.name, still.choice, temperature, *faces[0]))
        else:
            left_out["several faces in it" if faces else "no mouth read in it"] += 1
    return readings


def _origin(films: MouthFilms, clips: Sequence[_Clip], stills: Sequence[_Still]) -> dict[str, Any]:
    """All that the readings depend on."""
    folds = {clip.fold for clip in clips} | {still.picture.fold for still in stills}
    files = {films.file(fold) for fold in folds}
    played = [(clip.path.name, clip.choice) for clip in clips]
    played += [(still.name, still.choice) for still in stills]
    return {
        "models": {file.name: _fingerprint(file) for file in files},
        "profile": {**asdict(films.profile), "boards": list(films.profile.boards)},
        "faces": asdict(AT_ONCE.faces),
        "films": hashlib.sha256(repr(played).encode()).hexdigest()[:16],
        "seconds": STILL_S,
    }


def _fingerprint(model: Path) -> str:
    """What a model's ballots and their count depend on: network, crop and temperature."""
    said = checked_description(model, "viseme")
    told = f"{said.crop} {said.crop_size} {said.temperature}".encode()
    return hashlib.sha256(bare(model) + told).hexdigest()[:16]
