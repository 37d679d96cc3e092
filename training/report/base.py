"""What the pages of all runs have in common, whatever the run's models tell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Generic

import cv2

from edge.description import Description
from training.report import tables
from training.report.images import embedded
from training.report.parts import H, Part, read_parts, sets_of
from training.run import Run


class Report(ABC, Generic[H]):
    """One run: what was trained, and what came of it."""

    head: ClassVar[tuple[str, ...]]  # of the table of figures
    found_only: ClassVar[str]  # what the figures do not count

    def __init__(self, run: Run, read_held: Callable[[Path, Description], H]) -> None:
        self.run = run
        self.config = run.config()
        self.parts: list[Part[H]] = read_parts(run, read_held)
        self.sets = sets_of(self.parts, self.config)
        self.said = self.parts[0].said

    @property
    def name(self) -> str:
        """What the run is called: its model and its folder."""
        model = self.config.get("recipe", {}).get("model", f"{self.said.task} model")
        return f"{model} · {self.run.folder.resolve().name}"

    @property
    def tells(self) -> tuple[str, ...]:
        """What runs must have in common to be compared."""
        return (self.said.task, *self.said.labels)

    @abstractmethod
    def figures(self, name: str, held: H) -> list[str]:
        """A row of the table."""

    @abstractmethod
    def sections(self) -> list[tuple[str, str]]:
        """Titles and what stands below them."""

    def rows(self) -> list[list[str]]:
        """Of the table of figures."""
        return [self.figures(name, held) for name, held in self.sets.items()]

    def looked_into(self) -> Part[H]:
        """The part whose Keras model is shown from inside: one that is there, if any is."""
        there = (part for part in self.parts if self.run.keras(part.name).is_file())
        return next(there, self.parts[0])

    def file_tile(self) -> str:
        """How large the first part's file and crops are."""
        size = self.run.tflite(self.parts[0].name).stat().st_size / 1000
        side = self.said.crop_size
        return tile("file", f"{size:.0f} kB", f"int8, {side}x{side} grey pixels")

    def data(self) -> str:
        """Data sets, samples and settings."""
        path = self.run.folder / "sheet.png"
        sheet = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
        samples = (
            f"<h3>Samples as the model saw them</h3>{embedded(sheet, 'samples')}"
            if sheet is not None
            else '<p class="note">No sheet of samples (sheet.png) in this run.</p>'
        )
        return tables.sources(self.config) + samples + tables.settings(self.config)


def tile(what: str, figure: str, more: str) -> str:
    """A figure to be seen first; texts are HTML already."""
    return f'<div class="tile"><span>{what}</span><b>{figure}</b><small>{more}</small></div>'


def note(text: str) -> str:
    """A line of explanation; HTML already."""
    return f'<p class="note">{text}</p>'
