"""How much lips move: what changes in a mouth beyond a shift and the light."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.crop import MOUTH, crop
from edge.glimpse import Glimpse
from edge.lipbox import standardised

# The lips alone: what is around them moves with the head.
LIPS = replace(MOUTH.widened(1 / 1.53), name="lips", size=32)
APART_S = 0.06  # pictures nearer in time differ by little but noise
FORGET_S = 0.25
EVERY_S = 0.03  # no need to look more often
RIDGE = 1e-3  # where nothing is seen, nothing has shifted

Grey = NDArray[np.float32]


class LipMotion:
    """Compares a face's lips with what they were a moment ago."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Grey]] = deque()

    def reset(self) -> None:
        """What was before is not to be compared with."""
        self._kept.clear()

    def __call__(self, seen: Glimpse, at: float) -> tuple[float, float] | None:
        """When and by how many grey levels the lips have moved; None where there is nothing to
        compare with."""
        kept = self._kept
        if kept and at - kept[-1][0] < EVERY_S - 0.002:  # frames do not come on the dot
            return None
        cut = crop(seen.image, seen.points, LIPS)
        if cut is None:
            return None
        lips = standardised(cut).astype(np.float32)
        while kept and at - kept[0][0] > FORGET_S:
            kept.popleft()
        earlier = [before for before in kept if at - before[0] >= APART_S]
        kept.append((at, lips))
        if not earlier:
            return None
        then, before = earlier[-1]
        return (then + at) / 2, changed(before, lips)


def changed(before: Grey, after: Grey) -> float:
    """The mean change that no small shift of the whole and no change of light explains."""
    across = cv2.Sobel(before, cv2.CV_32F, 1, 0, scale=1 / 8).ravel()
    down = cv2.Sobel(before, cv2.CV_32F, 0, 1, scale=1 / 8).ravel()
    causes = np.stack([across, down, np.ones_like(across)])
    change = (after - before).ravel()
    ridge = RIDGE * change.size * np.eye(3, dtype=np.float32)
    shares = np.linalg.solve(causes @ causes.T + ridge, causes @ change)
    return float(np.abs(change - shares @ causes).mean())
