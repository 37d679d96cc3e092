"""Figures as lines of text, for people."""

from __future__ import annotations

from typing import Any

from training.evaluate.slices import NOTES


def slice_lines(report: dict[str, Any]) -> list[str]:
    """A report's slices, where it has any."""
    lines: list[str] = []
    before = None
    for row in report.get("slices", ()):
        if row["slice"] != before:
            before = row["slice"]
            lines += ["", f"{before}: {NOTES[before]}"]
        lines.append(_slice_line(row))
    return lines


def _slice_line(row: dict[str, Any]) -> str:
    low, high = row["interval"]
    line = f"  {row['value']:<8} {100 * row['accuracy']:5.1f} % "
    line += f"({100 * low:.1f} to {100 * high:.1f}), n = {row['n']}"
    if row["undetected"]:
        line += f", {row['undetected']} without a face found"
    if "as_it_is" in row:
        line += f"; as they are {100 * row['as_it_is']:.1f} %"
    return line
