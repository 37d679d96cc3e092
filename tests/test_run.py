"""`lipwire run` on the drawn face: its events are the script's, wherever they are written."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from typing import Any

import pytest

from edge.cameras import demo
from tests.command import ALONE, LOG_LINE, TIMEOUT_S, Lipwire
from tests.feed import check_event

FAST = ("run", *ALONE, "--pace", "max")
SMALL = ("--profile", "pi-zero-2w")  # a small picture, soon worked through


def printed(lipwire: Lipwire, *options: str) -> list[dict[str, Any]]:
    """What a run prints, each checked against the schema."""
    result = lipwire(*FAST, *options, "--events", "-")
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    return [check_event(line) for line in result.stdout.splitlines()]


def events(lipwire: Lipwire, *options: str) -> list[dict[str, Any]]:
    """The stored events that a run prints."""
    return [event for event in printed(lipwire, *options) if "seq" in event]


def seconds(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


@pytest.mark.parametrize("profile", ["generic", "pi-zero-2w"])
def test_the_smiles_of_the_drawn_face_are_the_ones_its_script_has(
    ready: Lipwire, profile: str
) -> None:
    told = events(ready, "--source", "demo", "--duration", "30", "--profile", profile)
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert told[0]["event_type"] == "face_arrived"
    assert told[-1]["event_type"] == "face_left"
    assert told[-1]["reason"] == "stopped"
    assert told[-1]["dwell_s"] == pytest.approx(30, abs=0.5)
    began = seconds(told[0])
    starts = [seconds(e) - began for e in told if e["event_type"] == "smile_started"]
    ends = [seconds(e) - began for e in told if e["event_type"] == "smile_ended"]
    once = [at for at in starts if at < demo.LOOP_S]
    assert len(once) == demo.SMILES_PER_LOOP
    for start, end, (due_start, due_end) in zip(starts, ends, demo.smile_times(), strict=False):
        assert start == pytest.approx(due_start, abs=0.5)
        assert end == pytest.approx(due_end, abs=0.5)


def test_mouth_shapes_are_printed_too_and_not_more_often_than_wanted(ready: Lipwire) -> None:
    (ready.home / "lipwire.toml").write_text("[viseme]\nevents_per_s = 0.2\n")
    told = [
        [e for e in printed(ready, "--duration", "12", *SMALL, *config) if "seq" not in e]
        for config in ((), ("--config", "lipwire.toml"))
    ]
    often, seldom = ([seconds(event) for event in mouths] for mouths in told)
    assert {event["event_type"] for mouths in told for event in mouths} == {"viseme_changed"}
    assert often == sorted(often)
    assert len(often) > 6
    assert len(seldom) <= 1 + 12 * 0.2 + 1  # the first, those that waited, and the last


def test_a_run_without_mouth_shapes_tells_of_none(ready: Lipwire) -> None:
    (ready.home / "lipwire.toml").write_text("[viseme]\nenabled = false\n")
    told = printed(ready, "--duration", "10", *SMALL, "--config", "lipwire.toml")
    assert {event["event_type"] for event in told} >= {"face_arrived", "smile_started"}
    assert all("seq" in event for event in told)


def test_a_second_run_counts_on_from_the_first(ready: Lipwire) -> None:
    first = events(ready, "--duration", "5", *SMALL)
    second = events(ready, "--duration", "5", *SMALL)
    assert second[0]["seq"] == first[-1]["seq"] + 1
    assert second[0]["face"] == first[0]["face"] + 1


def test_events_go_to_a_file_line_by_line(ready: Lipwire) -> None:
    result = ready(*FAST, "--duration", "2", *SMALL, "--events", "events.jsonl")
    assert (result.returncode, result.stdout) == (0, "")
    lines = (ready.home / "events.jsonl").read_text().splitlines()
    told = [check_event(line) for line in lines]
    assert [event["event_type"] for event in told if "seq" in event] == [
        "face_arrived",
        "face_left",
    ]


def test_a_daemon_whose_reader_has_gone_works_to_its_end_and_is_silent(ready: Lipwire) -> None:
    options = (*FAST, "--duration", "6", *SMALL, "--events", "-")
    with ready.start(*options, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["event_type"] == "face_arrived"
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(TIMEOUT_S) == 0, said
    assert [line for line in said.splitlines() if not LOG_LINE.match(line)] == []
    assert "smiles so far: " in said
