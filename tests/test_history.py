"""What happened hour by hour: counted with the events, kept over resets, dropped when old."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge import history
from edge import state as state_module
from edge.errors import StateError
from edge.events import Counts, Event, FaceArrived, FaceLeft, SmileEnded, SmileStarted
from edge.history import DAY_S, HOUR_S, Hour, read, read_folder
from edge.settings import HistorySettings
from edge.state import State
from edge.state_file import FILE, look_into, owner, stored_fact
from tests.conftest import complaint

HOUR = 1_700_000_000 // HOUR_S * HOUR_S  # an hour's beginning


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The time of day, which a test may set, and whether it is trusted."""
    values = {"now": HOUR + 10.0, "synced": 1.0}
    monkeypatch.setattr(history.time, "time", lambda: values["now"])
    monkeypatch.setattr(state_module, "clock_synced", lambda: bool(values["synced"]))
    return values


@pytest.fixture
def state(tmp_path: Path, clock: dict[str, float]) -> Iterator[State]:
    state = State(tmp_path)
    yield state
    state.close()


def visit(at: float, face: int = 1) -> list[Event]:
    """Someone who comes, smiles twice in 20 s and goes after a minute."""
    return [
        FaceArrived(face=face, at=at),
        SmileStarted(face=face, at=at + 5),
        SmileEnded(face=face, at=at + 7, duration_s=2.0, peak=0.9, reason="over"),
        SmileStarted(face=face, at=at + 20),
        SmileEnded(face=face, at=at + 21.5, duration_s=1.5, peak=0.9, reason="over"),
        FaceLeft(face=face, at=at + 60, dwell_s=60.0, reason="over"),
    ]


def test_everything_counts_in_the_utc_hour_in_which_it_happened(
    state: State, tmp_path: Path
) -> None:
    state.record(visit(HOUR + HOUR_S - 60.001))
    assert read_folder(tmp_path) == [Hour(HOUR, 2, 1, 1, 3.5, 60.0)]


def test_what_lasts_over_the_hour_counts_where_it_ends(state: State, tmp_path: Path) -> None:
    state.record(visit(HOUR + HOUR_S - 6))
    assert read_folder(tmp_path) == [
        Hour(HOUR, smiles=1, smilers=1, visitors=1),
        Hour(HOUR + HOUR_S, smiles=1, smile_seconds=3.5, dwell_seconds=60.0),
    ]


def test_an_hour_in_which_nothing_happened_has_no_row(state: State, tmp_path: Path) -> None:
    state.record(visit(HOUR) + visit(HOUR + 5 * HOUR_S, face=2))
    assert [hour.hour for hour in read_folder(tmp_path)] == [HOUR, HOUR + 5 * HOUR_S]


def test_the_hours_add_up_to_the_counts(state: State, tmp_path: Path) -> None:
    for face in range(1, 30):
        state.record(visit(HOUR + 700 * face, face))
    counts, found = state.counts(), read_folder(tmp_path)
    assert len(found) > 4
    assert sum(hour.smiles for hour in found) == counts.smiles_total
    assert sum(hour.smilers for hour in found) == counts.smilers_total
    assert sum(hour.visitors for hour in found) == counts.visitors_total
    assert sum(hour.smile_seconds for hour in found) == pytest.approx(counts.smile_seconds_total)


