"""What readers of words are shown of clips: lips as a model sees them, and stretches of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.lipbox import LIP_BOX, LipPicture, on_canvas, standardised
from training.clips import WIDER, Clips
from training.evaluate.figures import Flags
from training.windows import Indices

Pictures = NDArray[np.uint8]  # (frames, height, width)
BEFORE = 6  # frames ahead of a word that a reader that goes frame by frame is shown


@dataclass(frozen=True, eq=False)
class Stretch:
    """Frames in a row, by their place among all pictures, of which some are a word's."""

    rows: Indices
    start: int
    stop: int  # exclusive

    @property
    def own(self) -> Indices:
        """The word's frames."""
        return self.rows[self.start : self.stop]

    def whole(self, frames: int) -> tuple[Indices, Flags]:
        """As many frames as a reader of whole clips takes, the word in their middle, and which of
        them are its own."""
        before = -(-(frames - (self.stop - self.start)) // 2)
        places = np.arange(frames) + self.start - before
        own = (places >= self.start) & (places < self.stop)
        return self.rows[np.clip(places, 0, len(self.rows) - 1)], own

    def streamed(self, frames: int) -> tuple[Indices, Indices]:
        """What a reader that goes frame by frame is shown before the frames that count, and those:
        the middle ones where the word has more than so many."""
        early = self.start + max(0, self.stop - self.start - frames) // 2
        before = np.maximum(np.arange(self.start - BEFORE, early), 0)
        return self.rows[before], self.rows[early : min(self.stop, early + frames)]


def seen(clips: Clips) -> Pictures:
    """Every frame as a model sees it."""
    if clips.origin.kind == LIP_BOX:
        pairs = zip(clips.images, clips.aspects, strict=True)
        found = [on_canvas(LipPicture(image, float(aspect))) for image, aspect in pairs]
    else:
        wide = clips.images.shape[1]
        margin = (wide - round(wide / WIDER)) // 2
        inner = slice(margin, wide - margin)
        found = [standardised(image[inner, inner]) for image in clips.images]
    return np.stack(found)


def stretches(clips: Clips, items: Sequence[int] | Indices) -> list[Stretch]:
    """Words as they were spoken."""
    begins = clips.begins
    return [
        Stretch(
            np.arange(begins[clips.sequences[item]], clips.ends[clips.sequences[item]]),
            int(clips.starts[item]),
            int(clips.stops[item]),
        )
        for item in items
    ]


def backwards(one: Stretch) -> Stretch:
    """A word from its end to its beginning."""
    return Stretch(one.own[::-1].copy(), 0, len(one.own))


def spliced(one: Stretch, other: Stretch) -> Stretch:
    """The first half of a word and the second of another."""
    rows = np.concatenate([one.own[: len(one.own) // 2], other.own[len(other.own) // 2 :]])
    return Stretch(rows, 0, len(rows))
