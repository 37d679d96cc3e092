"""The last stage: events are committed, then told to those who listen in this process."""

from __future__ import annotations

import io
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from edge.errors import SourceError, StateError
from edge.events import Event
from edge.outbox import Stored
from edge.state import Open, State
from edge.state_file import is_damage

log = logging.getLogger(__name__)
Sink = Callable[[Stored], None]


class Emitter:
    """Commits events; what cannot be committed now is kept and tried again with the next frame."""

    def __init__(self, state: State, queue: bool, sinks: Sequence[Sink] = ()) -> None:
        self._state, self._queue, self._sinks = state, queue, tuple(sinks)
        self.pending: list[Event] = []  # could not be committed yet
        self.trouble = ""  # why, empty when all is well

    def __call__(self, happened: Sequence[Event]) -> None:
        self.pending += happened
        if not self.pending:
            return
        try:
            stored = self._state.record(self.pending, self._queue)
        except sqlite3.Error as error:
            self._note_trouble(error)
            return
        if self.trouble:
            log.info("events are stored again")
        self.pending, self.trouble = [], ""
        self.tell(stored)

    def note_open(self, going_on: Iterable[Open]) -> None:
        """Keep how long open visits and smiles have lasted, in case this process is killed."""
        try:
            self._state.note_open(going_on)
        except sqlite3.Error as error:
            self._note_trouble(error)

    def _note_trouble(self, error: sqlite3.Error) -> None:
        if not self.trouble:
            log.error("events cannot be stored: %s; they are kept in memory", error)
        self.trouble = f"events cannot be stored: {error}"
        # A broken file is set aside; one that could not be opened again is tried once more.
        if is_damage(error) or isinstance(error, sqlite3.ProgrammingError):
            try:
                self._state.reopen()
            except StateError as failure:
                log.debug("not opened again: %s", failure)

    def tell(self, stored: Sequence[Stored]) -> None:
        """Tell committed events to every sink."""
        for row in stored:
            for sink in self._sinks:
                sink(row)


class JsonLines:
    """Writes every event as one line of JSON, and what is only told live."""

    def __init__(self, where: str, stdout: TextIO) -> None:
        try:
            self._file = stdout if where == "-" else open(where, "a", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise SourceError(f"--events {where}: cannot be written: {error.strerror}") from None
        if isinstance(self._file, io.TextIOWrapper):
            self._file.reconfigure(encoding="utf-8")  # JSON is, whatever the terminal's is
        self._broken = False

    def __call__(self, row: Stored) -> None:
        self._write(row.payload)

    def live(self, topic: str, payload: str) -> None:
        """Write what is not stored."""
        self._write(payload)

    def _write(self, payload: str) -> None:
        if self._broken:
            return
        try:
            print(payload, file=self._file, flush=True)
        except OSError as error:
            self._broken = True
            log.warning("--events: %s; no more are written, the daemon goes on", error.strerror)
