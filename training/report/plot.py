"""Small plots as inline SVG; colours are the page's variables, so they follow its light or dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 360
LEFT, RIGHT, TOP, BOTTOM = 46, 20, 24, 40
TICKS = 5  # about so many an axis


@dataclass(frozen=True)
class Axis:
    """What is along a side of a plot."""

    label: str
    low: float
    high: float
    percent: bool = False  # values from 0 to 1
    log: bool = False

    def share(self, value: float) -> float:
        """How far along a value is, 0 to 1 and a little beyond at most."""
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(max(value, 1e-12))
        return min(max((at - low) / ((high - low) or 1), -0.02), 1.02)

    def ticks(self) -> list[float]:
        """Round values between its ends."""
        if self.log:
            ends = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            return [10.0**power for power in range(ends[0], ends[1] + 1)]
        span = (self.high - self.low) or 1
        rough = span / TICKS
        unit = 10 ** math.floor(math.log10(rough))
        step = unit * min((1, 2, 5, 10), key=lambda times: abs(math.log(times * unit / rough)))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(n * step, 10) for n in range(first, last + 1)]

    def text(self, value: float) -> str:
        """A tick's label."""
        if self.log:
            return f"1e{round(math.log10(value))}"
        return f"{100 * value:g} %" if self.percent else f"{value:g}"


class Plot:
    """Axes on which lines, dots and bars are drawn."""

    def __init__(self, title: str, x: Axis, y: Axis, height: int = 240) -> None:
        self._title, self._x, self._y, self._height = title, x, y, height
        self._marks: list[str] = []

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: int) -> None:
        """Connect points; one alone is a dot."""
        points = [
            (self._across(x), self._down(y))
            for x, y in zip(xs, ys, strict=True)
            if math.isfinite(x) and math.isfinite(y)
        ]
        if len(points) == 1:
            self.dot(xs[0], ys[0], colour)
            return
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._marks.append(f'<polyline class="line c{colour}" points="{path}"/>')

    def dot(self, x: float, y: float, colour: int) -> None:
        """A point."""
        across, down = self._across(x), self._down(y)
        self._marks.append(
            f'<circle class="dot c{colour}" cx="{across:.1f}" cy="{down:.1f}" r="4"/>'
        )

    def speck(self, x: float, y: float, colour: int) -> None:
        """A point among very many."""
        across, down = self._across(x), self._down(y)
        self._marks.append(
            f'<circle class="speck c{colour}" cx="{across:.1f}" cy="{down:.1f}" r="2"/>'
        )

    def whisker(self, x: float, low: float, high: float, colour: int) -> None:
        """An interval, upright."""
        across = self._across(x)
        self._marks.append(
            f'<line class="line c{colour}" x1="{across:.1f}" x2="{across:.1f}" '
            f'y1="{self._down(low):.1f}" y2="{self._down(high):.1f}"/>'
        )

    def bar(self, left: float, right: float, height: float, colour: int) -> None:
        """A bar from the x axis up, with a gap to its neighbours."""
        x, width = self._across(left) + 1, self._across(right) - self._across(left) - 2
        y, foot = self._down(height), self._down(self._y.low)
        self._marks.append(
            f'<rect class="bar c{colour}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{foot - y:.1f}"/>'
        )

    def guide(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A dashed line to compare with."""
        (x1, y1), (x2, y2) = start, end
        self._marks.append(
            f'<line class="guide" x1="{self._across(x1):.1f}" y1="{self._down(y1):.1f}" '
            f'x2="{self._across(x2):.1f}" y2="{self._down(y2):.1f}"/>'
        )

    def svg(self) -> str:
        """The plot as an element of a page."""
        return (
            f'<svg class="plot" viewBox="0 0 {WIDTH} {self._height}" role="img" '
            f'aria-label="{escape(self._title)}">{self._grid()}{"".join(self._marks)}</svg>'
        )

    def _across(self, x: float) -> float:
        return LEFT + self._x.share(x) * (WIDTH - LEFT - RIGHT)

    def _down(self, y: float) -> float:
        return self._height - BOTTOM - self._y.share(y) * (self._height - TOP - BOTTOM)

    def _grid(self) -> str:
        foot = self._height - BOTTOM
        marks = [f'<text class="label" x="2" y="12">{escape(self._y.label)}</text>']
        for value in self._y.ticks():
            y = self._down(value)
            marks.append(
                f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="end" x="{LEFT - 6}" y="{y + 4:.1f}">{self._y.text(value)}</text>'
            )
        for value in self._x.ticks():
            x = self._across(value)
            marks.append(
                f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{foot}" y2="{foot + 4}"/>'
                f'<text class="middle" x="{x:.1f}" y="{foot + 17}">{self._x.text(value)}</text>'
            )
        marks.append(
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{foot}" y2="{foot}"/>'
            f'<text class="middle label" x="{(LEFT + WIDTH - RIGHT) / 2}" '
            f'y="{self._height - 6}">{escape(self._x.label)}</text>'
        )
        return "".join(marks)


def figure(plot: Plot, title: str, keys: Sequence[str] = (), note: str = "", more: str = "") -> str:
    """A plot under its title and the names of its colours, with more below it."""
    names = "".join(
        f'<span class="key c{colour}">{escape(name)}</span>' for colour, name in enumerate(keys)
    )
    below = f'<p class="note">{note}</p>' if note else ""
    head = f"<figcaption>{escape(title)} {names}</figcaption>"
    return f"<figure>{head}{plot.svg()}{more}{below}</figure>"
