"""Figures of own words as lines of text, for people."""

from __future__ import annotations

from typing import Any

from training.evaluate.word_baselines import NAMES


def table(report: dict[str, Any]) -> str:
    """All of a report."""
    lines = [
        f"{report['model']}: {report['speakers']} speakers, each by the part that never saw them;",
        f"{report['rounds']} choices of takes; {report['said']}",
    ]
    for takes, row in report["takes"].items():
        lines += ["", f"{takes} takes of all words enrolled, {row['n']} others asked for"]
        lines.append(f"  {'own words':<34}{_percent(row)}, worst {_worst(row)}")
        for name, beside in row["baselines"].items():
            gain, ends = 100 * beside["gain"], [100 * end for end in beside["gain_interval"]]
            by = f"own words gain {gain:.1f} points ({ends[0]:.1f} to {ends[1]:.1f})"
            lines.append(f"  {NAMES[name]:<34}{_percent(beside)}; {by}")
    for takes, row in report["strangers"].items():
        many, (low, high) = row["n"], row["auc_interval"]
        lines += ["", f"{takes} takes of {row['enrolled']} words enrolled: {many['own']} of them,"]
        lines.append(f"{many['strangers']} other words and {many['phrases']} phrases asked for")
        lines.append(f"  own words from others: AUC {row['auc']:.3f} ({low:.3f} to {high:.3f})")
        lines += ["", *_curve(row["curve"])]
    lines += ["", f"choices, by {report['chosen_on']}", "", *_forms(report["forms"])]
    best = f"the best of these limits there: {report['best_limit']:g}"
    return "\n".join([*lines, "", *_curve(report["limits"]), best])


def _percent(row: dict[str, Any]) -> str:
    low, high = row["interval"]
    return f"{100 * row['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _worst(row: dict[str, Any]) -> str:
    return f"{row['worst']} {100 * row['per_speaker'][row['worst']]:.1f} %"


def _curve(rows: list[dict[str, float]]) -> list[str]:
    names = ("own_right", "own_wrong", "strangers", "phrases")
    head = "  limit" + "".join(f"{name.replace('_', ' '):>12}" for name in names)
    shares = ("".join(f"{100 * row[name]:11.1f}%" for name in names) for row in rows)
    return [head, *(f"{row['limit']:7.2f}{those}" for row, those in zip(rows, shares, strict=True))]


def _forms(rows: list[dict[str, Any]]) -> list[str]:
    names = [name for name in rows[0] if name != "form"]
    head = f"  {'form':<66}" + "".join(f"{name:>8}" for name in names)
    worth = ("".join(f"{row[name]:8.3f}" for name in names) for row in rows)
    return [head, *(f"  {row['form']:<66}{each}" for row, each in zip(rows, worth, strict=True))]
