"""What the parts of a run of words answered about clips they never learned from."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.description import read
from edge.errors import SettingsError
from training.evaluate.figures import Flags, Values
from training.evaluate.word_parts import BEGINS
from training.report.parts import History, history_of
from training.run import Run


@dataclass(frozen=True)
class HeldWords:
    """A row a word; logits over the temperature, without that of `other`."""

    items: NDArray[np.int_]
    files: NDArray[np.str_]
    speakers: NDArray[np.str_]
    truth: NDArray[np.int_]
    logits: Values  # of the int8 file; of the Keras model where there is none
    floats: Values  # of the Keras model

    def __len__(self) -> int:
        return len(self.items)

    @property
    def told(self) -> NDArray[np.int_]:
        """The likeliest word."""
        return self.logits.argmax(axis=1)

    @property
    def right(self) -> Flags:
        """Which are read right."""
        return self.told == self.truth

    @property
    def float_right(self) -> Flags:
        """The same of the Keras model."""
        return self.floats.argmax(axis=1) == self.truth

    @property
    def probabilities(self) -> Values:
        """Of the words."""
        scores = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        shares: Values = scores / scores.sum(axis=1, keepdims=True)
        return shares


@dataclass(frozen=True)
class WordPart:
    """A finished part."""

    name: str
    labels: tuple[str, ...]  # of its words
    held: HeldWords
    history: History


def read_word_parts(run: Run, labels: Sequence[str]) -> list[WordPart]:
    """All parts that are finished; `labels` are those of the run, `other` at the end."""
    names = sorted(path.parent.name for path in run.folder.glob("*/heldout.npz"))
    parts = [_part(run, name, labels) for name in names]
    if not parts:
        raise SettingsError(f"{run.folder}: no part of it is trained yet (no heldout.npz)")
    return parts


def by_protocol(parts: Sequence[WordPart]) -> dict[str, HeldWords]:
    """The answers of all parts of a protocol, the most telling first."""
    found = {}
    for protocol, begins in BEGINS.items():
        mine = [part.held for part in parts if part.name.startswith(begins) and len(part.held)]
        if mine:
            found[protocol] = pooled(mine)
    if not found:
        found["kept aside"] = pooled([part.held for part in parts])
    return found


def pooled(held: Sequence[HeldWords]) -> HeldWords:
    """Several parts' answers as one."""
    names = ("items", "files", "speakers", "truth", "logits", "floats")
    columns = {name: np.concatenate([getattr(each, name) for each in held]) for name in names}
    return replace(held[0], **columns)


def _part(run: Run, name: str, labels: Sequence[str]) -> WordPart:
    temperature = 1.0
    if run.tflite(name).is_file():
        said = read(run.tflite(name))
        temperature, labels = said.temperature, said.labels
    words = len(labels) - 1
    path = run.heldout(name)
    try:
        with np.load(path) as data:
            columns = {key: data[key] for key in data}
        rows = (columns["labels"] >= 0) & (columns["labels"] < words)
        floats = columns["logits"][rows][:, :words].astype(float) / temperature
        int8 = columns.get("int8", columns["logits"])[rows][:, :words].astype(float) / temperature
        texts = (columns[key][rows] for key in ("items", "files", "speakers", "labels"))
        held = HeldWords(*texts, int8, floats)
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise SettingsError(
            f"{path}: damaged: {error}; remove it, and lipwire train writes it anew"
        ) from None
    history = history_of(run.part(name) / "history.csv")
    return WordPart(name, tuple(labels[:words]), held, history)


def clips_file(config: Mapping[str, Any]) -> Path:
    """The clips that a run learned from."""
    return Path(str(config.get("clips", "")))
