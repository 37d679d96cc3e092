"""`lipwire evaluate viseme` on single pictures: from the picture to open or closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.detection import Detector
from edge.errors import SettingsError
from training.datasets import Picture
from training.evaluate.asked import Extras, labelled, learned_from
from training.evaluate.figures import Flags, Values
from training.evaluate.mouth_readers import TASK, Files, MouthReader
from training.evaluate.opened import Told, Truth, area, correlation, open_figures, share, slice_row
from training.evaluate.shakes import SHAKES
from training.evaluate.shapes import shape_figures
from training.evaluate.slices import Kind, by_cheeks, by_pose, changes
from training.evaluate.views import Faces, Manner, View, chunks, read_each
from training.masks import single

PICTURES = ("keypoints68", "labelled-pictures", "videos")  # sets that say how mouths are
LIGHTS = (0.4, 0.6, 1.5, 2.0)
CHANGES = (*changes(LIGHTS), *SHAKES)


@dataclass(frozen=True)
class Answers:
    """A column a picture; a row a condition, of which the first is the picture as it is."""

    told: Values  # (conditions, pictures, numbers of the reader); NaN where no face was found
    shown: Flags
    poses: Values  # (pictures, 3)
    cheeks: Values


def evaluate(
    name: str, root: Path, files: Files, detector: Detector, extras: Extras | None = None
) -> dict[str, Any]:
    """Score files on a set of single pictures."""
    if name not in PICTURES:
        able = ", ".join((*PICTURES, "grid"))
        raise SettingsError(f"{name} does not say how mouths are; these do: {able}")
    extras = extras or Extras()
    pictures = labelled(name, root, TASK, extras)
    folds = np.array([picture.fold for picture in pictures])
    readers = files.readers(name, sorted(set(folds.tolist())))
    own = [readers[picture.fold] for picture in pictures]
    trained_on = files.part != "folds" and learned_from(own[0].sources, name, extras.only)
    files.refuse_cross(name, trained_on)
    truth = Truth.of(pictures)
    if not truth.clear.any():
        raise SettingsError(f"{root}: no mouth in it is clearly open or closed")
    manner = Manner(name, detector, CHANGES if extras.slices else ())
    answers = _answers(pictures, own, manner)
    told = [Told(some, _thresholds(own)) for some in answers.told[..., 0]]
    report = {
        "task": TASK,
        "dataset": name,
        "n": len(pictures),
        "model": files.name,
        "protocol": files.protocol(f"{extras.only or 'all'} pictures"),
        "trained_on": trained_on,
        **open_figures(told[0], truth, own[0]),
        **_shapes(pictures, answers, own),
        "thresholds": sorted({reader.threshold for reader in own}),
        "crop_size": own[0].crop_kind.size,
    }
    if files.part == "folds":
        report["per_fold"] = [_fold(fold, folds, told[0], truth, own[0]) for fold in readers]
    if extras.slices:
        report["slices"] = _slices(answers, told, truth)
    return report


def _answers(
    pictures: Sequence[Picture], readers: Sequence[MouthReader], manner: Manner
) -> Answers:
    """Show every picture, as it is and under each change, to its own reader."""

    def ask(reader: MouthReader, faces: Faces) -> Values:
        return reader.answers(faces)

    seen: list[View] = []
    told: list[Values] = []
    for views, own in chunks(pictures, readers, manner):
        rows = zip(*(view.cuts for view in views), strict=True)
        told.append(np.stack([read_each(cuts, own, ask, (own[0].width,)) for cuts in rows]))
        seen += views
    return Answers(
        np.concatenate(told, axis=1),
        np.array([view.shown for view in seen]).T,
        np.array([view.pose for view in seen]),
        np.array([view.cheeks for view in seen]),
    )


def _thresholds(readers: Sequence[MouthReader]) -> Values:
    return np.array([reader.threshold for reader in readers])


def _fold(
    fold: int, folds: NDArray[np.int_], told: Told, truth: Truth, reader: MouthReader
) -> dict[str, Any]:
    mine = folds == fold
    measured = np.flatnonzero(mine & np.isfinite(truth.gaps) & np.isfinite(told.openings))
    told_gap = reader.moments and len(measured) > 1
    return {
        "fold": fold,
        "n": int(mine.sum()),
        "n_clear": int((mine & truth.clear).sum()),
        "accuracy": share(told.right(truth)[mine & truth.clear]),
        "auc": area(told, truth, mine & truth.known),
        "gap_correlation": correlation(told, truth, measured) if told_gap else None,
    }


def _shapes(
    pictures: Sequence[Picture], answers: Answers, readers: Sequence[MouthReader]
) -> dict[str, Any]:
    """Figures of the six shapes, where labels tell them apart."""
    alone = [single(picture.shapes or 0) for picture in pictures]
    truth = np.array([-1 if shape is None else shape for shape in alone])
    if not readers[0].moments or len(np.unique(truth[truth >= 0])) < 2:
        return {}
    votes = answers.told[0, :, 1:].reshape(len(pictures), readers[0].moments, -1)
    temperatures = np.array([reader.temperature for reader in readers])
    logits = votes.sum(axis=1) / temperatures[:, None]
    rows = truth >= 0
    groups = Truth.of(pictures).groups
    return {"shapes": shape_figures(logits[rows], truth[rows], groups[rows])}


def _slices(answers: Answers, told: Sequence[Told], truth: Truth) -> list[dict[str, Any]]:
    plain = told[0].right(truth)
    kinds = by_pose(answers.poses)
    rows = [slice_row(kind, told[0], truth) for kind in kinds if (kind.rows & truth.clear).any()]
    for change, changed, shown in zip(CHANGES, told[1:], answers.shown[1:], strict=True):
        if (shown & truth.clear).any():
            kind = Kind(change.slice, change.value, shown)
            rows.append(slice_row(kind, changed, truth, plain))
    return rows + [
        slice_row(kind, told[0], truth)
        for kind in by_cheeks(answers.cheeks)
        if (kind.rows & truth.clear).any()
    ]
