"""The whole page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import cv2

from training.evaluate.figures import interval, paired_difference
from training.report import charts, faces, tables
from training.report.held import Held, Part, pooled, read_parts
from training.report.images import embedded
from training.report.whole_way import read_figures, whole_way
from training.run import Run
from training.train.recipe import FOLDS

FOUND_ONLY = (
    "Answers to crops, so to faces that were found; <code>lipwire evaluate smile --run</code> "
    "goes the whole way and counts a face that is not found as wrong."
)

WHOLE_WAY = (
    '<p class="note">From the picture over finding the face to the answer, as '
    "<code>lipwire evaluate smile --json</code> measured it; a face that is not found counts as "
    "wrong. With 95 % intervals.</p>"
)
PARTS_NOTE = (
    "A fold is scored on its own pictures, cross on all of a set that it never learned from; all "
    "on what its sets keep for the test or, where they keep nothing, on the share for validation, "
    "where its temperature was chosen: no figure to quote. Differ: pictures that int8 and floats "
    "tell differently."
)


class Report:
    """One run: what was trained, and what came of it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.config = run.config()
        self.parts = read_parts(run)
        self.sets = _sets(self.parts)

    @property
    def name(self) -> str:
        """What the run is called: its model and its folder."""
        model = self.config.get("recipe", {}).get("model", "smile model")
        return f"{model} · {self.run.folder.resolve().name}"

    def sections(self) -> list[tuple[str, str]]:
        """Titles and what stands below them."""
        best, held = next(iter(self.sets.items()))
        from_set = f'<p class="note">Of {escape(best)}, n = {len(held.labels)}.</p>'
        rows = [tables.figures(name, answers) for name, answers in self.sets.items()]
        figures = (
            f'<p class="note">With 95 % intervals. {FOUND_ONLY}</p>'
            + tables.table(tables.HEAD, rows)
            + tables.by_part(self.parts)
            + f'<p class="note">{PARTS_NOTE}</p>'
        )
        part = self._looked_into()
        measured = read_figures(self.run.folder)
        all_the_way = [("The whole way", WHOLE_WAY + whole_way(measured))] if measured else []
        return [
            ("Figures", self._tiles() + figures),
            *all_the_way,
            ("Learning", charts.learning(self.parts)),
            ("Answers", from_set + _answers(held, part.begins_at)),
            ("Worst mistakes", from_set + faces.worst(held)),
            (
                "Inside the model",
                f'<p class="note">Of {part.name}, on pictures it never learned from.</p>'
                + faces.insight(self.run.keras(part.name), part),
            ),
            ("What it learned from", self._data()),
        ]

    def _looked_into(self) -> Part:
        """The part whose Keras model is shown from inside: one that is there, if any is."""
        there = (part for part in self.parts if self.run.keras(part.name).is_file())
        return next(there, self.parts[0])

    def _tiles(self) -> str:
        tiles = []
        for name, held in self.sets.items():
            low, high = interval(held.right)
            tiles.append(
                f'<div class="tile"><span>{escape(name)}, int8</span>'
                f"<b>{100 * held.right.mean():.1f} %</b>"
                f"<small>{100 * low:.1f} to {100 * high:.1f}, n = {len(held.labels)}</small></div>"
            )
        held = next(iter(self.sets.values()))
        gain, (low, high) = paired_difference(held.right, held.float_right)
        tiles.append(
            '<div class="tile"><span>int8 less floats, points</span>'
            f"<b>{100 * gain:+.2f}</b>"
            f"<small>{100 * low:+.2f} to {100 * high:+.2f}, paired</small></div>"
        )
        size = self.run.tflite(self.parts[0].name).stat().st_size / 1000
        side = self.parts[0].held.images.shape[1]
        tiles.append(
            f'<div class="tile"><span>file</span><b>{size:.0f} kB</b>'
            f"<small>int8, {side}x{side} grey pixels</small></div>"
        )
        return f'<div class="tiles">{"".join(tiles)}</div>'

    def _data(self) -> str:
        sheet = cv2.imread(str(self.run.folder / "sheet.png"), cv2.IMREAD_GRAYSCALE)
        samples = (
            f"<h3>Samples as the model saw them</h3>{embedded(sheet, 'augmented samples')}"
            if sheet is not None
            else '<p class="note">No sheet of samples (sheet.png) in this run.</p>'
        )
        return tables.sources(self.config) + samples + tables.settings(self.config)


def page(folders: Sequence[Path]) -> str:
    """The page of one run, or of several side by side."""
    reports = [Report(Run(folder)) for folder in folders]
    title = reports[0].name if len(reports) == 1 else "Runs compared"
    several = len(reports) > 1
    body = _comparison(reports) if several else ""
    for number, report in enumerate(reports):
        body += f"<h1>{escape(report.name)}</h1>" if several else ""
        sections = [(f"s{number}-{i}", *section) for i, section in enumerate(report.sections())]
        links = "".join(f'<a href="#{key}">{escape(name)}</a>' for key, name, _ in sections)
        body += f"<nav>{links}</nav>"
        body += "".join(
            f'<section id="{key}"><h2>{escape(name)}</h2>{content}</section>'
            for key, name, content in sections
        )
    style = resources.files("training.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f"<h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def _answers(held: Held, begins_at: float) -> str:
    curves = charts.reliability_plot(held)
    if 0 < held.truth.sum() < len(held.truth):
        curves = charts.roc_curve(held, begins_at) + curves
    return (
        f'<div class="pair">{curves}<figure><figcaption>Answers by what is true</figcaption>'
        f"{tables.confusion(held)}</figure></div>"
    )


def _sets(parts: Sequence[Part]) -> dict[str, Held]:
    """The answers that figures are made of, the most telling first."""
    by_name = {part.name: part for part in parts}
    folds = [by_name[name] for name in FOLDS if name in by_name]
    sets: dict[str, Held] = {}
    if folds:
        missing = len(FOLDS) - len(folds)
        sets["folds" if not missing else f"{len(folds)} of {len(FOLDS)} folds"] = pooled(folds)
    if "cross" in by_name:
        sets["cross"] = by_name["cross"].held
    return sets or {"test" if parts[0].tested else "validation share": pooled(parts)}


def _comparison(reports: Sequence[Report]) -> str:
    rows: list[list[Any]] = [
        [f"{escape(report.name)}<small>{escape(row[0])}</small>", *row[1:]]
        for report in reports
        for row in (tables.figures(name, held) for name, held in report.sets.items())
    ]
    return f'<p class="note">{FOUND_ONLY}</p>' + tables.table(("run", *tables.HEAD[1:]), rows)
