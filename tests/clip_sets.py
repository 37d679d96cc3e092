"""Small sets of clips, laid out as the real ones are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.demo import DemoCamera
from edge.frame import Image
from tests.sets import write_text
from training.clips import OTHER, Clips, ClipsOrigin
from training.datasets.grid_words import WORDS as GRID
from training.datasets.miracl import WORDS as MIRACL

BLANK: Image = np.full((240, 320, 3), 120, np.uint8)  # no face in it


def face(number: int = 0) -> Image:
    """A drawn face that moves its mouth from one number to the next."""
    return DemoCamera(320, 240, 25).draw(1 + number / 25)


def lips(number: int, height: int = 50) -> Image:
    """A grey lip box as MIRACL's, every number another."""
    box = np.full((height, 120), 90 + number, np.uint8)
    cv2.ellipse(box, (60, height // 2), (50, 4 + number % 12), 0, 0, 360, 200, -1)
    return box


def write_frames(folder: Path, frames: Sequence[Image], name: str = "{:03}.png") -> Path:
    """A clip as a folder of pictures."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, 1):
        assert cv2.imwrite(str(folder / name.format(number)), frame)
    return folder


def write_video(path: Path, frames: Sequence[Image], fps: float = 25) -> Path:
    """A clip as a video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames[0].shape[:2]
    codec = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, codec, fps, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def write_miracl(
    root: Path, speakers: Sequence[str] = ("F01", "M02"), takes: int = 1, whole: bool = False
) -> Path:
    """MIRACL-VC1's layout: all words and one phrase, lip boxes or whole pictures."""
    for speaker in speakers:
        for number in range(1, len(MIRACL) + 1):
            for take in range(1, takes + 1):
                _utterance(root / f"{speaker}/words/{number:02}/{take:02}", 4 + number, whole)
        _utterance(root / f"{speaker}/phrases/03/01", 6, whole)
    return root


def _utterance(folder: Path, long: int, whole: bool) -> None:
    frames = [face(n) if whole else lips(n, 40 + n) for n in range(4 if whole else long)]
    write_frames(folder, frames, "color_{:03}.jpg")
    if whole:
        for number, frame in enumerate(frames, 1):
            colour = cv2.resize(frame, (640, 480))
            assert cv2.imwrite(str(folder / f"color_{number:03}.jpg"), colour)
            depth = np.full((480, 640), 7, np.uint8)
            assert cv2.imwrite(str(folder / f"depth_{number:03}.jpg"), depth)


def write_grid(root: Path, clips: int = 10) -> Path:
    """GRID's layout: sentences of one frame a word, which together have every word, and a clip
    without an alignment."""
    commands, colours, digits, adverbs = GRID[:4], GRID[4:8], GRID[8:18], GRID[18:]
    folds = ["clip,fold,has_phones"]
    for n in range(clips):
        write_video(root / f"s1/clip{n}.avi", [face(n + m) for m in range(8)])
        words = [commands[n % 4], colours[n % 4], "at", "b", digits[n % 10], adverbs[n % 4]]
        rows = [f"{1000 * m + 1000} {1000 * m + 2000} {word}" for m, word in enumerate(words)]
        write_text(root / f"alignments/s1/clip{n}.align", ["0 1000 sil", *rows, "7000 74500 sil"])
        folds.append(f"clip{n},{n % 5},0")
    write_video(root / "s1/mute.avi", [face(m) for m in range(5)])
    write_text(root / "folds.csv", folds)
    return root


def small_clips(
    speakers: Sequence[str] = ("ann", "bob", "cai"),
    takes: int = 3,
    words: Sequence[str] = ("a", "b"),
    other: bool = True,
    long: int = 6,
) -> Clips:
    """Clips as `lipwire prepare word` writes them, of plain grey: a sequence and an item a take of
    each word and, where asked for, of something else."""
    rows = [
        (speaker, take, label)
        for speaker in speakers
        for label in [*range(len(words)), *[OTHER] * other]
        for take in range(takes)
    ]
    many = len(rows)
    images = np.repeat(np.arange(many * long) % 200, 48 * 64).reshape(-1, 48, 64).astype(np.uint8)
    return Clips(
        ClipsOrigin("word", "clips", "one's own", "lip-box", 15.0, tuple(words)),
        images,
        np.full(many * long, 0.5, np.float32),
        ends=np.arange(1, many + 1, dtype=np.int32) * long,
        files=np.array([f"{speaker}/{label}/{take}.avi" for speaker, take, label in rows]),
        speakers=np.array([speaker for speaker, _, _ in rows]),
        takes=np.array([take for _, take, _ in rows], np.int16),
        folds=np.full(many, -1, np.int8),
        parts=np.full(many, ""),
        sequences=np.arange(many, dtype=np.int32),
        starts=np.zeros(many, np.int32),
        stops=np.full(many, long, np.int32),
        labels=np.array([label for _, _, label in rows], np.int16),
    )
