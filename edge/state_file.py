"""The state's file and folder: one daemon at a time, made safe against power cuts and damage."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from edge.errors import StateError, StateUnavailable
from edge.events import utc

log = logging.getLogger(__name__)

FILE = "state.sqlite"
VERSION = 2
# `seen` is when (UTC) and `lasted_s` for how long what is open was last known to go on: durations
# come from the frames' steady clock, because a board's UTC may jump.
TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL, stored_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS visits (
    face INTEGER PRIMARY KEY, seen REAL NOT NULL, lasted_s REAL NOT NULL,
    smiled INTEGER NOT NULL, synced INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS smiles (
    face INTEGER PRIMARY KEY, seen REAL NOT NULL, lasted_s REAL NOT NULL,
    peak REAL NOT NULL, synced INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS hours (
    hour INTEGER PRIMARY KEY, smiles INTEGER NOT NULL DEFAULT 0, smilers INTEGER NOT NULL DEFAULT 0,
    visitors INTEGER NOT NULL DEFAULT 0, smile_seconds REAL NOT NULL DEFAULT 0,
    dwell_seconds REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL UNIQUE, answer TEXT NOT NULL);
"""
LOCK_ATTEMPTS, LOCK_PAUSE_S = 4, 0.05
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
PASSING = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY)


def claim(folder: Path) -> TextIO:
    """Take the folder for this process; the kernel gives it back however the process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / "daemon.lock", "a+", encoding="ascii")  # noqa: SIM115
    except OSError as error:
        kind = StateUnavailable if error.errno in (errno.ENOSPC, errno.EIO) else StateError
        raise kind(f"{folder}: cannot keep state here: {error.strerror}") from None
    if not _locked(file):
        file.seek(0)
        owner = file.read().strip()
        file.close()
        raise StateError(
            f"{folder}: in use by another lipwire (process {owner}); give this one its own --state"
        ) from None
    with suppress(OSError):  # the number is only for people; a full disk must not matter here
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
    return file


def _locked(file: TextIO) -> bool:
    """Whether the lock could be had; whoever only looks who has it holds it for a moment."""
    for attempt in range(LOCK_ATTEMPTS):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            time.sleep(LOCK_PAUSE_S if attempt < LOCK_ATTEMPTS - 1 else 0)
    return False


def open_file(path: Path) -> sqlite3.Connection:
    """Open the file; a damaged one is kept aside and a new one begun."""
    try:
        try:
            return _connect(path)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            _set_aside(path, error)
            return _connect(path)
    except sqlite3.Error as error:
        kind = StateUnavailable if _code(error) in PASSING else StateError
        raise kind(f"{path}: cannot be used: {error}") from None
    except OSError as error:
        raise StateError(f"{path}: cannot be used: {error.strerror}") from None


def exists(folder: Path) -> bool:
    """Whether a state is kept in a folder."""
    try:
        return stat.S_ISREG((folder / FILE).stat().st_mode)
    except FileNotFoundError:
        return False
    except OSError as error:
        why = f"cannot be looked at: {error.strerror}; as which user?"
        raise StateError(f"{folder}: {why}") from None


@contextmanager
def look_into(folder: Path) -> Iterator[sqlite3.Connection]:
    """Read a state file, while a daemon writes it or not."""
    path = folder / FILE
    if not exists(folder):
        raise StateError(f"{folder}: no state is kept here; is it the folder of --state?")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        older = "no such table" in str(error)
        advice = "written by an older lipwire: start the daemon once" if older else "as which user?"
        raise StateError(f"{path}: cannot be read: {error}; {advice}") from None


def stored_fact(folder: Path, name: str) -> str | None:
    """A text that the daemon of a folder keeps; None where there is none."""
    if not exists(folder):
        return None
    with look_into(folder) as db:
        row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def owner(folder: Path) -> str | None:
    """The process that uses a folder now; None where none does."""
    try:
        with open(folder / "daemon.lock", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "unknown"
    except OSError:
        return None
    return None


def _set_aside(path: Path, why: sqlite3.Error) -> None:
    aside = f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}"
    for suffix in ("-wal", "-shm", ""):  # the file itself last: until then it is still damaged
        with suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", path.with_name(f"{aside}{suffix}"))
    log.error("%s is damaged (%s): kept as %s, counting begins anew", path, why, aside)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error means that the file itself is broken."""
    return _code(error) in DAMAGE


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _connect(path: Path) -> sqlite3.Connection:
    _refuse_emptied(path)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise _damage(verdict)
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StateError(f"{path}: written by a newer lipwire (format {version})")
        db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        db.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", _first_facts(path))
    except BaseException:
        db.close()
        raise
    return db


def _refuse_emptied(path: Path) -> None:
    """SQLite would take an emptied file for a new one and drop the log beside it."""
    log_file = path.with_name(f"{path.name}-wal")
    if path.exists() and path.stat().st_size == 0 and log_file.exists():
        raise _damage("the file is empty")


def _first_facts(path: Path) -> list[tuple[str, object]]:
    """What a new file begins with.

    After a damaged one its numbers are unknown: a far one is begun with, so that none comes again.
    """
    since: tuple[str, object] = ("since", utc(time.time()))
    if not any(path.parent.glob(f"{path.name}.damaged-*")):
        return [since]
    far = max(int(time.time()), 1_700_000_000) + secrets.randbelow(1_000_000_000)
    return [since, ("last_seq", far), ("last_face", far)]


def _damage(what: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
