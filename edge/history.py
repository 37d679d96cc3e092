"""What happened in each hour, kept beside the counts and never reset with them.

Hours are UTC, in seconds since 1970; whoever shows them does so in local time. Only hours in which
something happened have a row.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, fields
from pathlib import Path

from edge.events import Event, FaceArrived, FaceLeft, SmileEnded, SmileStarted
from edge.state_file import look_into

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Hour:
    """The totals of one hour; what lasted counts in the hour in which it ended."""

    hour: int  # its beginning, seconds since 1970
    smiles: int = 0
    smilers: int = 0
    visitors: int = 0
    smile_seconds: float = 0.0
    dwell_seconds: float = 0.0


COLUMNS = tuple(field.name for field in fields(Hour))[1:]


class History:
    """Adds events to the hours' table within the transaction at hand."""

    def __init__(self, db: sqlite3.Connection, keep_days: int) -> None:
        self._db, self._keep_s = db, keep_days * DAY_S

    def add(self, event: Event, first_smile: bool) -> None:
        """Count an event in its hour; `first_smile` is true for a visitor's first one."""
        match event:
            case FaceArrived():
                self._add(event.at, visitors=1)
            case FaceLeft():
                self._add(event.at, dwell_seconds=event.dwell_s)
            case SmileStarted():
                self._add(event.at, smiles=1, smilers=int(first_smile))
            case SmileEnded():
                self._add(event.at, smile_seconds=event.duration_s)

    def forget_old(self) -> None:
        """Drop what is older than it is kept; to be called only while the clock can be trusted."""
        self._db.execute("DELETE FROM hours WHERE hour < ?", (time.time() - self._keep_s,))

    def _add(self, at: float, **amounts: float) -> None:
        hour = int(at // HOUR_S) * HOUR_S
        self._db.execute("INSERT OR IGNORE INTO hours (hour) VALUES (?)", (hour,))
        changes = ", ".join(f"{name} = {name} + ?" for name in amounts)
        self._db.execute(f"UPDATE hours SET {changes} WHERE hour = ?", (*amounts.values(), hour))


def read(db: sqlite3.Connection, since: float = 0.0) -> list[Hour]:
    """All hours from a moment on, the oldest first."""
    query = f"SELECT hour, {', '.join(COLUMNS)} FROM hours WHERE hour >= ? ORDER BY hour"
    return [Hour(*row) for row in db.execute(query, (since - HOUR_S + 1,))]


def read_folder(folder: Path, since: float = 0.0) -> list[Hour]:
    """The same from a state folder, while a daemon uses it or not."""
    with look_into(folder) as db:
        return read(db, since)
