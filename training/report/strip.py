"""A clip over time: its pictures, what they may show, what they were told to show, the opening."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge.shapes import SHAPES
from training.evaluate.figures import Flags, Values
from training.report.held_mouths import AHEAD, HeldMouths
from training.report.images import data_uri, enlarged, mosaic

WIDTH, LEFT = 960, 70
ROW, LEVELS = 24, 110  # heights: of a row of shapes, of the curve
GAP, FOOT = 8, 24
SEEN = 20  # pictures, at most
TICK = 5  # frames
LEAST = 0.2  # of an opening that the curve goes up to


def most_telling(held: HeldMouths) -> str | None:
    """The clip with the most different shapes, among them the one that is known best."""
    best, score = None, (0, 0)
    for clip in np.unique(held.people[held.alone]):
        rows = held.alone & (held.people == clip)
        found = (len(np.unique(held.truth[rows])), int(rows.sum()))
        if found > score:
            best, score = str(clip), found
    return best


class Strip:
    """One clip."""

    def __init__(self, held: HeldMouths, clip: str) -> None:
        rows = np.flatnonzero((held.people == clip) & held.moving)
        self._rows = rows[np.argsort(held.moments[rows])]
        self._held, self._clip = held, clip
        self._first = int(held.moments[self._rows[0]])
        self._frames = held.moments[self._rows] - self._first
        self._many = int(self._frames[-1]) + 1
        self._step = (WIDTH - LEFT) / self._many
        told = held.logits(AHEAD[-1])[self._rows].argmax(axis=1)
        self._told: Flags = np.eye(len(SHAPES), dtype=bool)[told]
        self._full = max(LEAST, math.ceil(10 * float(held.openings[self._rows].max())) / 10)

    def html(self) -> str:
        """The figure."""
        allowed = self._held.allowed[self._rows]
        pictures, top = self._pictures()
        curve = top + 2 * (ROW + GAP) + GAP
        marks = [
            pictures,
            self._shapes("may show", allowed, top),
            self._shapes("told", self._told, top + ROW + GAP),
            self._curve(self._held.openings[self._rows].astype(float), curve),
            self._time(curve + LEVELS),
        ]
        keys = "".join(
            f'<span class="key c{number}">{shape.replace("_", " ")}</span>'
            for number, shape in enumerate(SHAPES)
        )
        known = allowed.any(axis=1)
        right = (allowed & self._told).any(axis=1)[known]
        about = f"{len(self._rows)} frames; of {int(known.sum())} it is known what they may show, "
        about += f"{right.mean():.0%} of them are told so. Below, the opening in eye distances."
        return (
            f"<figure><figcaption>{self._clip} {keys}</figcaption>"
            f'<svg class="plot" viewBox="0 0 {WIDTH} {curve + LEVELS + FOOT:.0f}" role="img" '
            f'aria-label="{self._clip} over time">{"".join(marks)}</svg>'
            f'<p class="note">{about}</p></figure>'
        )

    def _pictures(self) -> tuple[str, float]:
        """Some of the frames above their own time, and how high they are."""
        every = -(-self._many // SEEN)
        middles = np.arange(self._many // every) * every + every / 2
        nearest = [np.abs(self._frames + 0.5 - middle).argmin() for middle in middles]
        faces = [enlarged(self._held.images[self._rows[at]], 64) for at in nearest]
        side = every * self._step
        uri = data_uri(mosaic(faces, len(faces)))
        image = f'<image x="{LEFT}" y="0" width="{side * len(faces):.1f}" height="{side:.1f}" '
        return f'{image}preserveAspectRatio="none" href="{uri}"/>', side + GAP

    def _shapes(self, name: str, shapes: Flags, top: float) -> str:
        """A row of colours; one above the other where there are several."""
        marks = [f'<text class="end" x="{LEFT - 8}" y="{top + ROW - 7:.1f}">{name}</text>']
        for frame, of_frame in zip(self._frames, shapes, strict=True):
            numbers = np.flatnonzero(of_frame).tolist()
            height = ROW / max(len(numbers), 1)
            marks += [
                f'<rect class="bar c{number}" x="{LEFT + frame * self._step:.1f}" '
                f'y="{top + place * height:.1f}" width="{self._step:.1f}" height="{height:.1f}"/>'
                for place, number in enumerate(numbers)
            ]
        return "".join(marks)

    def _curve(self, openings: Values, top: float) -> str:
        points = " ".join(
            f"{self._across(frame):.1f},{self._down(opening, top):.1f}"
            for frame, opening in zip(self._frames, openings, strict=True)
        )
        grid = "".join(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{down:.1f}" y2="{down:.1f}"/>'
            f'<text class="end" x="{LEFT - 8}" y="{down + 4:.1f}">{level:g}</text>'
            for level in (0.0, self._full / 2, self._full)
            for down in (self._down(level, top),)
        )
        return f'{grid}<polyline class="line c0" points="{points}"/>'

    def _time(self, foot: float) -> str:
        return "".join(
            f'<text class="middle" x="{self._across(frame):.1f}" y="{foot + 16:.1f}">'
            f"{self._first + frame}</text>"
            for frame in range(0, self._many, TICK)
        )

    def _across(self, frame: NDArray[np.int_] | int) -> float:
        return float(LEFT + (frame + 0.5) * self._step)

    def _down(self, opening: float, top: float) -> float:
        return top + LEVELS * (1 - min(max(opening / self._full, -0.05), 1.0))
