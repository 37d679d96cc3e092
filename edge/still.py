"""Tells a face on a poster from a person: nobody can keep as still as paper."""

from __future__ import annotations

import collections

import numpy as np

from edge.detection import Keypoints

SAMPLE_S = 0.2
# How far a face's points go in a while, without the tenth of the time at either end, which may be
# somebody's passing before it. In eye distances: what noise does to a still picture stays below,
# and most people who try to sit still are above.
MOVED = 0.06
SHARE = 0.1
ENOUGH = 15  # samples, before anything can be said


class Stillness:
    """Watches one face over a stretch of time."""

    def __init__(self, seconds: float) -> None:
        self._places: collections.deque[tuple[complex, ...]] = collections.deque(
            maxlen=max(ENOUGH, round(seconds / SAMPLE_S))
        )
        self._next_at = 0.0
        self._unit = 0.0  # pixels of an eye distance; of the first sample, as it trembles, too

    @property
    def knows(self) -> bool:
        """Whether it has seen enough to say anything."""
        return len(self._places) >= ENOUGH

    def __call__(self, at: float, points: Keypoints) -> bool:
        """Whether the face, now here, has moved."""
        if at < self._next_at:
            return False
        self._next_at = at + SAMPLE_S
        self._unit = unit = self._unit or max(points.eye_distance, 1.0)
        self._places.append((points.right_eye / unit, points.left_eye / unit, points.mouth / unit))
        if not self.knows:
            return False
        places = np.array(self._places)
        axes = np.concatenate([places.real, places.imag], axis=1)
        low, high = np.quantile(axes, (SHARE, 1 - SHARE), axis=0)
        return bool((high - low).max() > MOVED)
