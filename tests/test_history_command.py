"""`lipwire history`: hours in local time, days, CSV."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import pytest

from edge.events import Event, FaceArrived, FaceLeft, SmileEnded, SmileStarted
from edge.state import State
from tests.command import Lipwire

NOON = 1_794_398_400.0  # 2026-11-11 12:00 UTC


def visit(face: int, at: float) -> list[Event]:
    """Someone who comes, smiles for 1.5 s and goes."""
    return [
        FaceArrived(face=face, at=at),
        SmileStarted(face=face, at=at),
        SmileEnded(face=face, at=at, duration_s=1.5, peak=0.9, reason="over"),
        FaceLeft(face=face, at=at, dwell_s=4.0, reason="face_left"),
    ]


@pytest.fixture
def kept(lipwire: Lipwire) -> Lipwire:
    """Two visits within an hour, one eleven hours later."""
    state = State(lipwire.home / "state/lipwire")
    for face, at in ((1, NOON), (2, NOON + 3599), (3, NOON + 11 * 3600)):
        state.record(visit(face, at), queue=False)
    state.close()
    return lipwire


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_hours_as_csv_have_local_time_and_utc(
    kept: Lipwire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    first, second = rows(kept("history", "--csv").stdout)
    assert first == {
        "hour": "2026-11-11 17:30+05:30",
        "hour_utc": "2026-11-11T12:00Z",
        "smiles": "2",
        "smilers": "2",
        "visitors": "2",
        "smile_seconds": "3.0",
        "dwell_seconds": "8.0",
    }
    assert second["hour_utc"] == "2026-11-11T23:00Z"


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", {"2026-11-11": "3"}),
        ("Europe/Berlin", {"2026-11-11": "2", "2026-11-12": "1"}),
        ("America/Los_Angeles", {"2026-11-11": "3"}),
    ],
)
def test_days_are_local_days(
    kept: Lipwire, monkeypatch: pytest.MonkeyPatch, zone: str, days: dict[str, str]
) -> None:
    monkeypatch.setenv("TZ", zone)
    found = rows(kept("history", "--csv", "--by", "day").stdout)
    assert {row["day"]: row["smiles"] for row in found} == days


def test_without_csv_it_is_a_table_for_people(kept: Lipwire) -> None:
    title, *lines = kept("history").stdout.splitlines()
    assert title.split() == [
        "hour",
        "smiles",
        "smilers",
        "visitors",
        "smile",
        "seconds",
        "dwell",
        "seconds",
    ]
    assert [line.split()[2] for line in lines] == ["2", "1"]


def test_only_the_last_days_where_so_many_are_wanted(kept: Lipwire) -> None:
    state = State(kept.home / "state/lipwire")
    state.record([*visit(4, time.time()), FaceArrived(face=5, at=time.time())], queue=False)
    state.close()
    assert sum(int(row["visitors"]) for row in rows(kept("history", "--csv").stdout)) == 5
    recent = rows(kept("history", "--csv", "--days", "1").stdout)
    assert sum(int(row["visitors"]) for row in recent) == 2


def test_it_can_be_asked_while_a_daemon_uses_the_state(kept: Lipwire) -> None:
    state = State(kept.home / "state/lipwire")
    assert len(rows(kept("history", "--csv").stdout)) == 2
    state.close()


def test_no_state_and_a_broken_one_are_one_line(lipwire: Lipwire, tmp_path: Path) -> None:
    assert "no state is kept here" in lipwire.complaint("history")
    (tmp_path / "state.sqlite").write_text("this is no database, it is a letter" * 100)
    assert "cannot be read" in lipwire.complaint("history", "--state", tmp_path)
    assert "--days" in lipwire.complaint("history", "--days", "-1")
