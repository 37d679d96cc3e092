"""What `lipwire bench models` compares: models of the zoo, untrained or from a run, and our own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge import models
from edge.description import read
from edge.errors import SettingsError
from training.run import Run

SHIPPED = "shipped"


@dataclass(frozen=True)
class Accuracy:
    """A share of right answers, with all that is needed to read it."""

    value: float
    interval: tuple[float, float]
    n: int
    protocol: str


@dataclass(frozen=True)
class Entry:
    """A model to compare."""

    name: str
    model: str = ""  # of the zoo; empty for the shipped file
    options: dict[str, Any] = field(default_factory=dict)
    trained: Path | None = None  # its Keras file, where there is a run
    int8: Path | None = None  # its file for the device, where that is there already
    accuracy: Accuracy | None = None


def entries(runs: Sequence[Path], only: Sequence[str]) -> list[Entry]:
    """Ours first; a model of which there is a run is not compared untrained as well."""
    shipped = models.shipped("smile")
    found = [Entry(SHIPPED, int8=shipped, accuracy=_embedded(shipped))]
    trained = [_of_run(Run(folder)) for folder in runs]
    named = {entry.name for entry in trained}
    found += [*(entry for entry in _untrained() if entry.name not in named), *trained]
    names = [entry.name for entry in found]
    for name in only:
        if name not in names:
            raise SettingsError(f"--only {name}: not one of {', '.join(names)}")
    return [entry for entry in found if not only or entry.name in only]


def _untrained() -> Iterable[Entry]:
    from training.zoo.smile_transfer import BASES

    yield Entry("smile-small", "smile-small")
    yield Entry("smile-unet", "smile-unet")
    for base in BASES:
        yield Entry(base, "smile-transfer", {"base": base, "weights": "none"})


def _of_run(run: Run) -> Entry:
    """What a run trained, with its figures."""
    recipe = run.config().get("recipe")
    if not isinstance(recipe, dict) or "model" not in recipe:
        raise SettingsError(f"{run.folder}: its config.json names no model")
    part = next((p for p in ("all", "fold0", "cross") if run.tflite(p).is_file()), None)
    if part is None or not run.keras(part).is_file():
        raise SettingsError(f"{run.folder}: no finished model in it; lipwire train makes one")
    options = dict(recipe.get("options") or {})
    told = [f"{k}={v}" for k, v in options.items() if k in ("dropout", "remove_blocks") and v]
    name = " ".join(
        [options.get("base", recipe["model"]), *(t for t in told if "spatial" not in t)]
    )
    return Entry(
        name,
        recipe["model"],
        options,
        trained=run.keras(part),
        int8=run.tflite(part),
        accuracy=_evaluated(run.folder) or _embedded(run.tflite(part)),
    )


def _evaluated(folder: Path) -> Accuracy | None:
    """The figure that `lipwire evaluate smile --run RUN --json RUN/NAME.json` left there."""
    for path in sorted(folder.glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(told, dict) and told.get("protocol") == "folds" and "accuracy" in told:
            low, high = told["interval"]
            protocol = f"{told['dataset']}, folds"
            return Accuracy(told["accuracy"], (low, high), told["n"], protocol)
    return None


def _embedded(path: Path) -> Accuracy | None:
    """The figure that a file says of itself."""
    for metric in read(path).metrics:
        if metric.name == "accuracy":
            return Accuracy(metric.value, metric.interval, metric.n, metric.protocol)
    return None
