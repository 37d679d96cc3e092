"""A model's own frame rate, made of whatever rate a camera has."""

from __future__ import annotations

import logging
import statistics
from collections import deque
from dataclasses import dataclass

log = logging.getLogger(__name__)

GAP_S = 0.35  # what lips did in a longer time without pictures is not known
STEPS = 5  # of late, whose median is the camera's step
FAR = 2 / 3  # of the model's rate: with fewer pictures words suffer
WATCHED_S, LEAST_STEPS = 3.0, 4
AWAY = 3.0  # times the usual step, and more than a gap: a time without a camera


@dataclass(frozen=True, slots=True)
class Due:
    """A frame that the model is to be given, and which picture is nearest to it."""

    at: float
    is_last: bool  # the picture before the one at hand


class Cadence:
    """Says when frames of a model are due, one every 1/fps seconds from the first picture on.

    Of a faster camera each frame's nearest picture is taken; a slower one's pictures are repeated,
    so that as many frames vote in a second as the model has learned.
    """

    def __init__(self, fps: float) -> None:
        self._step_s = 1 / fps
        self.reset()

    def reset(self) -> None:
        """Begin anew with the next picture."""
        self._at: float | None = None  # of the last picture
        self._due = 0.0
        self._steps: deque[float] = deque(maxlen=STEPS)

    def is_lost(self, at: float) -> bool:
        """Whether too long a time has passed since the last picture."""
        return self._at is not None and at - self._at > GAP_S

    def __call__(self, at: float) -> list[Due]:
        """The frames for which the picture taken at a time, or the one before, is the nearest."""
        if self._at is None:
            self._at, self._due = at, at + self._step_s
            return [Due(at, False)]
        if at <= self._at:
            return []
        before, self._at = self._at, at
        self._steps.append(at - before)
        # Half a step ahead, because the next picture is nearer to what comes after that.
        until = at + statistics.median(self._steps) / 2
        due = []
        while self._due <= until:
            due.append(Due(self._due, self._due - before < at - self._due))
            self._due += self._step_s
        return due


class RateWatch:
    """Warns once where a camera gives far fewer pictures than a model has learned from."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._at: float | None = None  # of the last picture
        self._steps: list[float] = []
        self._warned = False

    def __call__(self, at: float) -> None:
        """Take the time of a picture."""
        before, self._at = self._at, at
        if self._warned or before is None or at <= before:
            return
        self._steps.append(at - before)
        # In a step far longer than the others there was no camera.
        usual = statistics.median_low(self._steps)
        steady = [each for each in self._steps if each <= max(GAP_S, AWAY * usual)]
        if len(steady) < LEAST_STEPS or sum(steady) < WATCHED_S:
            return
        self._steps = []
        if (rate := len(steady) / sum(steady)) < FAR * self._fps:
            self._warned = True
            log.warning(
                "words: %.1f pictures a second go through, the model has learned from %g: fewer "
                "words will be read, and less surely",
                rate,
                self._fps,
            )
