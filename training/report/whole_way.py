"""Figures of `lipwire evaluate smile --json`, where such files lie in the run's folder."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from training.evaluate.slices import NOTES
from training.report.tables import table

HEAD = ("protocol", "n", "not found", "accuracy", "balanced", "area under ROC", "calibration error")
NEEDED = {
    *("task", "dataset", "protocol", "trained_on", "n", "undetected", "accuracy", "interval"),
    *("balanced_accuracy", "balanced_accuracy_interval", "auc", "calibration_error"),
}
SLICE_HEAD = ("slice", "", "n", "not found", "accuracy", "unchanged")


def read_figures(folder: Path) -> list[dict[str, Any]]:
    """What was measured on pictures that were not learned from; folds first."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            figures = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        whole = isinstance(figures, dict) and figures.keys() >= NEEDED
        if whole and figures["task"] == "smile" and figures["trained_on"] is False:
            found.append(figures)
    return sorted(found, key=lambda figures: str(figures["protocol"]), reverse=True)


def whole_way(found: list[dict[str, Any]]) -> str:
    """Tables of figures and slices."""
    rows = [
        [
            f"{escape(figures['protocol'])}<small>{escape(figures['dataset'])}</small>",
            str(figures["n"]),
            str(figures["undetected"]),
            _percent(figures["accuracy"], figures["interval"]),
            _percent(figures["balanced_accuracy"], figures["balanced_accuracy_interval"]),
            "–" if figures["auc"] is None else f"{figures['auc']:.4f}",
            f"{figures['calibration_error']:.4f}",
        ]
        for figures in found
    ]
    slices = "".join(
        f"<h3>Slices: {escape(figures['protocol'])}</h3>{_slices(figures['slices'])}"
        for figures in found
        if "slices" in figures
    )
    return table(HEAD, rows) + slices


def _slices(rows: list[dict[str, Any]]) -> str:
    lines, before = [], None
    for row in rows:
        name = row["slice"]
        head = f"{escape(name)}<small>{escape(NOTES.get(name, ''))}</small>"
        as_it_is = f"{100 * row['as_it_is']:.1f} %" if "as_it_is" in row else ""
        lines.append(
            [
                "" if name == before else head,
                escape(row["value"]),
                str(row["n"]),
                str(row["undetected"]),
                _percent(row["accuracy"], row["interval"]),
                as_it_is,
            ]
        )
        before = name
    return table(SLICE_HEAD, lines)


def _percent(value: float | None, ends: list[float]) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f} %<small>{100 * ends[0]:.1f} to {100 * ends[1]:.1f}</small>"
