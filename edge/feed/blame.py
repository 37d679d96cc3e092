"""Finds the message at which a connection breaks, so that it does not hold up all others.

Some brokers end the connection, or answer what MQTT does not know, where a message is too large for
them. Whatever was on its way when a connection broke is sent one by one the next time; a message
that was alone on its way too often is to blame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

Key = tuple[str, int | None]  # topic and, of an event, its sequence number

ONE_BY_ONE = 20  # messages, after a connection broke
TOO_OFTEN = 3
RETRY_AFTER_S = 3600.0


class Blame:
    """Of one publisher, over all its connections."""

    def __init__(self) -> None:
        self._times: Counter[Key] = Counter()
        self._blamed_at: dict[Key, float] = {}
        self._carefully = 0

    @property
    def is_careful(self) -> bool:
        """Whether only one message may be on its way."""
        return self._carefully > 0

    def broken(self, under_way: Collection[Key], now: float) -> Key | None:
        """A connection broke; gives the message that is to blame, where one is."""
        if under_way:
            self._carefully = ONE_BY_ONE
        if len(under_way) != 1:
            return None
        (key,) = under_way
        self._times[key] += 1
        if not self.blames(key):
            return None
        self._blamed_at[key] = now
        return key

    def rests(self, key: Key, now: float) -> bool:
        """Whether a message is not to be sent now: each try costs the connection."""
        return self.blames(key) and now < self._blamed_at[key] + RETRY_AFTER_S

    def blames(self, key: Key) -> bool:
        """Whether a message is known to break connections."""
        return self._times[key] >= TOO_OFTEN

    def holds_back(self, topic: str) -> bool:
        """Whether a message of a topic is known to break connections."""
        return any(key[0] == topic and self.blames(key) for key in list(self._times))

    def answered(self, key: Key) -> None:
        """The broker has answered a message."""
        del self._times[key]
        self._carefully = max(0, self._carefully - 1)
