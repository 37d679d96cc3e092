"""Data sets in their own layouts, with drawn faces in the place of people."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.demo import DemoCamera
from tests.conftest import need

SMILING, NEUTRAL = 3.0, 1.0  # moments of the demo's script


def genki(root: Path, many: int = 3) -> Path:
    """GENKI-4K's layout: smiling and neutral faces in turn, eyes 45 pixels apart, the last
    picture without a face."""
    (root / "files").mkdir(parents=True)
    demo = DemoCamera(320, 240, 15)
    for number in range(1, many + 1):
        image = demo.draw(SMILING if number % 2 else NEUTRAL)
        if number == many:
            image = np.full_like(image, 120)
        assert cv2.imwrite(str(root / f"files/file{number:04}.jpg"), image)
    (root / "labels.txt").write_text("\n".join("1 0 0 0" for _ in range(many)) + "\n")
    return root


def grid(root: Path, clips: int = 1, seconds: float = 3.0) -> Path:
    """GRID's layout: clips of a face that moves."""
    (root / "s1").mkdir(parents=True)
    demo = DemoCamera(320, 240, 25)
    for number in range(clips):
        path = root / f"s1/clip{number}.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 240))
        assert writer.isOpened()
        for index in range(round(25 * seconds)):
            writer.write(demo.draw(NEUTRAL + index / 25))
        writer.release()
    return root


def data() -> Path:
    """The folder of the real ones, or the test is left out."""
    folder = Path(os.environ.get("LIPWIRE_DATA", "nowhere"))
    missing = not (folder / "grid").is_dir() or not (folder / "genki4k").is_dir()
    need("data", missing, "set LIPWIRE_DATA to the folder that holds grid/ and genki4k/")
    return folder
