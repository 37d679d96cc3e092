"""Figures as a table in Markdown, which reads well on a terminal, too."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they must be; all but the first lean to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in (head, ruler, *rows))


def percent(value: float | None) -> str:
    """A share as text; a dash where there is none."""
    return "-" if value is None else f"{100 * value:.1f} %"


def number(value: float | None, unit: float, digits: int) -> str:
    """A value in units as text; a dash where there is none."""
    return "-" if value is None else f"{value / unit:,.{digits}f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        text.rjust(width) if number else text.ljust(width)
        for number, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "| " + " | ".join([first, *others]) + " |"
