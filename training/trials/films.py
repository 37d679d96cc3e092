"""The films of `lipwire evaluate false-smiles`, recorded once through the whole way of a frame.

GRID's man talks and does not smile; stills of GENKI-4K are filmed by a camera that trembles.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.cameras.video import VideoCamera
from edge.description import bare
from edge.detectors.blazeface import BlazeFace
from edge.errors import SettingsError, SourceError
from edge.frame import Frame
from edge.profiles import Profile
from edge.progress import progress
from edge.read import SmileReader
from training.datasets import Picture, load
from training.faces import main_face
from training.trials.shaken import Portrait, Shaken
from training.trials.traces import AS_READ, Trace, Traces, record

STILL_S = 3.0  # that a still is played
CLIP_FPS = 25.0  # GRID's
FOLDS = 4  # GENKI-4K's: file number mod 4
CHOICE_FOLDS = (1, 3)  # of GRID, on which rules are chosen


@dataclass(frozen=True)
class Films:
    """What is shown, to which models, and on which board."""

    grid: Path
    genki: Path
    model: Path  # one for all
    run: Path | None  # or those of a run: each fold's for its own stills, `all` for the clips
    profile: Profile
    models: Path | None
    pictures: int  # stills of each kind, at most
    seed: int

    def reader(self, fold: int | None) -> SmileReader:
        """A new reader of the model for a fold's stills, or for the clips."""
        return SmileReader(self.file(fold), self.profile.threads)

    def file(self, fold: int | None) -> Path:
        if self.run is None:
            return self.model
        return self.run / ("all.tflite" if fold is None else f"fold{fold}.tflite")

    def origin(self, halves: dict[bool, list[Path]], pictures: Sequence[Picture]) -> dict[str, Any]:
        """All that the traces depend on."""
        folds = [None] if self.run is None else [None, *range(FOLDS)]
        return {
            "models": {self.file(fold).name: _fingerprint(self.file(fold)) for fold in folds},
            "profile": {**asdict(self.profile), "boards": list(self.profile.boards)},
            "faces": asdict(AS_READ.faces),
            "clips": _digest([(choice, _told(c)) for choice in halves for c in halves[choice]]),
            "stills": _digest([(p.smile, p.fold, _told(p.path)) for p in pictures]),
            "pictures": self.pictures,
            "seed": self.seed,
            "seconds": STILL_S,
        }


def recorded(films: Films, near: BlazeFace, kept: Path | None) -> Traces:
    """The traces in a file, where it holds those of these films; else recorded, and kept there."""
    if films.pictures < 2:
        raise SettingsError("--pictures must be at least 2: one to choose on, one to report")
    halves, pictures = _halves(films.grid), _sample(films)
    origin = films.origin(halves, pictures)
    if kept is not None and kept.exists():
        traces = Traces.read(kept)
        if traces.origin != origin:
            raise SettingsError(f"{kept}: recorded from other films or models; remove it")
        return traces
    left_out: Counter[str] = Counter()
    stills = _stills(films, pictures, near, left_out)
    traces = Traces(origin, left_out, (*_clips(films, halves), *stills))
    if kept is not None:
        traces.save(kept)
    return traces


def _clips(films: Films, halves: dict[bool, list[Path]]) -> list[Trace]:
    """The talking man, as one film for each half and as a stranger in every clip."""
    jobs = [("stream", choice, clips) for choice, clips in halves.items()]
    jobs += [("fresh", choice, [clip]) for choice, clips in halves.items() for clip in clips]

    def work(job: tuple[str, bool, Sequence[Path]]) -> list[Trace]:
        kind, choice, clips = job
        found = record(_played(clips), films.reader(None), films.profile, films.models)
        return _traces(kind, clips[0].stem, False, choice, found)

    return [trace for traces in parallel(work, jobs, "talking") for trace in traces]


