"""The frames of one face that a word model is given: at its own rate, cut as it has learned."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from edge.cadence import GAP_S, Cadence
from edge.crop import crop
from edge.frame import Image
from edge.glimpse import Glimpse
from edge.lip_points import LipFinder
from edge.lipbox import cut_box, on_canvas, standardised
from edge.word_reader import Voted, WordReader


@dataclass(frozen=True)
class Lipreader:
    """A word model and the cut that it needs; shared by all faces."""

    model: WordReader
    find_lips: LipFinder | None  # where the model sees lip boxes

    def cut(self, seen: Glimpse) -> Image | None:
        """Lips as the model sees them; None where they cannot be seen."""
        if self.find_lips is None:
            assert self.model.kind
            mouth = crop(seen.image, seen.points, self.model.kind)
            return None if mouth is None else standardised(mouth)
        box = self.find_lips(seen.image, seen.points)
        lips = cut_box(seen.image, box) if box else None
        return None if lips is None else on_canvas(lips)


class WordFrames:
    """One face's frames that the model is due, oldest first, and what it remembers of them."""

    def __init__(self, reader: Lipreader) -> None:
        self._reader = reader
        self._cadence = Cadence(reader.model.description.fps)
        self.reset()

    def fresh(self) -> None:
        """The next frame is read as the first one."""
        self._state = self._reader.model.fresh()
        self._read_at = math.inf  # the last frame; none yet

    def reset(self) -> None:
        """Forget what was seen."""
        self._cadence.reset()
        self._last: Glimpse | None = None
        self._waiting: deque[tuple[float, Glimpse]] = deque()
        self._cut: tuple[Glimpse, Image | None] | None = None
        self.fresh()

    def is_lost(self, at: float) -> bool:
        """Whether the face was away for so long that nobody knows what it said."""
        return self._cadence.is_lost(at)

    def see(self, seen: Glimpse, at: float) -> None:
        """Take a picture for the frames that it is nearest to."""
        for due in self._cadence(at):
            nearest = self._last if due.is_last and self._last else seen
            self._waiting.append((due.at, nearest))
        self._last = seen

    def drop_before(self, at: float) -> None:
        """Drop frames that nobody will ask for."""
        while self._waiting and self._waiting[0][0] < at:
            self._waiting.popleft()

    def read(self, most: int | None = None) -> list[tuple[float, Voted]]:
        """Read frames that wait, all or some; those without lips are left out, and after many of
        them the model begins anew."""
        count = len(self._waiting) if most is None else min(most, len(self._waiting))
        told = []
        for _ in range(count):
            at, seen = self._waiting.popleft()
            if (cut := self._cut_of(seen)) is not None:
                if at - self._read_at > GAP_S:
                    self.fresh()
                self._read_at = at
                told.append((at, self._reader.model(cut, self._state)))
        return told

    def _cut_of(self, seen: Glimpse) -> Image | None:
        """A slow camera's pictures are cut once and read several times."""
        if self._cut is None or self._cut[0] is not seen:
            self._cut = seen, self._reader.cut(seen)
        return self._cut[1]
