"""`lipwire evaluate smile`: int8 files through the whole way, from picture to answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.crop import crop
from edge.detectors.blazeface import BlazeFace
from edge.errors import SettingsError, SourceError
from edge.progress import progress
from edge.read import SmileReader
from training.datasets import DATASETS, Picture, load
from training.figures import Flags, auc, balanced_accuracy, calibration_error, interval
from training.prepare import largest

THRESHOLD = 0.5  # of the calibrated probability; not chosen on what is reported


@dataclass(frozen=True)
class Answer:
    """What a model made of one picture."""

    picture: Picture
    probability: float  # NaN where no face was found


def evaluate(name: str, root: Path, model: Path, detector: BlazeFace) -> dict[str, object]:
    """Score one file on a whole data set."""
    reader = SmileReader(model)
    trained_on = name in {source.name for source in reader.description.sources}
    pictures = load(name, root)
    answers = _answers(pictures, name, [reader] * len(pictures), detector)
    return {**_report(name, str(model), answers), "trained_on": trained_on}


def evaluate_run(name: str, root: Path, run: Path, detector: BlazeFace) -> dict[str, object]:
    """Score each fold's file of a run on its own fold; the figure is the folds' mean."""
    pictures = load(name, root)
    folds = sorted({picture.fold for picture in pictures})
    if folds[0] < 0:
        raise SettingsError(f"{name} has no folds: use --model FILE")
    readers = {fold: SmileReader(run / f"fold{fold}.tflite") for fold in folds}
    answers = _answers(pictures, name, [readers[p.fold] for p in pictures], detector)
    right = _right(answers)
    fold_of = np.array([picture.fold for picture in pictures])
    per_fold = [round(float(right[fold_of == fold].mean()), 4) for fold in folds]
    report = _report(name, str(run), answers)
    mean = round(float(np.mean(per_fold)), 4)
    return {**report, "accuracy": mean, "per_fold": per_fold, "trained_on": False}


def _answers(
    pictures: Sequence[Picture], name: str, readers: Sequence[SmileReader], detector: BlazeFace
) -> list[Answer]:
    show = DATASETS[name].show
    answers = []
    for picture, reader in progress(list(zip(pictures, readers, strict=True)), f"evaluate {name}"):
        face = None
        if (image := picture.load()) is not None:
            shown = show(image)
            if faces := detector(shown):
                face = crop(shown, largest(faces).keypoints, reader.crop_kind)
        answers.append(Answer(picture, math.nan if face is None else reader(face)))
    if all(math.isnan(answer.probability) for answer in answers):
        raise SourceError(f"{name}: no face found in any of {len(answers)} pictures")
    return answers


def _right(answers: Sequence[Answer]) -> Flags:
    """Which answers are right; none is not."""
    return np.array([(a.probability >= THRESHOLD) == a.picture.smile for a in answers]) & ~np.isnan(
        [a.probability for a in answers]
    )


def _report(name: str, model: str, answers: Sequence[Answer]) -> dict[str, object]:
    """All figures; a picture without an answer counts as wrong in every accuracy."""
    truth = np.array([a.picture.smile for a in answers])
    scores = np.array([a.probability for a in answers])
    found = ~np.isnan(scores)
    right = _right(answers)
    told = np.where(right, truth, ~truth)
    return {
        "task": "smile",
        "dataset": name,
        "n": len(answers),
        "model": model,
        "accuracy": round(float(right.mean()), 4),
        "interval": interval(right),
        "undetected": int((~found).sum()),
        "balanced_accuracy": round(balanced_accuracy(told, truth), 4),
        "auc": round(auc(scores[found], truth[found]), 4),
        "calibration_error": round(calibration_error(scores[found], truth[found]), 4),
        "threshold": THRESHOLD,
    }