def test_events_that_cannot_be_stored_leave_the_hours_alone(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.record(visit(HOUR))
    before = read_folder(tmp_path)

    def fail() -> Counts:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(state, "_read_counts", fail)
    with pytest.raises(sqlite3.OperationalError):
        state.record(visit(HOUR, face=2))
    assert read_folder(tmp_path) == before


def test_the_last_day_is_read_from_the_hour_in_which_it_began(
    state: State, clock: dict[str, float]
) -> None:
    for back in (0, 1, 23, 24, 25):
        state.record([FaceArrived(face=1, at=HOUR - back * HOUR_S)])
    clock["now"] = HOUR + 1800
    assert [(HOUR - hour.hour) // HOUR_S for hour in state.last_day()] == [24, 23, 1, 0]


@pytest.mark.parametrize("synced", [True, False])
def test_old_hours_are_dropped_only_while_the_clock_can_be_trusted(
    tmp_path: Path, clock: dict[str, float], synced: bool
) -> None:
    clock["synced"] = 0.0
    with closing(State(tmp_path, history=HistorySettings(keep_days=10))) as state:
        state.record(visit(HOUR - 11 * DAY_S) + visit(HOUR - 9 * DAY_S, face=2))
        assert len(read_folder(tmp_path)) == 2
        clock["synced"] = float(synced)
        state.record(visit(HOUR, face=3))
    kept = [(HOUR - hour.hour) // DAY_S for hour in read_folder(tmp_path)]
    assert kept == ([9, 0] if synced else [11, 9, 0])


def test_a_clock_that_was_not_trusted_yet_does_not_move_what_happened(
    state: State, tmp_path: Path, clock: dict[str, float]
) -> None:
    """A board without a battery begins in 1970 or where it stopped; its times stay as they are."""
    clock["synced"] = 0.0
    state.record(visit(40.0))
    assert [hour.hour for hour in read_folder(tmp_path)] == [0]


def test_a_reset_of_the_counts_leaves_the_history(state: State, tmp_path: Path) -> None:
    state.record(visit(HOUR))
    before = read_folder(tmp_path)
    state.reset_counts()
    assert read_folder(tmp_path) == before


def test_a_visitor_who_smiles_before_and_after_a_reset_is_one_smiler_in_the_history(
    state: State, tmp_path: Path
) -> None:
    arrived, *smiles, left = visit(HOUR)
    state.record([arrived, *smiles[:2]])
    state.reset_counts()
    state.record([*smiles[2:], left])
    (hour,) = read_folder(tmp_path)
    assert (hour.smiles, hour.smilers, hour.visitors) == (2, 1, 1)


def test_a_folder_is_read_while_its_daemon_writes(state: State, tmp_path: Path) -> None:
    with look_into(tmp_path) as db:
        before = read(db)
        state.record(visit(HOUR))
        assert len(read(db)) == len(before) + 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM hours")
    assert len(read_folder(tmp_path)) == 1


def test_a_folder_is_read_when_no_daemon_uses_it(state: State, tmp_path: Path) -> None:
    state.record(visit(HOUR))
    state.close()
    assert len(read_folder(tmp_path)) == 1
    assert len(read_folder(tmp_path, HOUR + 10 * HOUR_S)) == 0


def test_a_folder_with_odd_letters_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "the door? #1 50%"
    with closing(State(folder)) as state:
        state.record(visit(HOUR))
        assert len(read_folder(folder)) == 1


def test_a_folder_without_state_is_said_in_one_line(tmp_path: Path) -> None:
    assert "no state is kept here" in complaint(lambda: read_folder(tmp_path), StateError)
    assert "no state is kept here" in complaint(lambda: read_folder(tmp_path / "none"), StateError)
    assert stored_fact(tmp_path, "device_id") is None


@pytest.mark.parametrize(
    "content", [b"this is a text", b"\0" * 4096, b"", b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_state_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert "cannot be read" in complaint(lambda: read_folder(tmp_path), StateError)
    assert "cannot be read" in complaint(lambda: stored_fact(tmp_path, "since"), StateError)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_stored_fact_is_read_from_outside(state: State, tmp_path: Path) -> None:
    state.fact("device_id", "door")
    assert stored_fact(tmp_path, "device_id") == "door"
    assert stored_fact(tmp_path, "colour") is None


def test_the_owner_of_a_folder_is_known_while_there_is_one(state: State, tmp_path: Path) -> None:
    assert owner(tmp_path) == str(os.getpid())
    state.close()
    assert owner(tmp_path) is None
    assert owner(tmp_path / "none") is None
