"""How good the live lip box is: against offline boxes on GRID, and against another annotator's.

The second are the people of the 68-point pictures, whose lips somebody else's points surround; they
are small faces from films, and the box is what Lipwire makes of a single picture of them.
"""

from __future__ import annotations

import cmath
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import CheckFailed
from edge.lip_points import LipFinder
from edge.lipbox import LipBox
from edge.mesh import SIDE
from edge.profiles import Profile
from edge.progress import progress
from training.datasets import Picture, load
from training.evaluate.figures import Interval, interval_over_groups
from training.faces import load_detector, main_face
from training.phones import GRID_FPS
from training.trials.box_changes import Off
from training.trials.lip_films import WIDTHS, Filmed, LipTrace, films, frames_of, sides

Values = NDArray[np.float64]
SIMULATED = 100  # the width of the face in the film that stands for live use
CALLS = 100  # of the mesh, timed
ROUGH = 1.0  # box widths: a box so far off is another thing's
OUTER_68, EYES_68 = slice(48, 60), (36, 45)
# That set counts pixels from 1, at their middles; boxes count from 0, at their edges.
COUNTED_FROM = 0.5 + 0.5j


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes, found and true: left, right, top, bottom, rows of NaN where none was found."""

    found: Values
    true: Values
    rolls: Values  # found and true
    groups: NDArray[np.int_]  # clip or person


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of boxes."""

    figures: dict[str, Any]
    films: list[Values]  # by how much boxes were off, film by film, in widths
    annotator: Values  # the same against another annotator's, face by face
    people: Values  # and in the median of each person's faces


def measure(
    grid: Path | None, keypoints: Path | None, most: int, profile: Profile, models: Path | None
) -> Measured:
    """Figures by how the face was filmed."""
    rows: list[dict[str, Any]] = []
    off_films: list[Values] = []
    annotator = people = np.empty((0, 4))
    cost = None
    if grid is not None:
        filmed = Filmed(profile, models)
        traces = _traces(filmed, grid, most)
        for width in WIDTHS:
            rows += _film_rows(width, [each[width] for each in traces])
        off_films = [off(each[SIMULATED].live, each[SIMULATED].true) for each in traces]
        cost = _cost(filmed.find)
    if keypoints is not None:
        boxes = _annotated(keypoints, models)
        rows.append({"what": "another annotator's faces", "live": False, **_figures(boxes)})
        apart = off(boxes.found, boxes.true)
        near = (np.abs(apart) < ROUGH).all(axis=1)
        annotator, whose = apart[near], boxes.groups[near]
        people = np.array([np.median(annotator[whose == who], axis=0) for who in np.unique(whose)])
    return Measured({"boxes": rows, "mesh_ms": cost}, off_films, annotator, people)


def simulations(measured: Measured) -> dict[str, Off]:
    """How clips may be changed as live boxes were seen to be off."""
    if not measured.films:
        return {}
    found = {"live boxes": Off(measured.films, GRID_FPS, np.empty((0, 4)))}
    if len(measured.annotator):
        found["live boxes, annotator's mean"] = Off(measured.films, GRID_FPS, measured.people)
        found["live boxes, annotator"] = Off(measured.films, GRID_FPS, measured.annotator)
    return found


def off(found: Values, true: Values) -> Values:
    """By how much each side is off, in widths of the true box."""
    apart: Values = (found - true) / (true[:, 1] - true[:, 0])[:, None]
    return apart


def overlap(found: Values, true: Values) -> Values:
    """Intersection over union."""
    low, high = np.maximum(found[:, ::2], true[:, ::2]), np.minimum(found[:, 1::2], true[:, 1::2])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = [(each[:, 1::2] - each[:, ::2]).prod(axis=1) for each in (found, true)]
    share: Values = shared / (areas[0] + areas[1] - shared)
    return share


def table(figures: dict[str, Any]) -> list[str]:
    """The boxes' lines for people."""
    if not figures["boxes"]:
        return []
    lines = [
        "lip boxes beside offline ones (medians; offsets in widths of the box)",
        f"{'':<28} {'n':>5} {'found':>6} {'IoU':>19} {'centre':>7} {'width':>6} {'height':>6} "
        f"{'aspect':>6} {'follows':>7}",
    ]
    for row in figures["boxes"]:
        low, high = row["iou"]["interval"]
        numbers = "".join(
            f"{row[name]['value']:>{wide}.3f}"
            for name, wide in (("centre", 8), ("width", 7), ("height", 7), ("aspect", 7))
        )
        lines.append(
            f"{row['what']:<28} {row['n']:>5} {row['found']:>6.1%} {row['iou']['value']:>5.3f} "
            f"({low:.3f}-{high:.3f}){numbers} {row['follows']['value']:>7.3f}"
        )
    if figures["mesh_ms"]:
        lines.append(f"the mesh takes {figures['mesh_ms']:.2f} ms a face here")
    return lines


def _traces(filmed: Filmed, grid: Path, most: int) -> list[dict[int, LipTrace]]:
    found = []
    for path in progress(films(grid, most), "evaluate word-boxes, films"):
        images = frames_of(path)
        traces = filmed(images) if images else None
        if traces:
            found.append(traces)
    if not found:
        raise CheckFailed(f"{grid}: no clip that begins with a face")
    return found


