"""Counting is exact: what is committed is counted, kept and told once."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge import state as state_module
from edge.errors import StateError
from edge.events import Counts, Event, FaceArrived, FaceLeft, SmileEnded, SmileStarted, utc
from edge.history import Hour, read_folder
from edge.settings import OutboxSettings
from edge.state import REQUESTS_KEPT, Open, State
from edge.state_file import FILE

AT = 1_700_000_000.0
AT_HOUR = 1_699_999_200  # the hour in which that lies
# What the first version wrote: a visitor is there, who has smiled.
FIRST_VERSION = """
PRAGMA journal_mode = WAL;
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL, stored_at REAL NOT NULL);
CREATE TABLE visits (
    face INTEGER PRIMARY KEY, seen REAL NOT NULL, lasted_s REAL NOT NULL,
    smiled INTEGER NOT NULL, synced INTEGER NOT NULL);
CREATE TABLE smiles (
    face INTEGER PRIMARY KEY, seen REAL NOT NULL, lasted_s REAL NOT NULL,
    peak REAL NOT NULL, synced INTEGER NOT NULL);
INSERT INTO facts VALUES
    ('since', '2026-01-02T03:04:05.000Z'), ('device_id', 'door'), ('smiles_total', 5),
    ('smilers_total', 2), ('visitors_total', 3), ('smile_ms_total', 7500), ('delivered', 9),
    ('dropped', 1), ('unsent', 0), ('last_seq', 11), ('last_face', 4);
INSERT INTO outbox VALUES (11, 'event/smile', '{"seq": 11}', 1700000000.0);
INSERT INTO visits VALUES (4, 1700000000.0, 3.0, 1, 1);
PRAGMA user_version = 1;
"""

Opener = Callable[..., State]


@pytest.fixture
def open_state(tmp_path: Path) -> Iterator[Opener]:
    """Opens the state of this test's folder, anew each time, as a restarted daemon does."""
    opened: list[State] = []

    def open_(bounds: OutboxSettings | None = None) -> State:
        for state in opened:
            state.close()
        opened.append(State(tmp_path, bounds))
        return opened[-1]

    yield open_
    for state in opened:
        state.close()


def visit(face: int, smiles: int = 1) -> list[Event]:
    """One visitor who smiles some times, two seconds each."""
    events: list[Event] = [FaceArrived(face=face, at=AT)]
    for i in range(smiles):
        events.append(SmileStarted(face=face, at=AT + 5 * i))
        events.append(
            SmileEnded(face=face, at=AT + 5 * i + 2, duration_s=2.0, peak=0.9, reason="over")
        )
    return [*events, FaceLeft(face=face, at=AT + 60, dwell_s=60.0, reason="over")]


def test_counts_follow_from_the_events(open_state: Opener) -> None:
    state = open_state()
    state.record(visit(1, smiles=3) + visit(2, smiles=0) + visit(3)[:2])
    counts = state.counts()
    assert (counts.smiles_total, counts.smilers_total, counts.visitors_total) == (4, 2, 3)
    assert (counts.smile_seconds_total, counts.faces_now, counts.seq) == (6.0, 1, 12)


def test_everything_is_there_after_a_restart(open_state: Opener) -> None:
    state = open_state()
    stored = state.record(visit(1))
    before = state.counts()
    state = open_state()
    assert state.counts() == before
    assert state.waiting(100) == stored
    assert state.next_face == 2


def test_sequence_numbers_grow_by_one_and_ids_are_unique(open_state: Opener) -> None:
    state = open_state()
    stored = [row for face in range(20) for row in state.record(visit(face))]
    messages = [json.loads(row.payload) for row in stored]
    assert [m["seq"] for m in messages] == list(range(1, len(messages) + 1))
    assert len({m["id"] for m in messages}) == len(messages)


def test_a_transaction_that_fails_leaves_nothing_and_its_numbers_are_not_used_again(
    open_state: Opener,
) -> None:
    state = open_state()
    state.record(visit(1))
    before, ledger = state.counts(), state.ledger()
    with pytest.raises(OverflowError):
        state.record([*visit(2), FaceArrived(face=2**70, at=AT)])
    assert (state.counts(), state.ledger()) == (before, ledger)
    (arrived, *_) = state.record(visit(3))
    assert arrived.seq > before.seq + len(visit(2))
    assert open_state().counts().visitors_total == 2


def test_a_delivered_event_leaves_the_outbox_once(open_state: Opener) -> None:
    state = open_state()
    first, second, *_ = state.record(visit(1))
    state.delivered([first.seq, second.seq])
    state.delivered([first.seq])
    assert state.ledger() == {"delivered": 2, "dropped": 0, "unsent": 0, "waiting": 2}
    assert first not in state.waiting(100)


def test_rows_on_their_way_are_not_given_again(open_state: Opener) -> None:
    state = open_state()
    rows = state.record(visit(1))
    assert state.waiting(2, but=[rows[0].seq]) == rows[1:3]


