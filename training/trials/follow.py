"""`lipwire evaluate tracks`: composed scenes through the whole way, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2

from edge import models
from edge.assemble import assemble
from edge.detectors.blazeface import BlazeFace
from edge.errors import SettingsError
from edge.frame import Frame, Image
from edge.profiles import Profile
from edge.progress import progress
from edge.read import SmileReader
from edge.settings import Settings
from training.trials.actors import Company
from training.trials.scenes import KINDS, script
from training.trials.stage import Scene, Stage
from training.trials.tracks import Figures, Measure, Watched, at_most

EPOCH = 1_700_000_000.0  # UTC of every scene's beginning
FACES_AT_LEAST = 3  # fewer would measure the board's limit
GREEN, RED = (0, 255, 0), (0, 0, 255)


@dataclass
class Trial:
    """What is run: settings, board and pace."""

    settings: Settings
    profile: Profile
    models: Path | None
    fps: float
    show: Path | None = None  # folder for films
    notes: dict[str, list[str]] = field(default_factory=dict)  # scene -> what went wrong

    def __post_init__(self) -> None:
        most = max(self.profile.faces_max, FACES_AT_LEAST)
        self.profile = replace(self.profile, faces_max=most)

    def __call__(self, scene: Scene) -> Figures:
        """Run one scene through a fresh pipeline."""
        pipeline = assemble(self.settings, self.profile, self.models, 1).pipeline
        stage = Stage(scene, self.profile.width, self.profile.height)
        film = _Film(self.show, scene, self.profile, self.fps) if self.show else None
        watched = []
        for index in range(round(scene.length_s * self.fps)):
            at = index / self.fps
            image, truth = stage(at)
            seen = pipeline(Frame(image, at, EPOCH + at, index))
            points = {face.track_id: face.keypoints for face in pipeline.faces if face.arrived}
            swept = index % self.profile.detect_interval == 0
            frame = Watched(at, truth, seen.faces, seen.events, points, swept)
            watched.append(frame)
            if film:
                film(image, frame)
        faces = self.settings.faces
        smiles = [actor.person.smiles for actor in scene.actors]
        measure = Measure(smiles, faces.arrive_s, faces.leave_s)
        figures = measure(watched)
        if measure.notes:
            self.notes[scene.name] = measure.notes
        return figures


class _Film:
    """Writes a scene with the true boxes in green, and the tracks in red with their numbers."""

    def __init__(self, folder: Path, scene: Scene, profile: Profile, fps: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{scene.name.replace(' ', '-')}.mp4"
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self._out = cv2.VideoWriter(str(path), code, fps, (profile.width, profile.height))
        if not self._out.isOpened():
            raise SettingsError(f"--show {folder}: {path.name} cannot be written")

    def __call__(self, image: Image, frame: Watched) -> None:
        image = image.copy()
        for true in frame.truth:
            _rectangle(image, true.face.box, f"{true.actor} {true.visible:.0%}", GREEN, 1, -4)
        for face in frame.faces:
            thick = 2 if face.here and face.arrived else 1
            state = "" if face.arrived else "?"
            state += "" if face.here else " missed"
            _rectangle(image, face.box, f"#{face.face}{state}", RED, thick, 16)
        cv2.putText(image, f"{frame.at:.2f} s", (8, 20), 0, 0.6, (255, 255, 255), 2)
        self._out.write(image)


def _rectangle(
    image: Image, box: Any, text: str, colour: tuple[int, int, int], thick: int, below: int
) -> None:
    x, y = round(box.left), round(box.top)
    corner = round(box.left + box.width), round(box.top + box.height)
    cv2.rectangle(image, (x, y), corner, colour, thick)
    cv2.putText(image, text, (x + 2, y + below), 0, 0.5, colour, thick)


def evaluate(
    grid: Path, genki: Path | None, trial: Trial, seeds: range, kinds: Sequence[str]
) -> dict[str, Any]:
    """Run all scenes; gives the figures of each kind and of all, and what went wrong where."""
    if not seeds or trial.fps < 1:
        raise SettingsError("--seeds and --fps must be at least 1")
    if unknown := set(kinds) - set(KINDS):
        raise SettingsError(f"no scenes '{min(unknown)}'; there are: {', '.join(KINDS)}")
    detector = BlazeFace(models.find(models.SHORT_RANGE, trial.models))
    company = Company(grid, genki, detector, SmileReader(models.shipped("smile")))
    scenes = [(kind, seed) for kind in kinds or KINDS for seed in seeds]
    sums: dict[str, Figures] = {}
    for kind, seed in progress(scenes, "evaluate tracks"):
        sums[kind] = sums.get(kind, Figures()) + trial(script(kind, seed, company))
    total = sum(sums.values(), Figures())
    return {
        "task": "tracks",
        "profile": trial.profile.name,
        "size": [trial.profile.width, trial.profile.height],
        "detector": trial.settings.faces.detector,
        "detect_interval": trial.profile.detect_interval,
        "fps": trial.fps,
        "seeds": [seeds.start, seeds.stop],
        "all": _report(total),
        "kinds": {kind: _report(figures) for kind, figures in sums.items()},
        "notes": trial.notes,
    }


def _report(figures: Figures) -> dict[str, Any]:
    """Sums, and the rates that they give; `at_most` is the upper end at 95 %."""
    f = figures
    means = {
        "lost_share": _share(f.lost_s, f.clear_s),
        "eye_error": _share(f.eye_error, f.eyes),
        "between_error": _share(f.between_error, f.between),
        "arrival_s": _share(f.arrival_s, f.visitors - f.false_arrivals),
        "switches_per_hiding_at_most": _share(at_most(f.switches), f.hidings),
        "missed_per_visit_at_most": _share(at_most(f.missed), f.visits),
        "false_arrivals_per_visit_at_most": _share(at_most(f.false_arrivals), f.visits),
    }
    sums = {name: round(value, 3) for name, value in asdict(f).items()}
    return {**sums, **means}


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


COLUMNS = {
    "scenes": "scenes",
    "sec": "seconds",
    "faces": "faces",
    "hid": "hidings",
    "switch": "switches",
    "lost s": "lost_s",
    "lost": "lost_share",
    "visits": "visits",
    "missed": "missed",
    "false": "false_arrivals",
    "ghosts": "ghosts",
    "gh. s": "ghost_s",
    "smiles": "smiles_due",
    "told": "smiles",
    "missed ": "missed_smiles",
    "false ": "false_smiles",
    "eyes": "eye_error",
    "betw.": "between_error",
    "arr. s": "arrival_s",
}


def table(report: dict[str, Any]) -> str:
    """The figures as lines, one a kind of scene."""
    lines = ["".join([f"{'':<20}", *(f"{name.strip():>7}" for name in COLUMNS)])]
    for kind, figures in {**report["kinds"], "all": report["all"]}.items():
        cells = [_cell(figures[key]) for key in COLUMNS.values()]
        lines.append("".join([f"{kind:<20}", *(f"{cell:>7}" for cell in cells)]))
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3g}"
