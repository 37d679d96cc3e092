"""Films of a drawn face that mouths words, each word a row of mouth shapes of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.demo import SHAPES
from edge.cameras.drawing import PATCH, WALL, Mouth, draw_eyes, draw_mouth, head
from edge.frame import Image

FPS = 25
SIZE = (320, 240)
REST_S, CHANGE_S = 0.8, 0.12
# Shapes of the demo's mouth, each reached in CHANGE_S.
WORDS = {
    "안녕하세요": ("wide_open", "puckered", "wide_open", "rounded"),
    "감사 합니다": ("puckered", "narrow", "puckered", "narrow"),
    "no": ("smile", "narrow", "smile"),
}
GRAIN = np.random.default_rng(0).normal(0, 1.5, 2 * 3 * SIZE[0] * SIZE[1]).astype(np.float32)
Script = Sequence[tuple[str, float]]  # shapes, and how long each takes


def script(word: str, pace: float = 1.0, rest_s: float = REST_S) -> Script:
    """A word between two rests."""
    shapes = [(shape, CHANGE_S / pace) for shape in WORDS[word]]
    return [("closed", rest_s), *shapes, ("closed", CHANGE_S), ("closed", rest_s)]


def film(path: Path, *scripts: Script, seed: int = 0, fps: float = FPS) -> Path:
    """A video of all of that in a row, as a camera sees it: with noise, and never quite still."""
    return write(path, pictures([each for one in scripts for each in one], seed, fps), fps)


def write(path: Path, images: Iterable[Image], fps: float = FPS) -> Path:
    """A video of some pictures."""
    codec = "MJPG" if path.suffix == ".avi" else "mp4v"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, SIZE)
    assert writer.isOpened()
    for image in images:
        writer.write(image)
    writer.release()
    return path


def pictures(wanted: Script, seed: int = 0, fps: float = FPS) -> Iterator[Image]:
    """The frames of a script."""
    rng = np.random.default_rng(seed)
    skin, light = head(), rng.uniform(0.85, 1.1)
    zoom, shift = rng.uniform(0.6, 0.7), rng.uniform(-6, 6, 2)
    length = sum(seconds for _, seconds in wanted)
    for index in range(round(length * fps)):
        patch = skin.copy()
        mouth = _mouth(wanted, index / fps)
        draw_eyes(patch, mouth, 1.0)
        draw_mouth(patch, mouth)
        sway = 1.5 * np.sin(2 * np.pi * index / fps / 3 + seed)
        corner = (np.array(SIZE) - zoom * PATCH) / 2 + shift + [sway, sway / 2]
        matrix = np.array([[zoom, 0, corner[0]], [0, zoom, corner[1]]])
        image = cv2.warpAffine(patch, matrix, SIZE, borderValue=WALL)
        start = int(rng.integers(len(GRAIN) - image.size))
        grain = GRAIN[start : start + image.size].reshape(image.shape)
        yield cv2.add(cv2.convertScaleAbs(image, alpha=light), grain, dtype=cv2.CV_8U)


def _mouth(wanted: Script, at: float) -> Mouth:
    before = SHAPES["closed"]
    for name, seconds in wanted:
        shape = SHAPES[name]
        if at < seconds:
            return before.towards(shape, min(1.0, at / min(CHANGE_S, seconds)))
        at -= seconds
        before = shape
    return before
