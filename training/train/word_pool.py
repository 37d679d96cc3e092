"""Clips as models see them: frames of a word cut for the model, and its surroundings in time."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image
from edge.lipbox import HEIGHT, LIP_BOX, WIDTH, LipPicture, on_canvas, standardised
from training.boxes_off import moved
from training.clips import OTHER, Clips
from training.train.clip_change import Change, Matrix

ALIGNED_SIDE = 48
Rows = NDArray[np.int_]  # items


@dataclass(frozen=True, eq=False)
class WordPool:
    """The items of a set of clips."""

    clips: Clips

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of what a model sees."""
        return (HEIGHT, WIDTH) if self.boxed else (ALIGNED_SIDE, ALIGNED_SIDE)

    @property
    def boxed(self) -> bool:
        """Whether frames are lip boxes."""
        return self.clips.origin.kind == LIP_BOX

    @property
    def labels(self) -> tuple[str, ...]:
        """All that is told apart, `other` at the end."""
        return (*self.clips.origin.classes, "other")

    @property
    def classes(self) -> Rows:
        """Each item's index into the labels."""
        labels = self.clips.labels.astype(int)
        return np.where(labels == OTHER, len(self.labels) - 1, labels)

    @property
    def speakers(self) -> NDArray[np.str_]:
        """Who says each item."""
        return self.clips.speakers[self.clips.sequences]

    def canvas(self, frame: int, change: Change | None, rng: np.random.Generator) -> Image:
        """One frame of all as a model sees it."""
        if change is None:
            return self.clips.seen(frame)
        image = self.clips.images[frame]
        if self.boxed:
            lips = LipPicture(image, float(self.clips.aspects[frame]))
            if (off := change.off(lips.aspect, rng)) is not None:
                lips = moved(lips, off)
            return standardised(change.relit(on_canvas(lips, change.matrix), rng))
        return standardised(change.relit(standardised(_middle(image, change.matrix)), rng))

    def shown(
        self,
        row: int,
        times: NDArray[np.float64],
        change: Change | None = None,
        rng: np.random.Generator | None = None,
        mixed: bool = False,
    ) -> Image:
        """Frames of an item's sequence at times counted in frames from the item's start: those
        nearest, or mixed of the two beside them; the first and last are held beyond the sequence's
        ends."""
        clips, sequence = self.clips, self.clips.sequences[row]
        first, last = clips.begins[sequence], clips.ends[sequence] - 1
        wanted = np.clip(first + clips.starts[row] + times, first, last)
        drawn = rng or np.random.default_rng(0)
        before = np.floor(wanted if mixed else wanted + 0.5).astype(int)
        after = np.minimum(before + 1, last) if mixed else before
        frames = np.unique([before, after]).tolist()
        seen = {frame: self.canvas(frame, change, drawn) for frame in frames}
        if not mixed:
            return np.stack([seen[frame] for frame in before.tolist()])
        shares = (wanted - before).tolist()
        pairs = zip(before.tolist(), after.tolist(), shares, strict=True)
        return np.stack([cv2.addWeighted(seen[a], 1 - s, seen[b], s, 0) for a, b, s in pairs])

    def length(self, row: int) -> int:
        """Frames of an item."""
        return int(self.clips.stops[row] - self.clips.starts[row])


def _middle(kept: Image, matrix: Matrix) -> Image:
    """The model's cut out of a wider one, changed."""
    away = (kept.shape[0] - ALIGNED_SIDE) / 2
    straight = np.array([[1, 0, -away], [0, 1, -away], [0, 0, 1]])
    return cv2.warpAffine(
        kept, (matrix @ straight)[:2], (ALIGNED_SIDE,) * 2, borderMode=cv2.BORDER_REPLICATE
    )
