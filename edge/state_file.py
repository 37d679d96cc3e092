"""The state's file and folder: one daemon at a time, made safe against power cuts and damage."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from edge.errors import StateError
from edge.events import utc

log = logging.getLogger(__name__)

FILE = "state.sqlite"
VERSION = 1
TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS visits (
    face INTEGER PRIMARY KEY, began REAL NOT NULL, seen REAL NOT NULL, smiled INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS smiles (
    face INTEGER PRIMARY KEY, began REAL NOT NULL, seen REAL NOT NULL);
"""


def claim(folder: Path) -> TextIO:
    """Take the folder for this process; the kernel gives it back however the process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / "daemon.lock", "a+", encoding="ascii")  # noqa: SIM115
    except OSError as error:
        raise StateError(f"{folder}: cannot keep state here: {error.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        owner = file.read().strip()
        file.close()
        raise StateError(
            f"{folder}: in use by another lipwire (process {owner}); give this one its own --state"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def open_file(path: Path) -> sqlite3.Connection:
    """Open the file; a damaged one is kept aside and a new one begun."""
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        aside = f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}"
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{path}{suffix}", path.with_name(f"{aside}{suffix}"))
        log.error("%s is damaged (%s): kept as %s, counting begins anew", path, error, aside)
        db = _connect(path)
        # The lost numbers are unknown; no daemon makes an event a second for years on end, so
        # counting on from the clock never meets them.
        db.execute("INSERT INTO facts VALUES ('last_seq', ?)", (int(time.time()),))
        db.execute("INSERT INTO facts VALUES ('last_face', ?)", (int(time.time()),))
        return db


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            damage = sqlite3.DatabaseError(verdict)
            damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise damage
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StateError(f"written by a newer lipwire (format {version})")
        db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        db.execute("INSERT OR IGNORE INTO facts VALUES ('since', ?)", (utc(time.time()),))
    except BaseException:
        db.close()
        raise
    return db