@pytest.mark.parametrize(
    "bounds", [OutboxSettings(max_rows=10), OutboxSettings(max_bytes=2500)], ids=["rows", "bytes"]
)
def test_past_the_bound_the_oldest_go_first_and_are_counted(
    open_state: Opener, bounds: OutboxSettings, caplog: pytest.LogCaptureFixture
) -> None:
    state = open_state(bounds)
    stored = [row for face in range(1, 21) for row in state.record(visit(face))]
    waiting = state.waiting(1000)
    assert waiting == stored[-len(waiting) :]
    assert len(waiting) <= bounds.max_rows
    assert sum(len(row.payload) for row in waiting) <= bounds.max_bytes
    ledger = state.ledger()
    assert sum(ledger.values()) == len(stored)
    assert ledger["dropped"] == len(stored) - len(waiting)
    assert state.counts().smiles_total == 20
    assert "oldest events dropped" in caplog.text
    assert open_state(bounds).ledger() == ledger


def test_without_a_broker_events_count_and_do_not_wait(open_state: Opener) -> None:
    state = open_state()
    state.record(visit(1), queue=False)
    assert state.ledger() == {"delivered": 0, "dropped": 0, "unsent": 4, "waiting": 0}
    assert state.counts().smiles_total == 1


def test_what_a_crash_left_open_is_ended_as_interrupted(open_state: Opener) -> None:
    state = open_state()
    state.record(visit(7)[:2])
    # Meanwhile the clock was set: the time of day jumps, how long it lasted does not.
    state.note_open([Open(7, AT + 9e6, dwell_s=30.0, smile_s=20.0, peak=0.9)])
    state = open_state()
    ended, left = (json.loads(row.payload) for row in state.close_interrupted())
    assert (ended["event_type"], ended["reason"]) == ("smile_ended", "interrupted")
    assert (ended["duration_s"], ended["peak"]) == (20.0, 0.9)
    assert (left["event_type"], left["reason"]) == ("face_left", "interrupted")
    assert left["dwell_s"] == 30.0
    assert ended["at"] == left["at"] == utc(AT + 9e6)
    assert state.counts().faces_now == 0
    assert state.counts().smile_seconds_total == 20.0
    assert state.close_interrupted() == []


def test_a_second_daemon_on_the_same_folder_is_refused(open_state: Opener, tmp_path: Path) -> None:
    open_state()
    with pytest.raises(StateError, match="in use by another lipwire"):
        State(tmp_path)
    assert open_state().counts().seq == 0