def _halves(grid: Path) -> dict[bool, list[Path]]:
    """GRID's clips by whether rules are chosen on them: by fold where folds are known."""
    clips = sorted(grid.glob("s1/*.mp4"))
    if len(clips) < 2:
        raise SourceError(f"{grid}: no clips of GRID in it; expected s1/*.mp4")
    folds = {clip.stem: index for index, clip in enumerate(clips)}
    if (table := grid / "folds.csv").is_file():
        try:
            with table.open(encoding="utf-8", newline="") as file:
                folds |= {row["clip"]: int(row["fold"]) for row in csv.DictReader(file)}
        except (OSError, ValueError, KeyError) as error:
            raise SourceError(f"{table}: not a table of clip and fold ({error!r})") from None
    halves: dict[bool, list[Path]] = {True: [], False: []}
    for clip in clips:
        halves[folds[clip.stem] % FOLDS in CHOICE_FOLDS].append(clip)
    if not all(halves.values()):
        raise SourceError(f"{table}: leaves one half without clips; rules need folds of both")
    return halves


def _played(clips: Sequence[Path]) -> Iterator[Frame]:
    """Clips one after another, as one film."""
    begin, index = 0.0, 0
    for clip in clips:
        camera = VideoCamera(clip, loop=False)
        camera.open()
        at = begin
        while (frame := camera.read()) is not None:
            at = begin + frame.captured_at
            yield Frame(frame.image, at, at, index)
            index += 1
        camera.close()
        begin = at + 1 / CLIP_FPS


def _stills(
    films: Films, pictures: Sequence[Picture], near: BlazeFace, left_out: Counter[str]
) -> list[Trace]:
    """Pictures as films; those that cannot be played are left out."""
    jobs = []
    for picture in pictures:
        image = picture.load()
        face = None if image is None else main_face(near, image)
        if image is None or face is None:
            left_out["no face found in it"] += 1
        else:
            jobs.append((picture, Portrait(image, face)))

    def work(job: tuple[Picture, Portrait]) -> list[Trace] | None:
        picture, portrait = job
        film = Shaken(portrait, films.profile, _number(picture))(STILL_S)
        found = record(film, films.reader(picture.fold), films.profile, films.models)
        if len(found) > 1:
            return None
        return _traces("still", picture.path.name, picture.smile, _is_choice(picture), found)

    traces: list[Trace] = []
    for each in parallel(work, jobs, "stills"):
        if each is None:
            left_out["several faces in it"] += 1
        else:
            traces += each
    return traces


def _sample(films: Films) -> list[Picture]:
    """As many of each kind and half, drawn by the seed."""
    pictures = load("genki4k", films.genki)
    rng = np.random.default_rng(films.seed)
    sample: list[Picture] = []
    for smile in (False, True):
        for choice in (True, False):
            some = [p for p in pictures if p.smile == smile and _is_choice(p) == choice]
            order = rng.permutation(len(some))[: films.pictures // 2]
            sample += [some[i] for i in order]
    return sample


def _is_choice(picture: Picture) -> bool:
    """Whether rules are chosen on it: every other picture of a fold."""
    return _number(picture) // FOLDS % 2 == 0


def _number(picture: Picture) -> int:
    return int(picture.path.stem[len("file") :])


def _traces(kind: str, film: str, smiles: bool, choice: bool, found: Any) -> list[Trace]:
    nobody = [(np.empty(0), np.empty(0))]
    return [Trace(kind, film, smiles, choice, *values) for values in found or nobody]


def parallel(work: Any, jobs: Sequence[Any], what: str) -> Iterator[Any]:
    """The results in the order of the jobs; models and OpenCV let several threads work."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = [threads.submit(work, job) for job in jobs]
        try:
            for result in progress(results, what):
                yield result.result()
        finally:
            threads.shutdown(cancel_futures=True)


def _fingerprint(model: Path) -> str:
    """What a model's probabilities depend on: its network and its temperature."""
    reader = SmileReader(model)
    told = f"{reader.description.crop} {reader.description.temperature}".encode()
    return hashlib.sha256(bare(model) + told).hexdigest()[:16]


def _told(path: Path) -> tuple[str, int]:
    """What tells a file from others without reading it."""
    return path.name, path.stat().st_size if path.exists() else 0


def _digest(told: Any) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
