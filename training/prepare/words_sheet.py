"""A sheet of clips by their words, so that a person can judge labels, boundaries and cuts."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.frame import Image
from training.clips import OTHER, Clips
from training.prepare.pieces import whole
from training.windows import sampled

MANY, FRAMES = 4, 6  # clips of each word, and frames of each clip
ZOOM, TITLE, GAP = 1.5, 22, 12  # of what models see; heights and widths in pixels
PAPER, INK = 245, 30


def write_sheet(clips: Clips, path: Path) -> None:
    """Write samples of every word as a picture."""
    _, png = cv2.imencode(".png", draw_sheet(clips))
    whole(path, png.tobytes())


def draw_sheet(clips: Clips) -> Image:
    """A row of samples a word, drawn by chance, below its number, name and count."""
    rng = np.random.default_rng(0)
    rows = []
    for label, name in [*enumerate(clips.origin.classes), (OTHER, "other")]:
        items = np.flatnonzero(clips.labels == label)
        if len(items):
            rows.append(_title(f"{label} {_printable(name)} ({len(items)})"))
            drawn = rng.permutation(items)[:MANY]
            rows.append(np.hstack([_strip(clips, item) for item in drawn]))
    wide = max(row.shape[1] for row in rows)
    return np.vstack(
        [
            cv2.copyMakeBorder(row, 0, 0, 0, wide - row.shape[1], cv2.BORDER_CONSTANT, value=PAPER)
            for row in rows
        ]
    )


def _strip(clips: Clips, item: int) -> Image:
    """A word's frames side by side, as models see them."""
    begin = clips.begins[clips.sequences[item]]
    places = begin + sampled(int(clips.starts[item]), int(clips.stops[item]), FRAMES)
    shown = [
        cv2.resize(clips.seen(place), None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)
        for place in places
    ]
    return cv2.copyMakeBorder(np.hstack(shown), 0, 0, 0, GAP, cv2.BORDER_CONSTANT, value=PAPER)


def _title(text: str) -> Image:
    strip = np.full((TITLE, 320), PAPER, np.uint8)
    place = (4, TITLE - 7)
    cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
    return strip


def _printable(name: str) -> str:
    """A name in the letters that OpenCV can draw; the number stands for others."""
    return name if name.isascii() else ""
