"""The last stage keeps what cannot be stored now, and says so."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.emit import Emitter, JsonLines
from edge.errors import SourceError
from edge.events import Event, FaceArrived
from edge.outbox import Stored
from edge.state import State
from edge.state_file import FILE

AT = 1_700_000_000.0


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path)
    yield state
    state.close()


def arrivals(count: int, first: int = 1) -> list[Event]:
    return [FaceArrived(face=first + i, at=AT) for i in range(count)]


def test_events_are_told_after_they_were_committed(state: State) -> None:
    seen: list[tuple[Stored, int]] = []
    emit = Emitter(state, queue=True, sinks=[lambda row: seen.append((row, state.waiting_count))])
    emit(arrivals(2))
    emit([])
    assert [row.seq for row, _ in seen] == [1, 2]
    assert {waiting for _, waiting in seen} == {2}


def test_a_full_disk_delays_events_and_loses_none(
    state: State, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Stored] = []
    emit = Emitter(state, queue=True, sinks=[seen.append])
    (pages,) = state._db.execute("PRAGMA page_count").fetchone()
    state._db.execute(f"PRAGMA max_page_count = {pages}")
    emit(arrivals(200))
    emit(arrivals(1, first=201))
    assert (len(emit.pending), seen) == (201, [])
    assert "full" in emit.trouble
    assert caplog.text.count("events cannot be stored") == 1
    state._db.execute("PRAGMA max_page_count = 100000")
    emit([])
    assert (emit.pending, emit.trouble) == ([], "")
    assert [json.loads(row.payload)["face"] for row in seen] == list(range(1, 202))
    assert state.counts().visitors_total == 201


def test_a_file_that_breaks_while_in_use_is_set_aside_and_events_go_on(
    state: State, tmp_path: Path
) -> None:
    seen: list[Stored] = []
    emit = Emitter(state, queue=True, sinks=[seen.append])
    for i in range(1, 101):
        emit(arrivals(1, first=i))
    state._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    state._db.execute("PRAGMA cache_size = 0")
    with (tmp_path / FILE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 8)
    for _ in range(3):
        emit(arrivals(1, first=500))
    assert emit.pending == []
    assert list(tmp_path.glob(f"{FILE}.damaged-*"))
    assert seen[-1].seq > 1_700_000_000
    assert state.counts().visitors_total >= 1


def test_json_lines_go_on_without_a_reader(caplog: pytest.LogCaptureFixture) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    lines = JsonLines("-", Gone())
    for seq in (1, 2):
        lines(Stored(seq, "event/face", "{}", AT))
    assert caplog.text.count("no more are written") == 1


def test_a_file_for_events_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be written"):
        JsonLines(str(tmp_path / "none" / "events.jsonl"), io.StringIO())
