"""Figures of a model of words as lines of text, for people."""

from __future__ import annotations

from typing import Any

from training.evaluate.word_baselines import NAMES

SHOWN = ("task", "dataset", "n", "model", "protocol", "trained_on", "window")
KINDS = {
    "reversed": "words backwards",
    "spliced": "halves of two words",
    "phrases": "phrases",
    "words_left_out": "words left out of learning",
}


def table(report: dict[str, Any]) -> str:
    """All of a report."""
    lines = [f"{name:<26} {report[name]}" for name in SHOWN]
    lines.append(f"{'accuracy':<26} {_percent(report['accuracy'], report['interval'])}")
    worst = report["worst_speaker"]
    lines.append(f"{'worst speaker':<26} {worst['speaker']}, {100 * worst['accuracy']:.1f} %")
    for name, share in report["baselines"].items():
        within = report["baseline_intervals"][name]
        lines.append(f"{NAMES[name]:<33} {_percent(share, within)}")
    if report["int8_less_float"] is not None:
        low, high = (100 * end for end in report["int8_less_float_interval"])
        lines.append(
            f"{'int8 less floats, points':<26} {100 * report['int8_less_float']:+.2f} "
            f"({low:+.2f} to {high:+.2f})"
        )
    lines.append(f"{'calibration error':<26} {report['calibration_error']:.4f}")
    return "\n".join(lines + _speakers(report) + _confusion(report) + _other(report))


def _speakers(report: dict[str, Any]) -> list[str]:
    lines = ["", "speaker      n  read                   nearest  first frame"]
    lines += [
        f"{row['speaker']:<9} {row['n']:>4}  {_percent(row['accuracy'], row['interval']):<22} "
        f"{100 * row['nearest']:5.1f} %      {100 * row['first_frame']:5.1f} %"
        for row in report["speakers"]
    ]
    return lines


def _confusion(report: dict[str, Any]) -> list[str]:
    labels, counts = report["confusion"]["labels"], report["confusion"]["counts"]
    wide = max(map(len, labels)) + 2
    lines = [
        "",
        f"{'said below, told across':<{wide + 12}}" + "".join(f"{n[:6]:>7}" for n in labels),
    ]
    for label, row in zip(labels, counts, strict=True):
        share = report["per_word"].get(label)
        told = "" if share is None else f"{100 * share:.1f} %"
        lines.append(f"{label:<{wide}}{told:>12}" + "".join(f"{n:>7}" for n in row))
    return lines


def _other(report: dict[str, Any]) -> list[str]:
    lines = [""] if "other" in report else []
    for kind, each in report.get("other", {}).items():
        low, high = each["auc_interval"]
        lines.append(
            f"{KINDS[kind]:<27} area under ROC {each['auc']:.3f} ({low:.3f} to {high:.3f}); by the "
            f"likeliest word {each['auc_by_best_word']:.3f}; n = {each['n_words']} words, "
            f"{each['n_other']} others"
        )
    return lines


def _percent(share: float, ends: tuple[float, float]) -> str:
    return f"{100 * share:.1f} % ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})"
