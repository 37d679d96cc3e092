"""Small data sets of drawn faces, laid out as the real ones are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.demo import DemoCamera
from edge.frame import Image

SMILING, NEUTRAL = 3.0, 1.0  # moments of the demo's script


def drawn(smile: bool, number: int = 0) -> Image:
    """A drawn face, each number a little different."""
    return DemoCamera(320, 240, 15).draw((SMILING if smile else NEUTRAL) + number / 50)


def write_picture(path: Path, smile: bool = True, number: int = 0) -> Path:
    """A drawn face as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), drawn(smile, number))
    return path


def write_text(path: Path, lines: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_genki(root: Path, count: int = 8) -> Path:
    """GENKI-4K's layout: odd ones smile; the fourth has no face, the sixth is no picture."""
    for number in range(1, count + 1):
        path = write_picture(root / f"files/file{number:04}.jpg", number % 2 == 1, number)
        if number == 4:
            assert cv2.imwrite(str(path), np.full((240, 320, 3), 120, np.uint8))
        if number == 6:
            path.write_bytes(b"no picture")
    write_text(root / "labels.txt", (f"{n % 2} 0.1 -0.2 0.3" for n in range(1, count + 1)))
    return root


def pixels(side: int, shade: int = 0) -> str:
    """A square picture as the sets' csv files have it."""
    return " ".join(str((shade + n) % 256) for n in range(side * side))