def _film_rows(width: int, traces: list[LipTrace]) -> list[dict[str, Any]]:
    groups = np.repeat(np.arange(len(traces)), [len(each.true) for each in traces])
    true, rolls = (np.concatenate([getattr(t, n) for t in traces]) for n in ("true", "rolls"))
    name = f"GRID, face {width} px" if width else "GRID as it is"
    live = Boxes(np.concatenate([each.live for each in traces]), true, rolls, groups)
    rows = [{"what": name, "live": True, **_figures(live)}]
    if not width:
        old = Boxes(np.concatenate([each.old for each in traces]), true, rolls, groups)
        rows.append({"what": "GRID, two frames old", "live": False, **_figures(old)})
    return rows


def _figures(boxes: Boxes) -> dict[str, Any]:
    """Figures of the frames in which both were found."""
    known = ~np.isnan(boxes.true).any(axis=1)
    there = known & ~np.isnan(boxes.found).any(axis=1)
    found, true = boxes.found[there], boxes.true[there]
    rolls, groups = boxes.rolls[there], boxes.groups[there]
    if not len(found):
        raise CheckFailed("no lips were found in any frame")
    apart = off(found, true)
    ratios, exact = _aspects(found), _aspects(true)

    def median(values: Values) -> dict[str, Any]:
        return _told(lambda rows: float(np.median(values[rows])), groups)

    return {
        "n": int(known.sum()),
        "groups": len(set(groups.tolist())),
        "found": round(float(there.sum() / known.sum()), 4),
        "iou": median(overlap(found, true)),
        "iou_worst_20th": round(float(np.quantile(overlap(found, true), 0.05)), 4),
        "centre": median(np.hypot(apart[:, :2].mean(axis=1), apart[:, 2:].mean(axis=1))),
        "width": median(np.abs(apart[:, 1] - apart[:, 0])),
        "height": median(np.abs(apart[:, 3] - apart[:, 2])),
        "aspect": median(np.abs(ratios - exact)),
        "follows": _told(lambda rows: _correlation(ratios[rows], exact[rows]), groups),
        "roll": round(float(np.degrees(np.median(np.abs(rolls[:, 0] - rolls[:, 1])))), 2),
        "sides": dict(zip(("left", "right", "top", "bottom"), _medians(apart), strict=True)),
        "aspects": _percentiles(ratios),
        "true_aspects": _percentiles(exact),
    }


def _told(figure: Any, groups: NDArray[np.int_]) -> dict[str, Any]:
    every = np.arange(len(groups))
    within: Interval = interval_over_groups(figure, groups)
    return {"value": round(figure(every), 4), "interval": within}


def _aspects(boxes: Values) -> Values:
    ratios: Values = (boxes[:, 3] - boxes[:, 2]) / (boxes[:, 1] - boxes[:, 0])
    return ratios


def _correlation(found: Values, true: Values) -> float:
    if len(found) < 2 or not found.std() or not true.std():
        return 0.0
    return float(np.corrcoef(found, true)[0, 1])


def _medians(apart: Values) -> list[float]:
    return [round(float(value), 4) for value in np.median(apart, axis=0)]


def _percentiles(values: Values) -> list[float]:
    """The first, the fiftieth and the ninety-ninth."""
    return [round(float(value), 3) for value in np.percentile(values, (1, 50, 99))]


def _annotated(root: Path, models: Path | None) -> Boxes:
    """Lips of the 68-point pictures, as Lipwire finds them and as the set has them."""
    detector, find = load_detector(models), LipFinder(models)
    found, true, rolls, people = [], [], [], []
    for picture in progress(load("keypoints68", root), "evaluate word-boxes, faces"):
        image = picture.load()
        if image is None:
            continue
        exact = _marked(picture)
        face = main_face(detector, image)
        box = find(image, face.keypoints) if face else None
        found.append(sides(box, exact.roll) if box else [np.nan] * 4)
        true.append(sides(exact, exact.roll))
        rolls.append((box.roll if box else np.nan, exact.roll))
        people.append(picture.person)
    groups = np.unique(people, return_inverse=True)[1]
    return Boxes(np.array(found), np.array(true), np.array(rolls), groups)


def _marked(picture: Picture) -> LipBox:
    """The box around the points of the outer lips, turned as the eyes are."""
    points = np.array(picture.points) - COUNTED_FROM
    right, left = (points[number] for number in EYES_68)
    roll = cmath.phase(complex(left - right))
    lips = points[OUTER_68] * cmath.exp(-1j * roll)
    width, height = np.ptp(lips.real), np.ptp(lips.imag)
    middle = complex(lips.real.min() + width / 2, lips.imag.min() + height / 2)
    middle *= cmath.exp(1j * roll)
    return LipBox(middle.real - width / 2, middle.imag - height / 2, width, height, roll)


def _cost(find: LipFinder) -> float:
    """Milliseconds of a call of the mesh alone: the median."""
    blank, took = np.full((SIDE, SIDE), 128, np.uint8), []
    for _ in range(CALLS):
        before = find.interpreter.invoked_s
        find.mesh(blank)
        took.append(1000 * (find.interpreter.invoked_s - before))
    return round(float(np.median(took)), 3)
