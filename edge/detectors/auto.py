"""Near and far faces: how often far ones are looked for follows from the faces that are seen."""

from __future__ import annotations

import math
from typing import Protocol

from edge.detection import Detection, Part
from edge.detectors.blazeface import BlazeFace
from edge.frame import Picture
from edge.picture import size

# Of the picture's longer side; the short-range model finds fewer and fewer faces below.
SMALL = 0.15
LIKELY = 0.5  # what is found with less is seldom a near face: each eighth empty room has such
# To look for far faces costs several times as much as for near ones: it is done in every so many
# sweeps with nobody near or small faces seen of late, and with large faces only.
OFTEN, SELDOM = 2, 8
LATE_TURNS = 20  # sweeps for far faces since the last that found one: it is no longer of late
TILE_PX = 240  # a face whose smile can just be read is found surely enough in a part so small
STEP = 0.8  # from tile to tile, so that a face between two is whole in one


class Sweep(Protocol):
    """Looks for far faces; one call need not see all of the picture."""

    def __call__(self, picture: Picture) -> list[Detection]: ...


class FarSighted:
    """Sweeps for far faces only; a part of the picture makes every face a near one."""

    def __init__(self, near: BlazeFace, far: Sweep) -> None:
        self._near, self._far = near, far

    def __call__(self, picture: Picture) -> list[Detection]:
        return self._far(picture)

    def look(self, picture: Picture, part: Part) -> list[Detection]:
        return self._near.look(picture, part)


class Auto(FarSighted):
    """Sweeps for near faces always, for far ones now and then."""

    def __init__(self, near: BlazeFace, far: Sweep) -> None:
        super().__init__(near, far)
        self._turn = 0
        self._since_small = 0  # sweeps for far faces since the last that found one

    def __call__(self, picture: Picture) -> list[Detection]:
        found = self._near(picture)
        self._turn += 1
        near = any(face.score >= LIKELY for face in found)
        often = not near or self._since_small < LATE_TURNS
        if self._turn < (OFTEN if often else SELDOM):
            return found
        self._turn = 0
        far = self._far(picture)
        small = SMALL * max(size(picture))
        some_small = any(face.box.width < small for face in far)
        self._since_small = 0 if some_small else self._since_small + 1
        return found + far


class Tiles:
    """Looks with the short-range model at some of the picture's tiles, at the next ones next."""

    def __init__(self, near: BlazeFace, at_once: int) -> None:
        self._near, self._at_once = near, at_once
        self._next = 0

    def __call__(self, picture: Picture) -> list[Detection]:
        parts = tiles(size(picture))
        found = []
        for _ in range(min(self._at_once, len(parts))):
            self._next = (self._next + 1) % len(parts)
            found += self._near.look(picture, parts[self._next])
        return found


def tiles(whole: tuple[int, int]) -> list[Part]:
    """Overlapping squares, or less at small pictures, that cover all of a picture."""
    across, down = (_starts(side) for side in whole)
    return [
        (x, y, min(x + TILE_PX, whole[0]), min(y + TILE_PX, whole[1])) for y in down for x in across
    ]


def _starts(side: int) -> list[int]:
    gaps = max(0, math.ceil((side - TILE_PX) / (STEP * TILE_PX)))
    return [round(i * (side - TILE_PX) / gaps) for i in range(gaps + 1)] if gaps else [0]
