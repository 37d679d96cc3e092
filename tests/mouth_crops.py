"""Crops of drawn mouths: sets that models of mouth shapes learn from in seconds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.crop import FACE
from edge.frame import Image
from training.crops import Crops, Origin, kept
from training.gaps import LIPS
from training.masks import CLASSES, CLOSED, OPEN, label, mask
from training.prepare.mesh import POINTS

WIDE = kept(FACE)
MIDDLE = WIDE.places()[2]  # of the mouth
EYES = WIDE.eye_distance * WIDE.size  # pixels
GAPS = {"closed": 0.02, "narrow": 0.1, "open": 0.2, "wide_open": 0.4}


def drawn(gap: float, rng: np.random.Generator) -> Image:
    """A noisy face whose mouth is a dark ellipse, open as far as the gap says."""
    face = rng.integers(140, 180, (WIDE.size, WIDE.size)).astype(np.uint8)
    axes = (0.25 * EYES, max(gap, 0.02) * EYES / 2)
    cv2.ellipse(face, ((MIDDLE.real, MIDDLE.imag), (2 * axes[0], 2 * axes[1]), 0.0), 20, -1)
    return face


def keypoints(n: int = 60, seed: int = 1) -> Crops:
    """Single pictures of people in five folds, with gaps that were measured and points of lips."""
    rng = np.random.default_rng(seed)
    gaps = np.where(rng.random(n) < 0.5, rng.uniform(0, 0.04, n), rng.uniform(0.15, 0.4, n))
    shapes = np.where(gaps < 0.1, CLOSED, mask("open", "wide_open")).astype(np.uint8)
    people = np.arange(n) // 2
    points = np.tile(np.array([MIDDLE.real, MIDDLE.imag]), (n, POINTS, 1))
    lips = points[:, :LIPS] + np.linspace(-20, 20, LIPS)[:, None]
    return _crops(
        "keypoints68",
        gaps,
        shapes,
        rng,
        folds=people % 5,
        people=np.char.add("p", people.astype(str)),
        points=points.astype(np.float16),
        lips=lips.astype(np.float32),
    )


def grid(clips: int = 10, frames: int = 16, seed: int = 2) -> Crops:
    """A speaker's clips in five folds, each of two shapes, half the clip each."""
    rng = np.random.default_rng(seed)
    names, files, folds, gaps, shapes = [], [], [], [], []
    kinds = list(GAPS)
    for clip in range(clips):
        for frame in range(frames):
            shape = kinds[(clip + (frame >= frames // 2)) % len(kinds)]
            names.append(f"clip{clip}")
            files.append(f"s1/clip{clip}.mp4#{frame}")
            folds.append(clip % 5)
            gaps.append(GAPS[shape])
            shapes.append(mask(shape))
    return _crops(
        "grid",
        np.array(gaps),
        np.array(shapes, np.uint8),
        rng,
        folds=np.array(folds),
        people=np.array(names),
        files=np.array(files),
    )


def labelled(n: int = 20, seed: int = 3) -> Crops:
    """Own pictures that are called open or closed."""
    rng = np.random.default_rng(seed)
    gaps = np.where(np.arange(n) % 2, 0.3, 0.02)
    shapes = np.where(gaps > 0.1, OPEN, CLOSED).astype(np.uint8)
    return _crops("labelled-pictures", gaps, shapes, rng)


def smiles(n: int = 20) -> Crops:
    """Crops for another task."""
    rng = np.random.default_rng(4)
    images = np.stack([drawn(0.1, rng) for _ in range(n)])
    origin = Origin("smile", "own", "drawn", FACE.name, ("no smile", "smile"))
    labels = (np.arange(n) % 2).astype(np.int8)
    files = np.array([f"{number}.png" for number in range(n)])
    return Crops(origin, images, labels, np.full(n, -1, np.int8), files)


def write_sets(folder: Path) -> list[Path]:
    """All of keypoints68 and GRID as files."""
    paths = []
    for crops in (keypoints(), grid()):
        path = folder / f"{crops.origin.dataset}.npz"
        crops.save(path)
        paths.append(path)
    return paths


def _crops(
    dataset: str,
    gaps: np.ndarray,
    shapes: np.ndarray,
    rng: np.random.Generator,
    folds: np.ndarray | None = None,
    files: np.ndarray | None = None,
    **columns: np.ndarray,
) -> Crops:
    n = len(gaps)
    return Crops(
        Origin("viseme", dataset, "drawn", FACE.name, CLASSES),
        np.stack([drawn(gap, rng) for gap in gaps]),
        np.array([label(int(allowed)) for allowed in shapes], np.int8),
        np.full(n, -1, np.int8) if folds is None else folds.astype(np.int8),
        np.array([f"{number}.png" for number in range(n)]) if files is None else files,
        gaps=gaps.astype(np.float32),
        shapes=shapes,
        **columns,
    )
