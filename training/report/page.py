"""The whole page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from edge.errors import SettingsError
from training.report import tables
from training.report.base import Report, note
from training.report.mouth_shapes import ShapeReport
from training.report.two_classes import ClassReport
from training.report.words import WordReport
from training.run import Run

TASKS = ("smile", "viseme", "word")


def page(folders: Sequence[Path]) -> str:
    """The page of one run, or of several side by side."""
    reports = [_report(Run(folder)) for folder in folders]
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


def _report(run: Run) -> Report[Any] | WordReport:
    """The report of what the run's models tell."""
    config = run.config()
    if (task := config.get("task")) not in TASKS:
        made = ", ".join(TASKS)
        raise SettingsError(f"{run.folder}: a run of task {task}; reports are made of {made}")
    if task == "word":
        return WordReport(run)
    return ShapeReport(run) if config.get("recipe", {}).get("mouths") else ClassReport(run)


def _comparison(reports: Sequence[Report[Any] | WordReport]) -> str:
    first = reports[0]
    for other in reports:
        if other.tells != first.tells:
            raise SettingsError(
                f"{other.run.folder}: tells other things than {first.run.folder}; no table "
                "compares them"
            )
    rows = [
        [f"{escape(report.name)}<small>{row[0]}</small>", *row[1:]]
        for report in reports
        for row in report.rows()
    ]
    return note(first.found_only) + tables.table(("run", *first.head[1:]), rows)
