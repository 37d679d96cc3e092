"""The plots of a report on words: bars by word and by speaker, and a film of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from edge.frame import Image
from training.evaluate.figures import Flags, Values, interval
from training.report.images import embedded, mosaic
from training.report.plot import Axis, Plot, figure

WIDTH, LEFT, RIGHT, ROW, TOP = 420, 110, 110, 22, 6
LARGER = 2  # times a model's pictures, on the page
ACROSS = 15  # pictures of a film in a row


def bars(title: str, groups: Sequence[tuple[str, Flags]]) -> str:
    """A bar a group: how many of it are right, with its 95 % interval."""
    marks = [_bar(place, name, right) for place, (name, right) in enumerate(groups)]
    height = TOP + ROW * len(groups)
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"{''.join(marks)}</svg></figure>"
    )


def _bar(place: int, name: str, right: Flags) -> str:
    top, full = TOP + ROW * place, WIDTH - LEFT - RIGHT
    low, high = interval(right)
    share = float(right.mean())
    middle = top + ROW / 2 - 2
    told = f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
    return (
        f'<text class="end" x="{LEFT - 8}" y="{middle + 4:.1f}">{escape(name)}</text>'
        f'<rect class="bar c0" x="{LEFT}" y="{top}" width="{full * share:.1f}" height="{ROW - 6}"/>'
        f'<line class="line c1" x1="{LEFT + full * low:.1f}" x2="{LEFT + full * high:.1f}" '
        f'y1="{middle:.1f}" y2="{middle:.1f}"/>'
        f'<text x="{WIDTH - RIGHT + 8}" y="{middle + 4:.1f}">{told}</text>'
    )


def over_time(curves: Sequence[tuple[str, Values]]) -> str:
    """How much each moment of words moves the answer."""
    most = max(float(values.max()) for _, values in curves)
    across = Axis("share of the word that has passed", 0, 1, percent=True)
    plot = Plot("Over time", across, Axis("share of all that moves it", 0, most, True), 220)
    for colour, (_, values) in enumerate(curves):
        moments = (np.arange(len(values)) + 0.5) / len(values)
        plot.line(moments.tolist(), values.tolist(), colour)
    return figure(plot, "Over time", [name for name, _ in curves])


def film(pictures: Image, about: str) -> str:
    """The frames of a clip in a row."""
    tiles = [larger(each) for each in pictures]
    return embedded(mosaic(tiles, min(len(tiles), ACROSS)), about)


def larger(picture: Image) -> Image:
    """A picture as the page shows it."""
    size = (LARGER * picture.shape[1], LARGER * picture.shape[0])
    return cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
