"""`lipwire evaluate smile`: figures of a model through the whole way, from picture to answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.detection import Detector
from edge.errors import SettingsError
from training.datasets import Picture
from training.evaluate.answers import answer
from training.evaluate.asked import Extras, labelled, learned_from
from training.evaluate.lines import slice_lines
from training.evaluate.readers import TASK, Reader, load_reader
from training.evaluate.scores import (
    class_figures,
    mirror_gain,
    right_answers,
    share_interval,
    slice_figures,
)
from training.evaluate.slices import CHANGES
from training.evaluate.views import Manner

THRESHOLD = 0.5  # of the calibrated probability; not chosen on what is reported


def evaluate(
    name: str, root: Path, model: Path, detector: Detector, extras: Extras | None = None
) -> dict[str, Any]:
    """Score one file on a whole data set."""
    reader = load_reader(model)
    extras = extras or Extras()
    pictures = labelled(name, root, TASK, extras)
    report = _report(name, str(model), pictures, [reader] * len(pictures), detector, extras)
    return {
        **report,
        "protocol": f"one file, {extras.only or 'all'} pictures",
        "trained_on": learned_from(reader.sources, name, extras.only),
    }


def evaluate_cross(
    name: str, root: Path, run: Path, detector: Detector, extras: Extras | None = None
) -> dict[str, Any]:
    """Score a run's file that learned from other data sets only."""
    report = evaluate(name, root, run / "cross.tflite", detector, extras)
    if report["trained_on"]:
        raise SettingsError(f"{run}: its cross.tflite learned from {name}; --model scores it so")
    return {**report, "protocol": "cross"}


def evaluate_folds(
    name: str, root: Path, run: Path, detector: Detector, extras: Extras | None = None
) -> dict[str, Any]:
    """Score each fold's file of a run on its own fold; the accuracy is the folds' mean."""
    pictures = labelled(name, root, TASK, extras or Extras())
    fold_of = np.array([picture.fold for picture in pictures])
    folds = sorted(set(fold_of.tolist()))
    if folds[0] < 0:
        raise SettingsError(f"{name} has no folds: use --model FILE or --part cross")
    own = {fold: load_reader(run / f"fold{fold}.tflite") for fold in folds}
    if len({reader.crop_kind for reader in own.values()}) > 1:
        raise SettingsError(f"{run}: its folds' files want different crops")
    readers = [own[picture.fold] for picture in pictures]
    report = _report(name, str(run), pictures, readers, detector, extras, fold_of)
    return {**report, "protocol": "folds", "trained_on": False}


def table(report: dict[str, Any]) -> str:
    """The figures for people."""
    long = ("slices", "reliability", "mirrored")
    lines = [f"{name:<26} {value}" for name, value in report.items() if name not in long]
    if told := report.get("mirrored"):
        low, high = told["gain_interval"]
        lines.append(
            f"averaged with its mirror image: {100 * told['accuracy']:.1f} %, "
            f"{100 * told['gain']:+.2f} points (95 % interval {100 * low:+.2f} to "
            f"{100 * high:+.2f}), for one more reading of {told['read_ms']:.3f} ms"
        )
    return "\n".join([*lines, *slice_lines(report)])


def _report(
    name: str,
    model: str,
    pictures: Sequence[Picture],
    readers: Sequence[Reader],
    detector: Detector,
    extras: Extras | None,
    folds: NDArray[np.int_] | None = None,
) -> dict[str, Any]:
    """All figures; a picture without an answer counts as wrong in every accuracy."""
    extras = extras or Extras()
    changes = CHANGES if extras.slices else ()
    answers = answer(pictures, readers, Manner(name, detector, changes), extras.mirrored)
    truth = np.array([picture.smile for picture in pictures])
    right = right_answers(answers.logits[0], truth)
    report = {
        "task": TASK,
        "dataset": name,
        "n": len(pictures),
        "model": model,
        "accuracy": round(float(right.mean()), 4),
        "interval": share_interval(right, pictures),
        **class_figures(answers.logits[0], right, truth),
        "threshold": THRESHOLD,
        "crop_size": readers[0].crop_kind.size,
    }
    if folds is not None:
        each = [round(float(right[folds == fold].mean()), 4) for fold in np.unique(folds)]
        report |= {"accuracy": round(float(np.mean(each)), 4), "per_fold": each}
    if extras.mirrored:
        report["mirrored"] = mirror_gain(answers, right, truth)
    if extras.slices:
        report["slices"] = slice_figures(answers, truth)
    return report
