"""GRID's clips one after another, as one film of somebody who talks, and what is said when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from edge.errors import SourceError
from edge.film import Reel
from edge.frame import Frame
from training.datasets.clip import Clip, ClipOptions
from training.datasets.grid_words import SET
from training.datasets.words import clip_listing
from training.phones import GRID_FPS

LOSSLESS = "FFV1"  # what is read from the film is what was read from the clips


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word and when it is said."""

    word: str  # empty: none that a model knows
    start: float  # seconds since the film's first frame
    end: float
    clip: int


@dataclass(frozen=True)
class Talk:
    """Clips that are played one after another."""

    clips: tuple[Clip, ...]

    @property
    def people(self) -> int:
        """How many talk."""
        return len({clip.speaker for clip in self.clips})

    def frames(self) -> Iterator[tuple[int, Frame]]:
        """All frames, timed as in one film, and the clip that each is of."""
        index = 0
        for number, clip in enumerate(self.clips):
            for frame in Reel(clip.path):
                at = index / GRID_FPS
                yield number, Frame(frame.image, at, at, index)
                index += 1

    def words(self, begins: Sequence[float]) -> list[SaidWord]:
        """What is said, where each clip begins at these seconds."""
        return [
            SaidWord(said.label, begin + said.start / GRID_FPS, begin + stop / GRID_FPS, number)
            for number, (clip, begin) in enumerate(zip(self.clips, begins, strict=True))
            for said in clip.said
            if (stop := said.stop) is not None
        ]

    def write(self, path: Path) -> None:
        """Make one video file of them, without loss."""
        kind = cv2.VideoWriter.fourcc(*LOSSLESS)
        writer: cv2.VideoWriter | None = None
        for _, frame in self.frames():
            assert isinstance(frame.image, np.ndarray)  # of a file
            height, width = frame.image.shape[:2]
            if writer is None:
                writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, kind, GRID_FPS, (width, height))
                if not writer.isOpened():
                    raise SourceError(f"{path}: no film can be written here")
            writer.write(frame.image)
        if writer is not None:
            writer.release()


def talk(root: Path, folds: Sequence[int]) -> Talk:
    """The clips of some folds, in the order of their names, speaker by speaker."""
    listing = clip_listing(SET.name, root, ClipOptions())
    there = {fold for fold, _ in groupby(sorted(clip.fold for clip in listing.clips))}
    if missing := sorted(set(folds) - there):
        raise SourceError(
            f"{root / 'folds.csv'}: no clip with an alignment is of fold {missing[0]}"
        )
    return Talk(tuple(clip for clip in listing.clips if clip.fold in folds))
