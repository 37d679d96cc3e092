"""A run's folder: what it was asked for, and where its models are.

config.json       the recipe, the data and the versions
sheet.png         samples of what the models saw
PART.keras        a trained model: fold0 and so on, all, cross
PART.tflite       the same as int8, with its description
PART/history.csv  a line an epoch
PART/heldout.npz  crops the part never learned from, with its answers
report.html       all of it to look at
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingsError
from training.written import written

CONFIG = "config.json"


class Origin(Protocol):
    """What a file of `lipwire prepare` says of its data set."""

    @property
    def dataset(self) -> str: ...

    @property
    def licence(self) -> str: ...


class Prepared(Protocol):
    """What a file of `lipwire prepare` holds."""

    @property
    def origin(self) -> Origin: ...

    @property
    def facts(self) -> tuple[NDArray[Any], ...]:
        """All that is known of what it holds."""

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Run:
    """Where the parts of a run are kept."""

    folder: Path

    def keras(self, part: str) -> Path:
        """The trained model."""
        return self.folder / f"{part}.keras"

    def tflite(self, part: str) -> Path:
        """The model for the device."""
        return self.folder / f"{part}.tflite"

    def part(self, part: str) -> Path:
        """The folder of what is known about a part."""
        return self.folder / part

    def heldout(self, part: str) -> Path:
        """Crops the part never learned from, and its answers."""
        return self.part(part) / "heldout.npz"

    @contextmanager
    def alone(self, part: str) -> Iterator[None]:
        """While a part is in the making, nobody else makes it."""
        folder = self.part(part)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise SettingsError(f"{folder}: {error.strerror}") from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SettingsError(f"{folder}: another lipwire train is making it") from None
            yield
        finally:
            os.close(lock)

    def begin(
        self, task: str, recipe: Any, crops: Sequence[Prepared], about: dict[str, Any]
    ) -> None:
        """Write down what is asked for; a folder that was begun for something else is refused."""
        asked = {"task": task, "recipe": asdict(recipe), "sources": [_source(c) for c in crops]}
        asked = json.loads(json.dumps(asked))
        path = self.folder / CONFIG
        if path.exists():
            usual = {
                f"recipe.{field.name}": field.default
                for field in fields(recipe)
                if field.default is not MISSING
            }
            self._check_same(asked, usual)
            return
        with written(path) as partial:
            partial.write_text(json.dumps(asked | about, indent=1), encoding="utf-8")

    def config(self) -> dict[str, Any]:
        """What was asked for."""
        path = self.folder / CONFIG
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SettingsError(f"{self.folder}: not a run of lipwire train: no {CONFIG}") from None
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path}: cannot be read: {error}") from None
        if not isinstance(config, dict):
            raise SettingsError(f"{path}: not what lipwire train writes")
        return config

    def _check_same(self, asked: dict[str, Any], usual: dict[str, Any]) -> None:
        """What an older Lipwire, where the run was begun, did not know yet was as usual."""
        began = self.config()
        before = _flat({name: began.get(name) for name in asked})
        usual, now = _flat(json.loads(json.dumps(usual, default=asdict))), _flat(asked)
        before = {name: usual[name] for name in now if name in usual} | before
        for name in now | before:
            if before.get(name) != now.get(name):
                raise SettingsError(
                    f"{self.folder}: begun with {name} {before.get(name)}, not {now.get(name)}; "
                    "choose another --out"
                )


def _source(crops: Prepared) -> dict[str, Any]:
    """A set of crops, so that another one of the same name is told from it."""
    digest = hashlib.sha256()
    for column in crops.facts:
        digest.update(np.ascontiguousarray(column).tobytes())
    origin = crops.origin
    return {
        "dataset": origin.dataset,
        "licence": origin.licence,
        "pictures": len(crops),
        "digest": digest.hexdigest()[:16],
    }


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names."""
    if isinstance(value, dict):
        parts = ((f"{name}.{key}".lstrip("."), inner) for key, inner in value.items())
    elif isinstance(value, list) and value:
        parts = ((f"{name}.{number}", inner) for number, inner in enumerate(value))
    else:
        return {name: value}
    return {
        key: leaf for inner_name, inner in parts for key, leaf in _flat(inner, inner_name).items()
    }
