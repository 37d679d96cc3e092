"""The last stage: events are committed, then told to those who listen in this process."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from edge.errors import SourceError
from edge.events import Event
from edge.state import State, Stored

log = logging.getLogger(__name__)
Sink = Callable[[Stored], None]


class Emitter:
    """Commits events; what cannot be committed now is kept and tried again with the next frame."""

    def __init__(self, state: State, queue: bool, sinks: Sequence[Sink] = ()) -> None:
        self._state, self._queue, self._sinks = state, queue, tuple(sinks)
        self._pending: list[Event] = []
        self.failures = 0  # commits in a row that did not work

    def __call__(self, happened: Sequence[Event]) -> None:
        self._pending += happened
        if not self._pending:
            return
        try:
            stored = self._state.record(self._pending, self._queue)
        except sqlite3.Error as error:
            if self.failures == 0:
                log.error("events cannot be stored: %s; they are kept in memory", error)
            self.failures += 1
            return
        if self.failures:
            log.info("events are stored again after %d failures", self.failures)
        self._pending, self.failures = [], 0
        self.tell(stored)

    def note_seen(self, seen: Iterable[tuple[int, float]]) -> None:
        """Keep until when open visits and smiles lasted, in case this process is killed."""
        try:
            self._state.note_seen(seen)
        except sqlite3.Error as error:
            log.debug("not noted: %s", error)  # the next event's commit tells of the trouble

    def tell(self, stored: Sequence[Stored]) -> None:
        """Tell committed events to every sink."""
        for row in stored:
            for sink in self._sinks:
                sink(row)


class JsonLines:
    """Writes every event as one line of JSON."""

    def __init__(self, where: str, stdout: TextIO) -> None:
        try:
            self._file = stdout if where == "-" else open(where, "a", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise SourceError(f"--events {where}: cannot be written: {error.strerror}") from None
        self._broken = False

    def __call__(self, row: Stored) -> None:
        if self._broken:
            return
        try:
            print(row.payload, file=self._file, flush=True)
        except OSError as error:
            self._broken = True
            log.warning("--events: nobody reads any more (%s); the daemon goes on", error.strerror)
