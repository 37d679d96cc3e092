"""The times of a stream's frames: its own, tied to the steady clock of this machine."""

from __future__ import annotations

import math

DRIFT = 0.01  # seconds a second by which a stream's clock may be slow and not be called late


class StreamClock:
    """Ties a stream's time to the monotonic clock by its promptest frame, so that the jitter of
    a network does not get into durations, and knows how late a frame is."""

    def __init__(self) -> None:
        self._offset: float | None = None  # monotonic time less the stream's, of a prompt frame
        self._at = self._now = 0.0  # of the last frame
        self._captured_at = -math.inf
        self.late_s = 0.0  # behind the promptest frame

    def __call__(self, at: float, now: float, waited: bool) -> float:
        """When a frame was taken that has this stream time and came now; `waited` says that it
        came after us: nothing lies between the camera and here but the network."""
        if self._offset is None or not at > self._at:  # the stream's time began anew, or stands
            self._offset = now - at - self.late_s if math.isfinite(at) else 0.0
        elif waited:
            self._offset += DRIFT * (now - self._now)
        if not math.isfinite(at):
            at = now - self._offset
        self._offset = min(self._offset, now - at)
        self.late_s = now - at - self._offset
        self._at, self._now = at, now
        self._captured_at = min(now, max(self._offset + at, self._captured_at))
        return self._captured_at
