"""The plots and the table of a report on mouth shapes."""

from __future__ import annotations

from html import escape

import numpy as np

from edge.description import Description
from edge.shapes import SHAPES
from training.evaluate.figures import Values, interval_by_group, interval_over_groups
from training.evaluate.shapes import balanced, counts
from training.report import charts
from training.report.held_mouths import AHEAD, MIDDLE, HeldMouths
from training.report.plot import Axis, Plot, figure
from training.report.tables import shaded, small

HEAD = (
    "what",
    "clear cases",
    "open or closed",
    "area under ROC",
    "correlation of the opening",
    "frames of one shape",
    *(f"six shapes, {ahead} ahead" for ahead in AHEAD),
    "same shape by floats",
    "opening differs by",
)
NONE = "–"
DOTS = 800  # of a scatter that are drawn


def figures(name: str, held: HeldMouths, said: Description) -> list[str]:
    """A row of figures, with 95 % intervals by person or clip."""
    return [escape(name), *_openings(held, said), *_shapes(held), *_floats(held)]


def _openings(held: HeldMouths, said: Description) -> list[str]:
    if not held.clear.any():
        return ["0", NONE, NONE, NONE]
    right = held.opened(held.answers, said)
    within = interval_by_group(right, held.groups[held.clear])
    share = f"{100 * right.mean():.1f} %{small(within, '.1f', 100)}"
    area = NONE if held.area is None else f"{held.area:.4f}"
    return [str(len(right)), share, area, f"{held.correlation:.3f}"]


def _shapes(held: HeldMouths) -> list[str]:
    rows = held.alone
    if not rows.any():
        return ["0", *[NONE] * len(AHEAD)]
    truth, groups = held.truth[rows], held.groups[rows]
    cells = []
    for ahead in AHEAD:
        told = held.logits(ahead)[rows].argmax(axis=1)
        within = interval_over_groups(
            lambda some, told=told: balanced(told[some], truth[some]), groups
        )
        cells.append(f"{100 * balanced(told, truth):.1f} %{small(within, '.1f', 100)}")
    return [str(len(truth)), *cells]


def _floats(held: HeldMouths) -> list[str]:
    """How far the int8 file agrees with the Keras model."""
    same = held.logits(AHEAD[-1]).argmax(axis=1) == held.float_logits.argmax(axis=1)
    apart = np.abs(held.answers.openings - held.by_floats.openings)
    return [
        f"{100 * same.mean():.1f} %",
        f"{apart.mean():.4f}<small>at most {apart.max():.3f}</small>",
    ]


def confusion(held: HeldMouths) -> str:
    """Shapes that are told, by the one that is true."""
    rows = held.alone
    told = held.logits(AHEAD[-1])[rows].argmax(axis=1)
    table = counts(told, held.truth[rows])[:, : len(SHAPES)]
    return shaded([shape.replace("_", " ") for shape in SHAPES], table.tolist())


def scatter(held: HeldMouths, said: Description) -> str:
    """The opening that is told against the gap that was measured."""
    rows = np.flatnonzero(held.measured)
    if len(rows) > DOTS:
        rows = np.random.default_rng(0).choice(rows, DOTS, replace=False)
    gaps, told = held.gaps[rows], held.openings[rows]
    low = min(0.0, float(told.min()))
    high = float(max(gaps.max(), told.max(), 0.3))
    across, upward = Axis("gap measured, eye distances", 0, high), Axis("opening told", low, high)
    plot = Plot("Opening", across, upward, 330)
    plot.guide((0, 0), (high, high))
    middle = (said.on_threshold + said.off_threshold) / 2
    plot.guide((0, middle), (high, middle))
    for gap, opening in zip(gaps.tolist(), told.tolist(), strict=True):
        plot.speck(gap, opening, 0)
    n = int(held.measured.sum())
    about = f"Correlation {held.correlation:.3f}, n = {n}"
    about += f", {DOTS} of them shown." if n > DOTS else "."
    return figure(plot, "Opening", (), f"{about} Over the level line a mouth is told open.")


def roc_curve(held: HeldMouths, said: Description) -> str:
    """Open mouths told open at the price of closed ones, in clear cases."""
    truth = held.gaps[held.clear] > MIDDLE
    if truth.all() or not truth.any():
        return ""
    middle = (said.on_threshold + said.off_threshold) / 2
    marks = {f"told open over {middle:g}": middle}
    axes = ("closed told open", "open told open")
    return charts.roc_curve(held.openings[held.clear].astype(float), truth, marks, axes)


def reliability(held: HeldMouths, said: Description) -> str:
    """Whether the probability of the likeliest shape means what it says."""
    rows = held.alone
    weights = probabilities(held.logits(AHEAD[-1])[rows], said.temperature)
    right = weights.argmax(axis=1) == held.truth[rows]
    return charts.reliability_plot(weights.max(axis=1), right, "share of right shapes")


def probabilities(logits: Values, temperature: float) -> Values:
    """Of the shapes."""
    scores = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    return scores / scores.sum(axis=1, keepdims=True)
