"""One face that is followed: where it is, how sure that is, and since when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from edge.detection import Box, Detection, Keypoints
from edge.steady import Steady
from edge.still import Stillness

COAST_S = 0.7  # a face that is not seen is taken to walk on for so long
FRESH_S = 0.3  # a look this recent knows better than a sweep where a face is
# A look of this score is sure. What looks are in the mean not sure of does not arrive: patterns of
# a wall that pass for a face reach 0.73, and nineteen of twenty faces whose smiles can just be read
# are above.
SURE = 0.75
MEAN_OF, MEAN_AFTER = 12, 3  # looks of late; fewer than the second say nothing
# Something before a face lowers the detector's score of it; so much below what is usual for the
# face, what can be read from it is no longer its own, nor is where it seems to be: for a while it
# is taken to go on as it went.
COVERED = 0.12
USUAL_RISES_S, USUAL_FALLS_S = 0.2, 5.0


@dataclass(slots=True)
class Face:
    """One face; `box` and `keypoints` are where it is now, by the last look and its motion."""

    track_id: int
    box: Box
    keypoints: Keypoints
    first_seen: float
    last_seen: float
    missed: int = 0  # looks in vain since the last that found it
    arrived: bool = False  # a visitor's
    looked_at: float = -math.inf  # when its surroundings were looked at
    pinned_at: float = -math.inf  # when that found it
    looks: int = 0  # that found it
    doubted_at: float = -math.inf  # when it was dubious last
    clear_at: float = -math.inf  # when nothing was before it
    clear_box: Box | None = None  # where it was then
    still: Stillness | None = field(default=None, repr=False)  # until it has moved
    _score: float = 0.0  # of the last look that found it
    _usual: float = 0.0  # such scores where nothing is before it
    _mean: float = 0.0  # such scores of late
    _looked_before: float = -math.inf  # when the look before the last was
    _steady: Steady = field(default_factory=Steady, repr=False)

    @property
    def dwell_s(self) -> float:
        return self.last_seen - self.first_seen

    @property
    def here(self) -> bool:
        """Whether the last look has found it; a new one is taken to be here."""
        return self.missed == 0

    @property
    def clear(self) -> bool:
        """Whether it is seen, and nothing is before it."""
        return self.here and not self._covered

    @property
    def _covered(self) -> bool:
        return self._score <= self._usual - COVERED

    @property
    def sure(self) -> bool:
        """Whether looks agree that it is a face."""
        return self.looks >= MEAN_AFTER and self._mean >= SURE

    @property
    def dubious(self) -> bool:
        """Whether looks could not agree that it is one."""
        return self.looks >= MEAN_AFTER and self._mean < SURE

    def expect(self, at: float, passed: float, size: tuple[int, int]) -> None:
        """Move it to where it should be by now, as long as that is inside the picture."""
        x, y = self.box.centre
        if at - self.last_seen <= COAST_S and 0 <= x < size[0] and 0 <= y < size[1]:
            self._steady.move(self, passed)

    def arrive(self) -> None:
        """It is a visitor's, from when it was dubious last: until then it may have been a pattern
        that somebody has stepped before."""
        self.arrived = True
        self.first_seen = max(self.first_seen, self.doubted_at)

    def begin_look(self, at: float) -> None:
        """Its surroundings are looked at: it is missed until it is found in them."""
        self._looked_before, self.looked_at = self.looked_at, at
        self.missed += 1

    def sweep_found(self, seen: Detection, at: float) -> None:
        """A sweep of the whole picture has found it, or only what is where it was: where a look has
        missed it, another look must find it."""
        if at - self.pinned_at > FRESH_S or not self.here:
            self._steady(self, seen, at)
        if self.here:
            self.last_seen = at

    def look_found(self, seen: Detection, at: float) -> None:
        """A look at its surroundings has found it, or what may be left of it."""
        self._note_score(seen.score, at)
        if self._covered and self.missed > 1 and seen.score < SURE:
            return  # what is behind a face may look like one, too, when it has gone
        self.missed = 0
        if self.clear:
            self.clear_at, self.clear_box = at, seen.box
        if self.clear or at - self.clear_at > COAST_S:
            self._steady(self, seen, at)
        self.last_seen = at

    def _note_score(self, score: float, at: float) -> None:
        # The time in which looks missed it says nothing.
        passed = max(0.0, at - max(self._looked_before, self.pinned_at))
        wait = USUAL_RISES_S if score > self._usual else USUAL_FALLS_S
        share = passed / (passed + wait) if self.looks else 1.0
        self._usual += share * (score - self._usual)
        self.looks += 1
        self._mean += (score - self._mean) / min(self.looks, MEAN_OF)
        self._score, self.pinned_at = score, at
        if self.dubious:
            self.doubted_at = at
