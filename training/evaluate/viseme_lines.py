"""Figures of a model of mouths as lines of text, for people."""

from __future__ import annotations

from typing import Any

from training.evaluate.lines import slice_lines

NESTED = (list, dict)
NAMES = {
    "closed": "always closed",
    "geometry": "lips of the face mesh, one frame",
    "geometry_near": "the same with two frames on each side",
}


def table(report: dict[str, Any]) -> str:
    """All of a report."""
    lines = [
        f"{name:<26} {value}"
        for name, value in report.items()
        if not isinstance(value, NESTED) or name in ("thresholds", "clear_gaps")
    ]
    lines += _folds(report) + _shape_lines(report)
    for name, title in (("shapes", "the six shapes"), ("all_clips", "all clips")):
        if name in report:
            lines += ["", f"{title}: n = {report[name]['n']}", *_shape_lines(report[name])]
            lines.append(f"{'balanced accuracy':<26} {percent(report[name], 'balanced_accuracy')}")
    return "\n".join(lines + slice_lines(report))


def percent(figures: dict[str, Any], name: str) -> str:
    """A share with its interval."""
    value = figures[name]
    ends = figures["interval" if name == "accuracy" else f"{name}_interval"]
    if value is None:
        return "–"
    return f"{100 * value:.1f} % ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})"


def _folds(report: dict[str, Any]) -> list[str]:
    if "per_fold" not in report:
        return []
    return ["", *(", ".join(f"{k} {v}" for k, v in fold.items()) for fold in report["per_fold"])]


def _shape_lines(report: dict[str, Any]) -> list[str]:
    """Look-aheads, baselines and the confusion matrix, of those there are."""
    lines = [""]
    lines += [
        f"{1000 * each['seconds']:3.0f} ms ahead: balanced {percent(each, 'balanced_accuracy')}"
        for each in report.get("look_aheads", ())
    ]
    for name, each in report.get("baselines", {}).items():
        low, high = each["gain_interval"]
        lines.append(
            f"{NAMES[name]}: balanced {percent(each, 'balanced_accuracy')}; the model gains "
            f"{100 * each['gain']:.1f} points ({100 * low:.1f} to {100 * high:.1f})"
        )
    return lines + _confusion(report)


def _confusion(report: dict[str, Any]) -> list[str]:
    if "confusion" not in report:
        return []
    labels, counts = report["confusion"]["labels"], report["confusion"]["counts"]
    unseen = report["confusion"]["undetected"]
    lines = ["", "true below, told across" + "".join(f"{n:>10}" for n in (*labels, "no face"))]
    for label, row, none in zip(labels, counts, unseen, strict=True):
        lines.append(f"{label:<23}" + "".join(f"{n:>10}" for n in (*row, none)))
    return lines
