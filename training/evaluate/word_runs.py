"""Runs of words beside each other: what an idea is worth, on the same clips that neither learned.

The answers are the Keras models', so that those count that no board could run. Choices between runs
are made by the clips kept for choices, whose figure stands beside.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingsError
from training.evaluate.figures import interval_by_group
from training.run import Run

LAST = 3  # epochs, whose mean is what the clips kept for choices say
TOGETHER = "all together"
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Told:
    """What a run's parts made of words that they never learned from."""

    name: str
    folder: Path | None  # of all together none
    files: tuple[str, ...]
    speakers: NDArray[np.str_]
    labels: NDArray[np.int_]
    shares: Values  # probability of each word
    choices: float | None  # right of the clips kept for choices

    @property
    def right(self) -> Values:
        """1 for each word that is told right, else 0."""
        found: Values = (self.shares.argmax(axis=1) == self.labels).astype(float)
        return found


def compare(runs: Sequence[Path], parts: Sequence[str], together: bool) -> dict[str, Any]:
    """Each run, and what it has over the first; 95 % intervals by speaker."""
    if len(runs) < 2:
        raise SettingsError("two runs at least: the others are held against the first")
    found = [_told(run, parts) for run in runs]
    first = found[0]
    if together:
        shares = np.mean([each.shares for each in found], axis=0)
        found.append(
            Told(TOGETHER, None, first.files, first.speakers, first.labels, shares, choices=None)
        )
    for each in found[1:]:
        if each.files != first.files or not np.array_equal(each.labels, first.labels):
            raise SettingsError(f"{each.name} was asked for other words than {first.name}")
    return {
        "parts": list(parts),
        "n": len(first.labels),
        "speakers": len(set(first.speakers.tolist())),
        "runs": [_row(each, first) for each in found],
    }


def table(figures: dict[str, Any]) -> list[str]:
    """Lines for people."""
    lines = [
        f"{figures['n']} words by {figures['speakers']} speakers, parts "
        f"{', '.join(figures['parts'])}",
        f"{'':<24} {'right':>6} {'':>16} {'against first':>13} {'':>18} {'choices':>8}  differs by",
    ]
    for row in figures["runs"]:
        right = "({:.1%} to {:.1%})".format(*row["interval"])
        gained = "({:+.1%} to {:+.1%})".format(*row["gain_interval"])
        chosen = "" if row["choices"] is None else f"{row['choices']:.1%}"
        said = ", ".join(f"{key}={value}" for key, value in row["differs"].items())
        lines.append(
            f"{row['run']:<24} {row['accuracy']:>6.1%} {right:>16} {row['gain']:>+13.1%} "
            f"{gained:>18} {chosen:>8}  {said}"
        )
    return lines


def _told(folder: Path, parts: Sequence[str]) -> Told:
    run, columns = Run(folder), []
    for part in parts:
        if not run.heldout(part).exists():
            raise SettingsError(f"{folder}: no finished part {part}")
        with np.load(run.heldout(part)) as told:
            logits = told["logits"][:, :-1].astype(float)
            words = (told["labels"] >= 0) & (told["labels"] < logits.shape[1])
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            columns.append(
                [told[name][words] for name in ("files", "speakers", "labels")] + [shares[words]]
            )
    files, speakers, labels, shares = (np.concatenate(each) for each in zip(*columns, strict=True))
    chosen = float(np.mean([_chosen(run, part) for part in parts]))
    return Told(folder.name, folder, tuple(files.tolist()), speakers, labels, shares, chosen)


def _chosen(run: Run, part: str) -> float:
    """How many of the clips kept for choices were right in the last epochs."""
    with (run.part(part) / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    name = next(name for name in rows[0] if name.startswith("val_") and "accuracy" in name)
    return float(np.mean([float(row[name]) for row in rows[-LAST:]]))


def _differs(told: Told, first: Told) -> dict[str, Any]:
    """Of a run's recipe, what is not as in the first."""
    if told.folder is None or first.folder is None:
        return {}
    usual, mine = (_recipe(each) for each in (first.folder, told.folder))
    return {name: it for name, it in mine.items() if name in usual and usual[name] != it}


def _recipe(run: Path) -> dict[str, Any]:
    """What a run was asked for, its phases as their epochs."""
    recipe: dict[str, Any] = dict(Run(run).config()["recipe"])
    epochs = sum(phase["epochs"] for phase in recipe.pop("phases", ()))
    return recipe | {"epochs": epochs}


def _row(told: Told, first: Told) -> dict[str, Any]:
    gains, groups = told.right - first.right, told.speakers
    if len(np.unique(groups)) == 1:  # by word, of a single speaker
        groups = np.arange(len(groups))
    return {
        "run": told.name,
        "accuracy": round(float(told.right.mean()), 4),
        "interval": interval_by_group(told.right, groups),
        "gain": round(float(gains.mean()), 4),
        "gain_interval": interval_by_group(gains, groups),
        "choices": None if told.choices is None else round(told.choices, 4),
        "differs": _differs(told, first),
    }
