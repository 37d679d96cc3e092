"""What says little of lip reading and yet comes far: the nearest clip among those known.

A clip is so many frames, evenly chosen, of the lips that a model sees, shrunk to thumbnails; it is
taken for the word of the known clip that differs least. Takes of one session resemble each other
so much that this alone is nearly always right about speakers who are known, and the first frame
alone, in which nobody has spoken yet, often.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.lipbox import LIP_BOX
from training.clips import OTHER, Clips
from training.evaluate.figures import Flags, Values
from training.evaluate.word_clips import Pictures, stretches
from training.windows import Indices, sampled

THUMBNAIL = (12, 8)  # pixels, across and down
LIPS = 2 / 3, 1 / 2  # of an aligned mouth's width and height, in its middle
NAMES = {"nearest": "nearest neighbour on thumbnails", "first_frame": "first frame alone"}


@dataclass(frozen=True)
class Known:
    """Items that are left out, and those that are known meanwhile."""

    name: str
    tested: Indices
    known: Indices


def baselines(
    clips: Clips, pictures: Pictures, splits: list[Known], window: int
) -> dict[str, Flags]:
    """Which of the items that are tested each baseline is right about, split by split."""
    small = _thumbnails(clips, pictures)
    words = np.flatnonzero(clips.labels != OTHER)
    rows = np.zeros((len(clips), window), np.intp)
    for item, one in zip(words, stretches(clips, words), strict=True):
        rows[item] = one.rows[sampled(one.start, one.stop, window)]
    firsts = np.zeros(len(clips), np.intp)
    firsts[words] = [one.own[0] for one in stretches(clips, words)]
    views = {"nearest": small[rows].reshape(len(clips), -1), "first_frame": small[firsts]}
    return {
        name: np.concatenate([_right(view, clips.labels, split) for split in splits])
        for name, view in views.items()
    }


def nearest(known: Values, labels: NDArray[np.int_], asked: Values) -> NDArray[np.int_]:
    """The label of the nearest known row to each that is asked for."""
    apart = (known**2).sum(axis=1) - 2 * asked @ known.T  # the same for all: asked squared
    return labels[apart.argmin(axis=1)]


def _right(view: Values, labels: NDArray[np.int16], split: Known) -> Flags:
    told = nearest(view[split.known], labels[split.known].astype(int), view[split.tested])
    return told == labels[split.tested]


def _thumbnails(clips: Clips, pictures: Pictures) -> NDArray[np.float32]:
    """A row of greys for each picture's lips."""
    if clips.origin.kind != LIP_BOX:
        height, width = pictures.shape[1:]
        left, top = round(width * (1 - LIPS[0]) / 2), round(height * (1 - LIPS[1]) / 2)
        pictures = pictures[:, top : height - top, left : width - left]
    small = [cv2.resize(each, THUMBNAIL, interpolation=cv2.INTER_AREA) for each in pictures]
    return np.stack(small).reshape(len(small), -1).astype(np.float32)