def test_a_failure_after_the_events_were_written_undoes_them(
    open_state: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = open_state()

    def fail() -> Counts:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(state, "_read_counts", fail)
        with pytest.raises(sqlite3.OperationalError):
            state.record(visit(1))
    state.record(visit(1))
    assert (state.counts().visitors_total, state.waiting_count) == (1, 4)


def test_a_file_that_was_emptied_beside_its_log_is_damaged(
    open_state: Opener, tmp_path: Path
) -> None:
    open_state().record(visit(1))
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in (FILE, f"{FILE}-wal"):
        (killed / name).write_bytes((tmp_path / name).read_bytes())
    (killed / FILE).write_bytes(b"")
    state = State(killed)
    assert len(list(killed.glob(f"{FILE}.damaged-*"))) == 2
    assert state.record(visit(2))[0].seq > 1_700_000_000
    state.close()


def test_numbers_are_not_used_again_when_the_daemon_died_while_setting_a_file_aside(
    open_state: Opener, tmp_path: Path
) -> None:
    open_state().record(visit(1))
    open_state().close()
    (tmp_path / FILE).rename(tmp_path / f"{FILE}.damaged-20260101T000000")
    state = open_state()
    assert state.record(visit(state.next_face))[0].seq > 1_700_000_000
    assert state.next_face > 1_700_000_000


@pytest.mark.parametrize("damage", ["head", "middle", "no database"])
def test_a_damaged_file_is_kept_aside_and_counting_begins_anew(
    open_state: Opener, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    state = open_state()
    for face in range(200):
        state.record(visit(face))
    last_seq, first_since = state.counts().seq, state.counts().since
    state.close()
    file = tmp_path / FILE
    content = bytearray(file.read_bytes())
    if damage == "head":
        content[:100] = bytes(100)
    elif damage == "middle":
        content[4096 : 4096 * 12] = b"\xff" * (4096 * 11)
    else:
        content = bytearray(b"this is a text")
    file.write_bytes(content)
    with caplog.at_level(logging.ERROR):
        state = open_state()
    (aside,) = (path for path in tmp_path.iterdir() if ".damaged-" in path.name)
    assert aside.read_bytes() == bytes(content)
    assert str(aside.name) in caplog.text
    assert state.counts().smiles_total == 0
    assert state.counts().since >= first_since
    (row, *_) = state.record(visit(state.next_face))
    assert row.seq > last_seq
    assert open_state().counts().visitors_total == 1


def test_a_file_of_a_newer_version_is_left_alone(open_state: Opener, tmp_path: Path) -> None:
    open_state().close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StateError, match="newer"):
        open_state()


def test_a_folder_that_cannot_be_one_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot keep state here"):
        State(tmp_path / "file")


def test_a_fact_is_stored_at_first_use(open_state: Opener) -> None:
    state = open_state()
    assert state.fact("device_id", "one") == "one"
    assert state.fact("device_id", "two") == "one"


def test_a_fact_can_be_changed_for_good(open_state: Opener) -> None:
    state = open_state()
    state.set_fact("paused", "yes")
    assert open_state().fact("paused", "") == "yes"


def test_a_reset_begins_the_totals_anew_and_leaves_who_is_present(
    open_state: Opener, tmp_path: Path
) -> None:
    state = open_state()
    state.record(visit(1, smiles=2) + visit(2)[:3])
    before = state.counts()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("UPDATE facts SET value = '2020-01-01T00:00:00.000Z' WHERE name = 'since'")
        db.commit()
    state.reset_counts()
    counts = state.counts()
    assert (counts.smiles_total, counts.smilers_total, counts.visitors_total) == (0, 0, 0)
    assert (counts.smile_seconds_total, counts.faces_now) == (0.0, 1)
    assert counts.seq == before.seq
    assert counts.since > "2026"
    assert open_state().counts() == counts


def test_after_a_reset_a_visitor_who_is_still_there_may_become_a_smiler_again(
    open_state: Opener,
) -> None:
    state = open_state()
    state.record(visit(1)[:3])
    state.reset_counts()
    state.record([SmileStarted(face=1, at=AT + 30), SmileStarted(face=1, at=AT + 40)])
    counts = state.counts()
    assert (counts.smiles_total, counts.smilers_total, counts.visitors_total) == (2, 1, 0)
    assert state.record([FaceLeft(face=1, at=AT + 60, dwell_s=60.0, reason="over")])[0].seq == 6


def test_a_reset_leaves_what_waits_for_the_broker(open_state: Opener) -> None:
    state = open_state()
    state.record(visit(1))
    state.reset_counts()
    assert state.ledger() == {"delivered": 0, "dropped": 0, "unsent": 0, "waiting": 4}


def test_answers_are_remembered_over_a_restart_and_the_oldest_are_forgotten(
    open_state: Opener,
) -> None:
    state = open_state()
    for i in range(REQUESTS_KEPT + 3):
        state.remember(f"request {i}", f"answer {i}")
    state = open_state()
    assert [state.answer(f"request {i}") for i in range(3)] == [None] * 3
    assert state.answer("request 3") == "answer 3"
    assert state.answer(f"request {REQUESTS_KEPT + 2}") == f"answer {REQUESTS_KEPT + 2}"


def test_transactions_within_one_another_are_kept_together(open_state: Opener) -> None:
    state = open_state()
    with state.transaction():
        state.record(visit(1))
        state.remember("a", "done")
        state.reset_counts()
    state = open_state()
    assert state.answer("a") == "done"
    assert (state.counts().visitors_total, state.counts().seq) == (0, 4)


def test_transactions_within_one_another_fail_together(
    open_state: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "clock_synced", lambda: False)  # old hours are kept
    state = open_state()
    first, *_ = state.record(visit(1))
    before, ledger = state.counts(), state.ledger()

    def fail() -> None:
        with state.transaction():
            state.set_fact("paused", "yes")
            state.record(visit(2))
            state.delivered([first.seq])
            state.remember("a", "done")
            state.reset_counts()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    for again in (False, True):
        found = open_state() if again else state
        assert (found.counts(), found.ledger()) == (before, ledger)
        assert found.answer("a") is None
        assert found.fact("paused", "no") == "no"
        assert len(found.waiting(100)) == 4
        assert sum(hour.visitors for hour in read_folder(tmp_path)) == 1


def test_a_file_of_the_first_version_is_upgraded_and_keeps_what_it_counted(
    open_state: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "clock_synced", lambda: False)  # old hours are kept
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.executescript(FIRST_VERSION)
    state = open_state()
    counts = state.counts()
    assert (counts.smiles_total, counts.smilers_total, counts.visitors_total) == (5, 2, 3)
    assert (counts.smile_seconds_total, counts.faces_now, counts.seq) == (7.5, 1, 11)
    assert counts.since == "2026-01-02T03:04:05.000Z"
    assert state.fact("device_id", "other") == "door"
    assert [row.seq for row in state.waiting(10)] == [11]
    assert state.ledger() == {"delivered": 9, "dropped": 1, "unsent": 0, "waiting": 1}
    assert state.last_day() == []
    assert state.answer("a") is None
    left = FaceLeft(face=4, at=AT + 60, dwell_s=60.0, reason="over")
    assert [row.seq for row in state.record([left, *visit(5)])] == [12, 13, 14, 15, 16]
    assert state.counts().smilers_total == 3
    state.remember("a", "done")
    assert read_folder(tmp_path) == [Hour(AT_HOUR, 1, 1, 1, 2.0, 120.0)]
    state = open_state()
    assert (state.counts().smiles_total, state.answer("a")) == (6, "done")


def test_what_a_crash_left_open_is_as_old_as_when_it_was_last_seen(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.record([FaceArrived(face=1, at=AT)])
    ended = state.close_interrupted()
    state.close()
    assert [(row.topic, row.stored_at) for row in ended] == [("event/face", AT)]
