"""The tables of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from training.evaluate.figures import (
    auc,
    balanced_accuracy,
    calibration_error,
    interval,
    interval_of,
    paired_difference,
)
from training.report.held import Held
from training.report.parts import Part

HEAD = (
    "what",
    "n",
    "int8",
    "floats",
    "int8 less floats, points",
    "balanced",
    "area under ROC",
    "calibration error",
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = True) -> str:
    """Rows of cells that are HTML already; wide ones scroll by themselves."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    kind = ' class="numbers"' if numbers else ""
    return (
        f'<div class="wide"><table{kind}><thead><tr>{top}</tr></thead><tbody>{body}</tbody>'
        "</table></div>"
    )


def figures(name: str, held: Held) -> list[str]:
    """A row of figures of one set of answers, with 95 % intervals."""
    gain, within = paired_difference(held.right, held.float_right)
    truth, told = held.truth, held.logits >= 0
    row = [
        escape(name),
        str(len(truth)),
        share(held.right),
        share(held.float_right),
        f"{100 * gain:+.2f}{small(within, '+.2f', 100)}",
    ]
    if not 0 < truth.sum() < len(truth):
        return [*row, "–", "–", "–"]
    balanced = interval_of(lambda t, y: balanced_accuracy(t > 0, y), told.astype(float), truth)
    area = interval_of(auc, held.logits, truth)
    return [
        *row,
        f"{100 * balanced_accuracy(told, truth):.1f} %{small(balanced, '.1f', 100)}",
        f"{auc(held.logits, truth):.4f}{small(area, '.4f')}",
        f"{calibration_error(held.probabilities, truth):.4f}",
    ]


def share(right: Any) -> str:
    """A share of right answers with its interval."""
    return f"{100 * right.mean():.1f} %{small(interval(right), '.1f', 100)}"


def by_part(parts: Sequence[Part[Held]]) -> str:
    """Each part alone."""
    head = ("part", "n", "int8", "floats", "differ", "temperature", "epochs")
    rows = [
        [
            escape(part.name),
            str(len(part.held.labels)),
            share(part.held.right),
            share(part.held.float_right),
            str(int((part.held.right != part.held.float_right).sum())),
            f"{part.said.temperature:g}",
            str(len(part.history.get("epoch", ()))) or "–",
        ]
        for part in parts
    ]
    return table(head, rows)


def confusion(held: Held, labels: Sequence[str]) -> str:
    """Answers by what is true."""
    told = held.logits >= 0
    counts = [[int((told[held.truth == t] == a).sum()) for a in (0, 1)] for t in (0, 1)]
    return shaded(labels, counts)


def shaded(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Counts of answers, a column each, by what is true, a row each."""
    rows = []
    for label, row in zip(labels, counts, strict=True):
        n = max(sum(row), 1)
        cells = (
            f'<span class="cell" style="--share:{100 * c / n:.0f}%">{c}'
            f"<small>{100 * c / n:.1f} %</small></span>"
            for c in row
        )
        rows.append([f"<b>{escape(label)}</b>", *cells])
    return table(("in truth", *(f"told {label}" for label in labels)), rows)


def settings(config: dict[str, Any]) -> str:
    """Everything the run was asked for, a row a key."""
    rows = [[escape(name), escape(str(value))] for name, value in _flat(config) if name != "format"]
    return table(("setting", "value"), rows, numbers=False)


def sources(config: dict[str, Any]) -> str:
    """The data sets, with their terms."""
    rows = [
        [escape(str(source.get(name, ""))) for name in ("dataset", "pictures", "licence")]
        for source in config.get("sources", ())
    ]
    return table(("data set", "crops", "terms"), rows, numbers=False)


def _flat(value: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [
            leaf
            for key, inner in value.items()
            if not (key == "sources" and not name)
            for leaf in _flat(inner, f"{name}.{key}".lstrip("."))
        ]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [
            leaf
            for number, inner in enumerate(value, 1)
            for leaf in _flat(inner, f"{name} {number}")
        ]
    return [(name, ", ".join(map(str, value)) if isinstance(value, list) else value)]


def small(ends: tuple[float, float], how: str, times: float = 1) -> str:
    low, high = (format(np.round(times * end, 6), how) for end in ends)
    return f"<small>{low} to {high}</small>"
