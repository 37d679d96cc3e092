"""What a model of words is shown. Boards show the first two; the others are for comparison.

canvas        lips as high as they are, of standard contrast
differences   the canvas, and what changed since the frame before
stretched     all lips of one height: how far a mouth is open cannot be seen
raw           in the contrast that the picture has
less-speaker  what differs from the speaker's own mean
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingsError
from edge.frame import Image
from edge.lipbox import HEIGHT, LEVEL, WIDTH, LipPicture, placed, standardised
from training.boxes_off import moved
from training.clips import Clips
from training.train.clip_change import Change
from training.train.word_pool import WordPool
from training.train.word_recipe import CANVAS, DIFFERENCES

STRETCHED, RAW, LESS_SPEAKER = "stretched", "raw", "less-speaker"
ON_BOARDS = CANVAS, DIFFERENCES
SEES = *ON_BOARDS, STRETCHED, RAW, LESS_SPEAKER
SOME = 200  # frames of which a speaker's mean is made


def pool(clips: Clips, sees: str) -> WordPool:
    """The items of a set of clips as they are seen."""
    if sees in ON_BOARDS:
        return WordPool(clips)
    if not WordPool(clips).boxed:
        raise SettingsError(f"--sees {sees}: for lip boxes alone")
    if sees == STRETCHED:
        alike = np.full_like(clips.aspects, np.median(clips.aspects))
        return WordPool(replace(clips, aspects=alike))
    return (RawPool if sees == RAW else LessSpeakerPool)(clips)


@dataclass(frozen=True, eq=False)
class RawPool(WordPool):
    """Lip boxes in their own contrast."""

    def canvas(self, frame: int, change: Change | None, rng: np.random.Generator) -> Image:
        """One frame of all."""
        lips = LipPicture(self.clips.images[frame], float(self.clips.aspects[frame]))
        if change is None:
            return placed(lips)
        if (off := change.off(lips.aspect, rng)) is not None:
            lips = moved(lips, off)
        return change.relit(placed(lips, change.matrix), rng)


@dataclass(frozen=True, eq=False)
class LessSpeakerPool(WordPool):
    """Lip boxes less the mean of all of the same speaker."""

    def canvas(self, frame: int, change: Change | None, rng: np.random.Generator) -> Image:
        """One frame of all."""
        seen = super().canvas(frame, change, rng)
        mean = self._means[str(self._of_frame[frame])]
        if change is not None:
            border = cv2.BORDER_REPLICATE
            mean = cv2.warpAffine(mean, change.matrix[:2], (WIDTH, HEIGHT), borderMode=border)
        apart = seen.astype(np.float32) - mean + LEVEL
        return standardised(np.clip(apart, 0, 255).astype(np.uint8))

    @cached_property
    def _of_frame(self) -> NDArray[np.str_]:
        """Who is seen in each frame."""
        return np.repeat(self.clips.speakers, np.diff(self.clips.ends, prepend=0))

    @cached_property
    def _means(self) -> dict[str, NDArray[np.float32]]:
        rng = np.random.default_rng(0)
        found = {}
        for name in np.unique(self.clips.speakers).tolist():
            frames = np.flatnonzero(self._of_frame == name)
            some = rng.choice(frames, min(SOME, len(frames)), replace=False)
            seen = np.stack([self.clips.seen(int(frame)) for frame in some])
            found[name] = seen.mean(axis=0).astype(np.float32)
        return found
