"""Sets of mouths with drawn faces, and readers whose answers are known."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge import models
from edge.crop import MOUTH
from edge.description import Source, embed, read
from edge.shapes import SHAPES
from tests import stills
from tests.sets import write_picture, write_text
from tests.test_gaps import points_68
from training.datasets.keypoints68 import COLUMNS
from training.evaluate.figures import Values
from training.evaluate.mouth_readers import Files, MouthReader

GAPS = (0.0, 0.3, 0.02, 0.2, 0.1, 0.25)  # the fifth is neither open nor closed
HEAD = "clip,start_s,end_s,phone,word,agrees"
SPOKEN = (
    *("SIL,<sil>,0.00,0.20", "B,bin,0.20,0.40", "IY,bin,0.40,0.60", "AE,bin,0.60,0.80"),
    *("OW,now,0.80,1.00", "UW,blue,1.00,1.20", "EH,red,1.20,1.40", "S,six,1.40,1.60"),
)


def write_keypoints(root: Path, gaps: Sequence[float] = GAPS, unseen: int = -1) -> Path:
    """The 68-point set's layout: two pictures a person, two folds; one may have no face."""
    lines = [",".join(("file", "person", "fold", *COLUMNS))]
    for number, gap in enumerate(gaps):
        path = write_picture(root / f"faces/{number}.jpg", number=number)
        if number == unseen:
            assert cv2.imwrite(str(path), np.full((240, 320, 3), 120, np.uint8))
        places = (f"{value:.4f}" for p in points_68(gap) for value in (p.real, p.imag))
        lines.append(",".join((path.name, f"person {number // 2}", str(number // 2 % 2), *places)))
    write_text(root / "keypoints.csv", lines)
    return root


def write_clips(root: Path, clips: int = 3, folds: Sequence[int] = (0, 0, 1)) -> Path:
    """GRID's layout: clips in which all shapes are spoken; needs ffmpeg."""
    stills.grid(root, clips, seconds=1.6)
    rows = []
    for number in range(clips):
        for spoken in SPOKEN:
            phone, word, start, end = spoken.split(",")
            rows.append(f"clip{number},{start},{end},{phone},{word},1")
    write_text(root / "phones.csv", [HEAD, *rows])
    lines = (f"clip{number},{fold},1" for number, fold in enumerate(folds))
    write_text(root / "folds.csv", ["clip,fold,has_phones", *lines])
    return root


def write_viseme(path: Path, learned_from: tuple[str, ...] = ("fer2013",)) -> Path:
    """The shipped model, said to have learned from other sets."""
    shutil.copy(models.shipped("viseme"), path)
    sources = tuple(Source(name, "free", 100) for name in learned_from)
    embed(path, replace(read(path), sources=sources))
    return path


def write_two_classes(path: Path, learned_from: tuple[str, ...] = ("fer2013",)) -> Path:
    """The shipped smile model, said to tell open mouths from closed ones."""
    shutil.copy(models.shipped("smile"), path)
    sources = tuple(Source(name, "free", 100) for name in learned_from)
    said = replace(read(path), task="viseme", labels=("closed", "open"), sources=sources)
    embed(path, said)
    return path


def telling(
    answer: Callable[[], Sequence[float]],
    moments: int = 1,
    threshold: float = 0.1,
    sources: tuple[str, ...] = (),
) -> MouthReader:
    """A reader that gives, crop by crop, what is handed to it."""

    def answers(faces: Values) -> Values:
        assert faces.shape[1:] == (MOUTH.size, MOUTH.size)
        return np.array([answer() for _ in faces], np.float64)

    left_out = dict.fromkeys(sources, "")
    return MouthReader(Path("fake"), MOUTH, 1.0, threshold, moments, left_out, answers)


def always(opening: float, shape: str = "closed") -> MouthReader:
    """A reader that gives the same answer to everything."""
    return telling(lambda: [opening, *(float(name == shape) for name in SHAPES)])


def one(reader: MouthReader, part: str = "one") -> Files:
    """A reader for everything."""
    return Files("fake", part, lambda fold: reader)
