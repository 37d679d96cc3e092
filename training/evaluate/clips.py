"""`lipwire evaluate viseme` on GRID: from the frames of clips to the six shapes.

Every frame is looked at like a picture of its own: face found, crop, model. Frames count when their
phone speaks, was agreed upon, and must show one shape; fold 0 is the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.crop import FACE, crop
from edge.detection import Detector
from edge.errors import SettingsError, SourceError
from edge.progress import progress
from edge.shapes import SHAPES
from training.crops import kept
from training.datasets import Options, Picture, load
from training.datasets.grid import read_phones
from training.evaluate.asked import learned_from
from training.evaluate.figures import Flags, Values
from training.evaluate.geometry import MEASURES, NEAR, Regression, beside, measures
from training.evaluate.mouth_readers import TASK, Files, MouthReader
from training.evaluate.mouths import Answers, counted
from training.evaluate.shapes import NONE, Shapes, answer_figures, gain, shape_figures, told_of
from training.faces import main_face
from training.phones import GRID_FPS, phone_at, scored_shape
from training.prepare.mesh import Mesh

GRID = "grid"
TEST = 0  # the fold
AHEAD = (0, 1, 2)  # frames to come that are waited for; the last is the headline
CLOSED = SHAPES.index("closed")


@dataclass(frozen=True)
class Frames:
    """Frames of clips: those that count, and those close enough to speak of them."""

    clips: NDArray[np.str_]
    frames: NDArray[np.int_]  # of the clip
    folds: NDArray[np.int_]
    truth: Shapes  # NONE: does not count
    told: Values  # a row of the reader's numbers; NaN where it was not asked or there is no face
    lips: Values  # measures of the face mesh; NaN where it was not asked or sees no face

    def among(self, folds: Flags) -> Flags:
        """The frames of folds that count."""
        return folds & (self.truth != NONE)


def evaluate_clips(root: Path, files: Files, detector: Detector, mesh: Mesh) -> dict[str, Any]:
    """Score a file on the test fold, beside what the face mesh and a constant answer come to."""
    reader = files.readers(GRID, [TEST])[TEST]
    if not reader.moments:
        raise SettingsError(f"{reader.path}: tells closed and open; {GRID} is for the six shapes")
    trained_on = files.part != "folds" and learned_from(reader.sources, GRID)
    files.refuse_cross(GRID, trained_on)
    pictures, truth = _needed(root, max(NEAR, reader.moments // 2))
    seen = _see(pictures, truth, reader, detector, mesh, everything=files.part == "cross")
    logits = [_logits(seen, reader, ahead) for ahead in AHEAD]
    test = seen.among(seen.folds == TEST)
    _, clips = np.unique(seen.clips, return_inverse=True)
    report = {
        "task": TASK,
        "dataset": GRID,
        "model": files.name,
        "protocol": files.protocol(f"fold {TEST}"),
        "fold": TEST,
        "trained_on": trained_on,
        "clips": len(np.unique(clips[test])),
        "look_ahead_s": AHEAD[-1] / GRID_FPS,
        **shape_figures(logits[-1][test], seen.truth[test], clips[test]),
        "look_aheads": _look_aheads(logits, seen.truth, clips, test),
        "baselines": _baselines(seen, told_of(logits[-1])[test], clips, test),
        "crop_size": reader.crop_kind.size,
    }
    if files.part == "cross":
        every = seen.among(seen.folds >= 0)
        report["all_clips"] = {
            "clips": len(np.unique(clips[every])),
            **shape_figures(logits[-1][every], seen.truth[every], clips[every]),
            "look_aheads": _look_aheads(logits, seen.truth, clips, every),
        }
    return report


def _needed(root: Path, margin: int) -> tuple[list[Picture], Shapes]:
    """Frames that count, with so many on each side of them, and what each must show."""
    pictures = load(GRID, root, Options(task=TASK))
    spoken = read_phones(root / "phones.csv")
    shapes = [scored_shape(phone_at(spoken.get(p.person, ()), p.item or 0)) for p in pictures]
    truth = np.array([NONE if shape is None else shape for shape in shapes])
    close = {
        (picture.person, (picture.item or 0) + off)
        for picture, shape in zip(pictures, truth, strict=True)
        if shape != NONE and picture.fold >= 0
        for off in range(-margin, margin + 1)
    }
    rows = [n for n, picture in enumerate(pictures) if (picture.person, picture.item) in close]
    needed = [pictures[row] for row in rows]
    folds = {picture.fold for picture in needed}
    if TEST not in folds or len(folds) < 2:
        raise SourceError(f"{root}: no phones that count in fold {TEST}, or none in another")
    return needed, truth[rows]


def _see(
    pictures: Sequence[Picture],
    truth: Shapes,
    reader: MouthReader,
    detector: Detector,
    mesh: Mesh,
    everything: bool,
) -> Frames:
    """Show the test fold, or everything, to the reader and all to the face mesh."""
    told = np.full((len(pictures), reader.width), np.nan)
    lips = np.full((len(pictures), MEASURES), np.nan)
    wide = kept(FACE)
    for row, picture in enumerate(progress(pictures, f"evaluate {GRID}")):
        image = picture.load()
        face = None if image is None else main_face(detector, image)
        if image is None or face is None:
            continue
        if (around := crop(image, face.keypoints, wide)) is not None:
            lips[row] = measures(mesh(around))
        mouth = crop(image, face.keypoints, reader.crop_kind)
        if mouth is not None and (everything or picture.fold == TEST):
            told[row] = reader.answers(mouth[None])[0]
    if np.isnan(told).all():
        raise SourceError(f"{GRID}: no face found in any of {len(pictures)} frames")
    return Frames(
        np.array([picture.person for picture in pictures]),
        np.array([picture.item for picture in pictures]),
        np.array([picture.fold for picture in pictures]),
        truth,
        told,
        lips,
    )


def _logits(seen: Frames, reader: MouthReader, ahead: int) -> Values:
    """Counted votes of each frame over the temperature; NaN where it has no face."""
    there = np.isfinite(seen.told).all(axis=1)
    votes = seen.told[there, 1:].reshape(-1, reader.moments, len(SHAPES))
    answers = Answers(seen.told[there, 0], votes, seen.clips[there], seen.frames[there])
    logits = np.full((len(there), len(SHAPES)), np.nan)
    logits[there] = counted(answers, ahead) / reader.temperature
    return logits


def _look_aheads(
    logits: Sequence[Values], truth: Shapes, clips: NDArray[np.int_], among: Flags
) -> list[dict[str, Any]]:
    return [
        {
            "frames": ahead,
            "seconds": ahead / GRID_FPS,
            **answer_figures(told_of(some[among]), truth[among], clips[among]),
        }
        for ahead, some in zip(AHEAD, logits, strict=True)
    ]


def _baselines(seen: Frames, told: Shapes, clips: NDArray[np.int_], test: Flags) -> dict[str, Any]:
    """What simpler ways come to on the same frames, and how much the model gains on each."""
    learn = seen.among((seen.folds >= 0) & (seen.folds != TEST))
    near = beside(seen.lips, seen.clips, seen.frames)
    answers = {"closed": np.full(int(test.sum()), CLOSED)}
    for name, values in (("geometry", seen.lips), ("geometry_near", near)):
        answers[name] = Regression.fitted(values[learn], seen.truth[learn])(values[test])
    truth, groups = seen.truth[test], clips[test]
    return {
        name: {
            **answer_figures(answer, truth, groups),
            **gain(told, answer, truth, groups),
            "undetected": int((answer == NONE).sum()),
        }
        for name, answer in answers.items()
    }
