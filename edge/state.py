"""Counts, open visits and smiles, and events not yet delivered: one SQLite file, one daemon.

An event, its sequence number and the counts it changes are one transaction, committed before
anything is published. At every moment: events recorded = delivered + waiting + dropped + unsent,
the last being those of runs without a broker.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge import events
from edge.clock import clock_synced
from edge.errors import StateError
from edge.events import Counts, Event, FaceArrived, FaceLeft, SmileEnded, SmileStarted, utc
from edge.history import DAY_S, History, Hour, read
from edge.outbox import Outbox, Stored
from edge.settings import HistorySettings, OutboxSettings
from edge.state_file import FILE, claim, open_file

log = logging.getLogger(__name__)

COUNTED = ("smiles_total", "smilers_total", "visitors_total", "smile_ms_total")
TOTALS = (
    *COUNTED,
    "delivered",
    "dropped",
    "unsent",
    "last_seq",
    "last_face",
)
REQUESTS_KEPT = 200  # commands that are known again when they are repeated


@dataclass(frozen=True, slots=True)
class Open:
    """How long a visit, and a smile within it, have lasted at a frame."""

    face: int
    seen: float  # UTC
    dwell_s: float
    smile_s: float
    peak: float


class State:
    """The device's memory; every method may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        bounds: OutboxSettings | None = None,
        history: HistorySettings | None = None,
    ) -> None:
        self._bounds = bounds or OutboxSettings()
        self._keep_days = (history or HistorySettings()).keep_days
        self._lock = threading.RLock()
        self._path = folder / FILE
        self._next_seq = 1
        self._totals: dict[str, int] = {}
        self._pid_file = claim(folder)
        try:
            self._open()
        except StateError:
            self._pid_file.close()
            raise

    @property
    def next_face(self) -> int:
        """A track number that no event has used."""
        return self._totals["last_face"] + 1

    @property
    def waiting_count(self) -> int:
        """Events that the broker has not accepted yet."""
        return self._outbox.size[0]

    def fact(self, name: str, default: str) -> str:
        """A text kept for good: the stored one, else the default, which is stored now."""
        with self._lock:
            found = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
            if found:
                return str(found[0])
            if default:
                self._db.execute("INSERT INTO facts VALUES (?, ?)", (name, default))
            return default

    def set_fact(self, name: str, value: str) -> None:
        """Keep a text in place of the one that was kept by this name."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def counts(self) -> Counts:
        """The totals of all committed events."""
        return self._counts

    def reset_counts(self) -> None:
        """Begin the totals anew; who is present stays, and so do history and sequence numbers."""
        with self.transaction():
            for name in COUNTED:
                self._totals[name] = 0
            self._write_totals()
            self._db.execute("UPDATE visits SET smiled = -1 WHERE smiled = 1")
            self._db.execute("UPDATE facts SET value = ? WHERE name = 'since'", (utc(time.time()),))
            self._counts = self._read_counts()

    def last_day(self) -> list[Hour]:
        """What happened in the last 24 hours, hour by hour."""
        with self._lock:
            return read(self._db, time.time() - DAY_S)

    def answer(self, request: str) -> str | None:
        """What was answered to a request; None where it is new."""
        with self._lock:
            found = self._db.execute("SELECT answer FROM requests WHERE request = ?", (request,))
            row = found.fetchone()
            return str(row[0]) if row else None

    def remember(self, request: str, answer: str) -> None:
        """Keep the answer to a request, in case it comes again."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO requests (request, answer) VALUES (?, ?)", (request, answer)
            )
            self._db.execute(
                "DELETE FROM requests WHERE number <= (SELECT max(number) FROM requests) - ?",
                (REQUESTS_KEPT,),
            )

    def ledger(self) -> dict[str, int]:
        """Where all recorded events went."""
        with self._lock:
            fates = {name: self._totals[name] for name in ("delivered", "dropped", "unsent")}
            return {**fates, "waiting": self.waiting_count}

    def record(
        self,
        happened: Sequence[Event],
        queue: bool = True,
        synced: bool | None = None,
        just_now: bool = True,
    ) -> list[Stored]:
        """Commit events with the counts they change; afterwards they may be told.

        `synced` tells whether the clock could be trusted when they happened, if not `just_now`."""
        if not happened:
            return []
        synced = clock_synced() if synced is None else synced
        with self._lock:
            with self.transaction():
                stored = [self._store(event, synced, queue, just_now) for event in happened]
                self._totals["dropped"] += self._outbox.drop_beyond_bounds()
                if clock_synced():
                    self._history.forget_old()
                self._write_totals()
                self._counts = self._read_counts()
            return stored

    def note_open(self, going_on: Iterable[Open]) -> None:
        """Keep how long open visits and smiles have lasted, for the case of a crash."""
        synced = clock_synced()
        with self.transaction():
            for it in going_on:
                self._db.execute(
                    "UPDATE visits SET seen = ?, lasted_s = ?, synced = ? WHERE face = ?",
                    (it.seen, it.dwell_s, synced, it.face),
                )
                self._db.execute(
                    "UPDATE smiles SET seen = ?, lasted_s = ?, peak = ?, synced = ? WHERE face = ?",
                    (it.seen, it.smile_s, it.peak, synced, it.face),
                )

    def close_interrupted(self, queue: bool = True) -> list[Stored]:
        """End what a crash left open, with the duration that is known."""
        with self._lock:
            smiles = self._db.execute("SELECT * FROM smiles ORDER BY face").fetchall()
            visits = self._db.execute("SELECT * FROM visits ORDER BY face").fetchall()
            ended: list[Event] = [
                SmileEnded(face=face, at=seen, duration_s=lasted, peak=peak, reason="interrupted")
                for face, seen, lasted, peak, _ in smiles
            ]
            ended += [
                FaceLeft(face=face, at=seen, dwell_s=lasted, reason="interrupted")
                for face, seen, lasted, _, _ in visits
            ]
            synced = all(row[-1] for row in (*smiles, *visits))
            return self.record(ended, queue, synced, just_now=False)

    def waiting(self, most: int, after: int = 0, but: Iterable[int] = ()) -> list[Stored]:
        """The oldest undelivered events after a sequence number, without those given."""
        with self._lock:
            return self._outbox.waiting(most, after, but)

    def delivered(self, seqs: Sequence[int]) -> None:
        """The broker has accepted these events: they leave the outbox."""
        with self.transaction():
            for seq in seqs:
                self._totals["delivered"] += self._outbox.remove(seq)
            self._write_totals()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes within are kept together or not at all; may stand within another."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            before = (dict(self._totals), self._outbox.size, self._counts)
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # Nothing of it happened, but `_next_seq` stays: no number is given out twice.
                self._totals, self._outbox.size, self._counts = before
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def reopen(self) -> None:
        """Open the file anew; one that turns out to be damaged is kept aside."""
        with self._lock:
            self._db.close()
            self._open()

    def close(self) -> None:
        """Let another daemon use the folder."""
        with self._lock:
            self._db.close()
            self._pid_file.close()

    def _open(self) -> None:
        self._db = open_file(self._path)
        self._outbox = Outbox(self._db, self._bounds)
        self._history = History(self._db, self._keep_days)
        self._totals = self._read_totals()
        self._next_seq = max(self._next_seq, self._totals["last_seq"] + 1)
        self._counts = self._read_counts()

    def _store(self, event: Event, synced: bool, queue: bool, just_now: bool) -> Stored:
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        payload = events.event_json(event, seq, uuid.uuid4().hex, synced)
        stored = Stored(seq, event.topic, payload, time.time() if just_now else event.at)
        if queue:
            self._outbox.add(stored)
        else:
            self._totals["unsent"] += 1
        self._totals["last_seq"] = seq
        self._totals["last_face"] = max(self._totals["last_face"], event.face)
        first_smile = self._count(event, synced)
        self._history.add(event, first_smile)
        return stored

    def _count(self, event: Event, synced: bool) -> bool:
        """Change the totals; gives whether this was a visitor's first smile."""
        face, run = event.face, self._db.execute
        now = (face, event.at, synced)
        match event:
            case FaceArrived():
                self._totals["visitors_total"] += 1
                run("INSERT OR REPLACE INTO visits VALUES (?, ?, 0, 0, ?)", now)
            case FaceLeft():
                run("DELETE FROM visits WHERE face = ?", (face,))
            case SmileStarted():
                self._totals["smiles_total"] += 1
                run("INSERT OR REPLACE INTO smiles VALUES (?, ?, 0, 0, ?)", now)
                before = run("SELECT smiled FROM visits WHERE face = ?", (face,)).fetchone()
                run("UPDATE visits SET smiled = 1 WHERE face = ?", (face,))
                self._totals["smilers_total"] += before is not None and before[0] <= 0
                return before is not None and bool(before[0] == 0)
            case SmileEnded():
                self._totals["smile_ms_total"] += round(event.duration_s * 1000)
                run("DELETE FROM smiles WHERE face = ?", (face,))
        return False

    def _read_totals(self) -> dict[str, int]:
        found = dict(self._db.execute("SELECT name, value FROM facts"))
        return {name: int(found.get(name, 0)) for name in TOTALS}

    def _read_counts(self) -> Counts:
        since = self._db.execute("SELECT value FROM facts WHERE name = 'since'")
        present = self._db.execute("SELECT count(*) FROM visits")
        return Counts(
            smiles_total=self._totals["smiles_total"],
            smilers_total=self._totals["smilers_total"],
            visitors_total=self._totals["visitors_total"],
            smile_seconds_total=self._totals["smile_ms_total"] / 1000,
            faces_now=present.fetchone()[0],
            since=since.fetchone()[0],
            seq=self._totals["last_seq"],
        )

    def _write_totals(self) -> None:
        self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", self._totals.items())
