"""Events that the broker has not accepted yet: bounded, the oldest go first."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from edge.settings import OutboxSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A committed event, as it waits for the broker."""

    seq: int
    topic: str
    payload: str
    stored_at: float  # UTC; of what a crash left open, when that was last seen


class Outbox:
    """Its table, within the transaction at hand; knows its own size without counting."""

    def __init__(self, db: sqlite3.Connection, bounds: OutboxSettings) -> None:
        self._db, self._bounds = db, bounds
        size = "SELECT count(*), total(length(CAST(payload AS BLOB))) FROM outbox"
        rows, total = db.execute(size).fetchone()
        self.size = (int(rows), int(total))  # events, and their payloads' bytes

    def add(self, stored: Stored) -> None:
        self._db.execute("INSERT INTO outbox VALUES (?, ?, ?, ?)", astuple(stored))
        self._grow(1, len(stored.payload.encode()))

    def waiting(self, most: int, after: int, but: Iterable[int]) -> list[Stored]:
        """The oldest events after a sequence number, without those given."""
        left_out = tuple(but)
        marks = ",".join("?" * len(left_out))
        query = f"SELECT * FROM outbox WHERE seq > ? AND seq NOT IN ({marks}) ORDER BY seq LIMIT ?"
        return [Stored(*row) for row in self._db.execute(query, (after, *left_out, most))]

    def remove(self, seq: int) -> bool:
        """Take an event out; False where it is not there."""
        gone = self._db.execute("DELETE FROM outbox WHERE seq = ? RETURNING payload", (seq,))
        row = gone.fetchone()
        if row is None:
            return False
        self._grow(-1, -len(row[0].encode()))
        return True

    def drop_beyond_bounds(self) -> int:
        """Drop the oldest until the rest fits; gives how many."""
        dropped = 0
        while self.size[0] > self._bounds.max_rows or self.size[1] > self._bounds.max_bytes:
            self.remove(self._db.execute("SELECT min(seq) FROM outbox").fetchone()[0])
            dropped += 1
        if dropped:
            log.warning("outbox full: %d oldest events dropped", dropped)
        return dropped

    def _grow(self, rows: int, size: int) -> None:
        self.size = (self.size[0] + rows, self.size[1] + size)
