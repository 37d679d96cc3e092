"""`lipwire bench detectors`: finders of faces side by side, in one run on one machine.

GENKI-4K tells that there is a face in every picture, not where. A face counts as found where a
finder gives any box at all; as agreed upon where a box and the face that BlazeFace finds when it
looks closely hold each other's middle.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.cameras.demo import DemoCamera
from edge.detection import Box
from edge.errors import LipwireError, SettingsError
from edge.frame import Image
from edge.progress import progress
from training.bench.finders import Find, Finder, finders
from training.bench.table import percent, table
from training.bench.turns import in_turns
from training.datasets import Picture, load
from training.faces import load_detector, main_face

SIZES = ((350, 350), (640, 480))
CALLS = 8  # taken together: some look further in some calls only
SHOWN = 8  # pictures that are gone through for the speed


def bench_detectors(options: argparse.Namespace) -> dict[str, Any]:
    """Speed of every finder that is there, and what it finds."""
    cv2.setNumThreads(1)
    known = finders(options.models, options.yunet, options.yolo, options.yolo_side)
    chosen = _chosen(known, options.only)
    pictures = _pictures(options.genki, options.pictures)
    found, missing = _made(chosen)
    speeds = _speeds(found, pictures, options.seconds)
    counts = _counts(found, pictures, options.models) if pictures else {}
    return {
        "rows": [
            {"finder": finder.name}
            | {f"fps_{width}x{height}": None for width, height in SIZES}
            | speeds.get(finder.name, {})
            | counts.get(finder.name, {})
            | {"note": missing.get(finder.name, "")}
            for finder in chosen
        ],
        "n": len(pictures),
        "pictures_for_speed": "GENKI-4K" if pictures else "demo",
        "load": [round(value, 2) for value in os.getloadavg()],
        "opencv": cv2.__version__,
    }


def detectors_table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    names = [f"fps_{width}x{height}" for width, height in SIZES]
    head = ["finder", *(name.replace("fps_", "FPS ") for name in names)]
    head += ["found", "95 % interval", "agrees"] if figures["n"] else []
    notes = any(row["note"] for row in figures["rows"])
    head += ["missing"] if notes else []
    rows = []
    for row in figures["rows"]:
        line = [row["finder"], *("-" if row[n] is None else f"{row[n]:.1f}" for n in names)]
        if figures["n"]:
            low, high = row.get("interval", (None, None))
            between = "-" if low is None else f"{100 * low:.1f} to {100 * high:.1f}"
            line += [percent(row.get("found")), between, percent(row.get("agrees"))]
        rows.append([*line, row["note"]] if notes else line)
    shown = figures["pictures_for_speed"]
    foot = f"speed by CPU time on pictures of {shown}, medians; n = {figures['n']:,} for the finds"
    return f"{table(head, rows)}\n{foot}"


def _chosen(known: Sequence[Finder], only: Sequence[str]) -> list[Finder]:
    names = [finder.name for finder in known]
    for name in only:
        if name not in names:
            raise SettingsError(f"--only '{name}': not one of {', '.join(names)}")
    return [finder for finder in known if not only or finder.name in only]


def _pictures(root: Path | None, most: int | None) -> list[Picture]:
    """GENKI-4K's pictures or an even choice among them."""
    if most is not None and (root is None or most < 1):
        raise SettingsError("--pictures is a number above 0, of those in --genki")
    if root is None:
        return []
    pictures = load("genki4k", root)
    if most is None or most >= len(pictures):
        return pictures
    return [pictures[int(row)] for row in np.linspace(0, len(pictures) - 1, most)]


def _made(chosen: Sequence[Finder]) -> tuple[dict[str, Find], dict[str, str]]:
    """What can run here, and what is missing with the reason."""
    found, missing = {}, {}
    for finder in chosen:
        try:
            found[finder.name] = finder.make()
        except LipwireError as error:
            if finder.asked:
                raise
            missing[finder.name] = str(error)
    return found, missing


def _speeds(
    found: dict[str, Find], pictures: Sequence[Picture], seconds: float
) -> dict[str, dict[str, float]]:
    """Frames a second at every size."""
    images = _shown(pictures)
    speeds: dict[str, dict[str, float]] = {name: {} for name in found}
    for size in SIZES:
        fitting = [_filled(image, size) for image in images]
        jobs = {name: _calls(find, fitting) for name, find in found.items()}
        for name, times in in_turns(jobs, seconds / len(SIZES)).items():
            speeds[name]["fps_{}x{}".format(*size)] = round(1000 * CALLS / times.cpu_ms, 1)
    return speeds


def _calls(find: Find, images: Sequence[Image]) -> Callable[[], object]:
    return lambda: [find(images[number % len(images)]) for number in range(CALLS)]


def _shown(pictures: Sequence[Picture]) -> list[Image]:
    """Some pictures with real faces, else the demo's."""
    rows = np.linspace(0, len(pictures) - 1, SHOWN) if pictures else ()
    loaded = (pictures[int(row)].load() for row in rows)
    return [image for image in loaded if image is not None] or [DemoCamera(640, 480, 15).draw(1.0)]


def _filled(image: Image, size: tuple[int, int]) -> Image:
    """The picture scaled to cover the size, its middle kept."""
    width, height = size
    scale = max(width / image.shape[1], height / image.shape[0])
    large = cv2.resize(image, None, fx=scale, fy=scale)
    left, top = (large.shape[1] - width) // 2, (large.shape[0] - height) // 2
    part = large[top : top + height, left : left + width]
    return part if part.shape[:2] == (height, width) else cv2.resize(part, size)


def _counts(
    found: dict[str, Find], pictures: Sequence[Picture], folder: Path | None
) -> dict[str, dict[str, Any]]:
    """Shares of pictures in which each finds a face, and the one that BlazeFace finds."""
    detector = load_detector(folder)
    hits: dict[str, list[bool]] = {name: [] for name in found}
    agreed: dict[str, list[bool]] = {name: [] for name in found}
    for picture in progress(pictures, "find"):
        image = picture.load()
        face = main_face(detector, image) if image is not None else None
        for name, find in found.items():
            boxes = find(image) if image is not None else []
            hits[name].append(bool(boxes))
            agreed[name].append(face is not None and any(agree(face.box, box) for box in boxes))
    return {
        name: {
            "found": round(float(np.mean(hits[name])), 4),
            "interval": wilson(sum(hits[name]), len(pictures)),
            "agrees": round(float(np.mean(agreed[name])), 4),
        }
        for name in found
    }


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, which says something where all or none are hits, too."""
    share, spread = hits / n, 1.96**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * share * (1 - share) + spread**2 / 4) / (1 + spread)
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def agree(one: Box, other: Box) -> bool:
    """Whether each holds the other's middle: finders differ in how much of a head they frame."""
    return _holds(one, *other.centre) and _holds(other, *one.centre)


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.left + box.width and box.top <= y <= box.top + box.height
