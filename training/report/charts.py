"""The plots of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.evaluate.figures import (
    BINS,
    Flags,
    Values,
    auc,
    calibration_error,
    interval,
    reliability,
    roc,
)
from training.report.parts import History, Part
from training.report.plot import Axis, Plot, figure

CURVES = 200  # points of a curve that are drawn
RARE = 20  # answers in a bin, below which its interval says nothing


def learning(
    parts: Sequence[Part[Any]], measures: Mapping[str, bool], together: bool = False
) -> str:
    """Curves of each measure (in percent or not): a plot a part, all on the same scale, or one
    plot."""
    known = [part for part in parts if part.history]
    if not known:
        return '<p class="note">No history.csv in this run.</p>'
    rows = []
    for measure, percent in measures.items():
        told = [part for part in known if measure in part.history]
        groups = [told] if together and told else [[part] for part in told]
        values = [part.history[name] for part in told for name in _both(part, measure)]
        ends = _ends(np.concatenate([np.empty(0), *values]))
        rows += [_curves(group, measure, Axis(_words(measure), *ends, percent)) for group in groups]
    return f'<div class="grid">{"".join(rows)}{_rate(known[0].history)}</div>'


def _curves(parts: Sequence[Part[Any]], measure: str, upward: Axis) -> str:
    """What some parts learned, in one plot."""
    name = parts[0].name if len(parts) == 1 else f"{len(parts)} parts"
    most = max(float(part.history["epoch"][-1]) + 1 for part in parts)
    plot = Plot(f"{name}: {upward.label}", Axis("epoch", 1, max(most, 2)), upward, 200)
    there = max((_both(part, measure) for part in parts), key=len)
    for part in parts:
        for colour, each in enumerate(_both(part, measure)):
            plot.line(part.history["epoch"] + 1, part.history[each], colour)
    return figure(plot, name, ("training", "validation")[: len(there)])


def _both(part: Part[Any], measure: str) -> list[str]:
    """The columns of a measure, in training and in validation."""
    return [name for name in (measure, f"val_{measure}") if name in part.history]


def _words(measure: str) -> str:
    return measure.replace("_", ", ")


def roc_curve(told: Values, truth: Flags, marks: Mapping[str, float], axes: tuple[str, str]) -> str:
    """How many are told right at the price of how many false ones, and so at some thresholds."""
    false, true = roc(told, truth)
    rows = np.unique(np.linspace(0, len(false) - 1, CURVES).round().astype(int))
    plot = Plot(
        "ROC curve",
        Axis(axes[0], 0, 1, percent=True),
        Axis(axes[1], 0, 1, percent=True),
        330,
    )
    plot.guide((0, 0), (1, 1))
    plot.line(false[rows], true[rows], 0)
    for colour, threshold in enumerate(marks.values(), 1):
        over = told >= threshold
        at = float(over[~truth].mean()), float(over[truth].mean())
        plot.dot(*at, colour)
    area = f"Area under the curve {auc(told, truth):.4f}."
    return figure(plot, "ROC", ["int8", *marks], area)


def reliability_plot(told: Values, truth: Flags, share: str) -> str:
    """Whether a probability means what it says, and how often each is given."""
    bins = reliability(told, truth)
    across = Axis("probability given", 0, 1, percent=True)
    plot = Plot("Reliability", across, Axis(share, 0, 1, percent=True), 250)
    plot.guide((0, 0), (1, 1))
    which = np.minimum((told * BINS).astype(int), BINS - 1)
    for part in bins:
        if part.n >= RARE:
            of_bin = truth[which == round(part.low * BINS)]
            plot.whisker(part.told, *interval(of_bin), 0)
        plot.dot(part.told, part.true, 0)
    most = max(part.n for part in bins)
    counts = Plot("Pictures by probability", across, Axis("pictures", 0, most), 140)
    for part in bins:
        counts.bar(part.low, part.high, part.n, 0)
    error = calibration_error(told, truth)
    note = f"Calibration error {error:.4f}. A dot on the dashed line means what it says."
    return figure(plot, "Reliability", (), note, counts.svg())


def _rate(history: History) -> str:
    rates = history.get("learning_rate")
    if rates is None or not (rates > 0).any():
        return ""
    epochs, rates = history["epoch"][rates > 0] + 1, rates[rates > 0]
    low = 10.0 ** math.floor(math.log10(rates.min()))
    high = 10.0 ** math.ceil(math.log10(rates.max()))
    across = Axis("epoch", 1, max(float(epochs[-1]), 2))
    upward = Axis("learning rate", low, max(high, 10 * low), log=True)
    plot = Plot("Learning rate", across, upward, 200)
    plot.line(epochs, rates, 3)
    return figure(plot, "at the end of an epoch")


def _ends(values: Values) -> tuple[float, float]:
    """A little more than what the values reach over."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low) or 0.05
    return low - margin, high + margin
