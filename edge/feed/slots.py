"""Latest values: retained messages of which only the newest matters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

NEVER = object()  # no version of a value


@dataclass
class Slot:
    """One retained topic. It is sent anew on every connect, never queued, and at most one message
    of it is on its way."""

    topic: str
    payload: Callable[[], str]
    version: Callable[[], object] = lambda: None  # the value is sent when this has changed
    least_s: float = 0.0  # between two sendings at least
    every_s: float = math.inf  # and at most
    on_its_way: int | None = field(default=None, init=False)  # its message's number
    has_arrived: bool = field(default=False, init=False)  # the broker has accepted it once
    _sent: object = field(default=NEVER, init=False)
    _not_before: float = field(default=0.0, init=False)
    _again_at: float = field(default=math.inf, init=False)

    def forget(self) -> None:
        """A new connection: the broker may not have it."""
        self.on_its_way = None
        self.again()

    def again(self) -> None:
        """Send it once more, changed or not."""
        self._sent, self._not_before = NEVER, 0.0

    def hurry(self) -> None:
        """Do not wait with what has changed."""
        self._not_before = 0.0

    def due(self, now: float) -> bool:
        """Whether there is something to send."""
        if self.on_its_way is not None or now < self._not_before:
            return False
        return now >= self._again_at or self.version() != self._sent

    def next(self, now: float) -> str:
        """The payload to send now."""
        # The version first: what changes in between is sent once too often, not once too seldom.
        self._sent = self.version()
        self._not_before, self._again_at = now + self.least_s, now + self.every_s
        return self.payload()

    def refused(self, retry_at: float) -> None:
        """The broker did not take it: try again later."""
        self._sent, self._not_before = NEVER, retry_at

    def busy(self, now: float) -> bool:
        """Whether the broker is still to get or to confirm the newest value."""
        return self.on_its_way is not None or self.due(now)
