"""Commands: what is understood, done once, and answered, whatever is sent."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import LipwireError, SettingsError
from edge.feed.commands import (
    LONGEST_REQUEST,
    MOST_BYTES,
    MOST_WAITING,
    Action,
    Command,
    Commands,
    parse,
)
from edge.state import State
from tests.conftest import complaint
from tests.feed import check_message


class Device:
    """Carries commands out and keeps what was done and answered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: list[Command] = []
        self.answers: list[dict[str, Any]] = []
        self.failure: Exception | None = None
        self._start()

    def __call__(self, name: str, payload: bytes | str = b"") -> dict[str, Any]:
        """Send one command; gives its answer."""
        before = len(self.answers)
        self.receive(name, payload)
        self.commands.carry_out()
        assert len(self.answers) == before + 1
        return self.answers[-1]

    def receive(self, name: str, payload: bytes | str = b"") -> None:
        self.commands.receive(name, payload.encode() if isinstance(payload, str) else payload)

    def restart(self) -> None:
        self.state.close()
        self._start()

    def _start(self) -> None:
        self.state = State(self.folder)
        actions = {"wave": Action(self._keep, self._wave), "profile": Action(act=self._wave)}
        self.commands = Commands(self.state, actions, self._hear)

    def _wave(self, command: Command) -> str:
        if self.failure:
            raise self.failure
        self.done.append(command)
        return "waved"

    def _keep(self) -> None:
        self.state.set_fact("waved", str(len(self.done)))

    def _hear(self, payload: str) -> None:
        self.answers.append(check_message("lipwire/test/result", payload))


def test_a_retained_command_is_old_and_ignored_with_one_line(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    device.commands.receive("wave", b"{}", retained=True)
    device.commands.carry_out()
    assert (device.done, device.answers) == ([], [])
    assert caplog.messages == ["command wave is retained: ignored; publish it without"]


def test_other_commands_may_have_the_same_request(device: Device) -> None:
    device("wave", '{"request": "1"}')
    device("profile", '{"request": "1"}')
    device("wave", '{"request": "1"}')
    assert [command.name for command in device.done] == ["wave", "profile"]


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    device = Device(tmp_path)
    yield device
    device.state.close()


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        (b"", Command("wave")),
        (b" \n", Command("wave")),
        (b"{}", Command("wave")),
        (b'{"request": "a-1"}', Command("wave", request="a-1")),
        (b'{"request": "", "profile": "pi-5"}', Command("wave", profile="pi-5")),
        ('{"request": "Türe\\u0000\\n"}'.encode(), Command("wave", request="Türe\0\n")),
        (json.dumps({"request": "x" * LONGEST_REQUEST}).encode(), Command("wave", "x" * 100)),
    ],
    ids=str,
)
def test_a_good_payload_is_understood(payload: bytes, command: Command) -> None:
    assert parse("wave", payload) == command


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"please", "not JSON"),
        (b'{"request": "a"', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"request": "\xff"}', "not JSON"),
        (b"[" * MOST_BYTES, "not JSON"),
        (b'{"request":' * 90, "not JSON"),
        (b"[]", "must be a JSON object"),
        (b'"pause"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"1e999", "must be a JSON object"),
        (b'{"request": 7}', "request must be a text"),
        (b'{"request": null}', "request must be a text"),
        (b'{"profile": ["pi-5"]}', "profile must be a text"),
        (b'{"request": "\\ud800"}', "request must be a text"),
        (b'{"name": "resume"}', "unknown key name; known: profile, request"),
        (b'{"\\ud800\\n": 1}', "unknown key ??"),
        (b" " * (MOST_BYTES + 1), "more than 1000 bytes"),
        (json.dumps({"request": "x" * 101}).encode(), "request: more than 100 characters"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_with_a_payload_is_said_in_one_line(payload: bytes, said: str) -> None:
    assert said in complaint(lambda: parse("wave", payload), LipwireError)


def test_a_command_is_carried_out_and_answered(device: Device) -> None:
    answer = device("wave", '{"request": "a"}')
    assert device.done == [Command("wave", "a")]
    assert (answer["command"], answer["request"], answer["ok"]) == ("wave", "a", True)
    assert answer["message"] == "waved"
    assert device.state.fact("waved", "0") == "1"


def test_commands_wait_until_there_is_time_for_them_and_keep_their_order(device: Device) -> None:
    for request in "abc":
        device.receive("wave", json.dumps({"request": request}))
    assert device.done == []
    device.commands.carry_out()
    assert [command.request for command in device.done] == ["a", "b", "c"]
    assert [answer["request"] for answer in device.answers] == ["a", "b", "c"]


def test_a_request_that_comes_again_is_answered_again_and_done_once(device: Device) -> None:
    first = device("wave", '{"request": "a"}')
    assert device("wave", '{"request": "a"}') == first
    assert len(device.done) == 1


def test_a_request_that_comes_again_after_a_restart_is_done_once(device: Device) -> None:
    first = device("wave", '{"request": "a"}')
    device.restart()
    assert device("wave", '{"request": "a"}') == first
    assert len(device.done) == 1


def test_a_command_without_a_request_is_done_each_time(device: Device) -> None:
    assert device("wave")["ok"]
    assert device("wave", '{"request": ""}')["ok"]
    assert len(device.done) == 2


def test_a_command_that_there_is_not_is_answered_with_those_there_are(device: Device) -> None:
    answer = device("jump", '{"request": "a"}')
    assert (answer["ok"], answer["message"]) == (
        False,
        "no such command; there are: wave, profile",
    )
    assert device.done == []


def test_more_than_can_wait_is_dropped_and_said(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(MOST_WAITING + 5):
        device.receive("wave")
    device.commands.carry_out()
    assert len(device.done) == MOST_WAITING
    assert [answer["ok"] for answer in device.answers] == [False] * 5 + [True] * MOST_WAITING
    assert caplog.text.count("commands come too fast") == 1
    assert device("wave")["ok"]


def test_commands_that_never_cease_leave_time_for_other_work(device: Device) -> None:
    def wave_on(_: str) -> None:
        if len(device.done) < 1000:
            device.receive("wave")

    commands = Commands(device.state, {"wave": Action(device._wave)}, wave_on)
    device.commands = commands
    device.receive("wave")
    commands.carry_out()
    assert len(device.done) <= MOST_WAITING


def test_a_command_that_cannot_be_obeyed_is_answered_with_the_reason_and_may_come_again(
    device: Device,
) -> None:
    device.failure = SettingsError("no such profile")
    answer = device("profile", '{"request": "a", "profile": "x"}')
    assert (answer["ok"], answer["request"], answer["message"]) == (False, "a", "no such profile")
    device.failure = None
    assert device("profile", '{"request": "a"}')["ok"]


def test_an_action_that_fails_unforeseen_is_answered_and_logged_and_others_go_on(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    device.failure = ZeroDivisionError("inside")
    answer = device("wave", '{"request": "a"}')
    assert (answer["ok"], answer["message"]) == (False, "failed: ZeroDivisionError")
    assert "Traceback" in caplog.text
    device.failure = None
    assert device("wave", '{"request": "a"}')["ok"]


@pytest.mark.parametrize("at", ["answer", "set_fact", "remember"])
def test_on_a_full_disk_a_command_is_answered_as_failed_and_not_remembered(
    device: Device, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(device.state, at, full)
        answer = device("wave", '{"request": "a"}')
    assert (answer["ok"], answer["request"]) == (False, "a")
    assert answer["message"] == "cannot be kept: database or disk is full"
    assert device.state.answer("a") is None
    assert device.state.fact("waved", "never") == "never"
    assert device("wave", '{"request": "a"}')["ok"]


def test_a_strangers_text_adds_no_line_to_the_log(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    device("wave\nroot: all is well")
    device("wave", '{"x\\n\\u001b[2J": 1}')
    for _ in range(2):
        device("wave", '{"request": "a\\nroot: all is well\\u001b[2J"}')
    assert len(caplog.records) == 4
    for record in caplog.records:
        assert record.getMessage().isprintable(), record.getMessage()


NAMES = st.one_of(st.sampled_from(["wave", "profile"]), st.text(st.characters(), max_size=60))
TEXTS = st.text(st.characters(codec=None), max_size=120)
VALUES = st.dictionaries(st.one_of(st.sampled_from(["request", "profile"]), TEXTS), TEXTS)
PAYLOADS = st.one_of(st.binary(max_size=1200), VALUES.map(json.dumps).map(str.encode))


@given(name=NAMES, payload=PAYLOADS)
@settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # one device for all of them
)
def test_whatever_is_sent_is_answered_with_one_message_that_fits_the_schema(
    device: Device, name: str, payload: bytes
) -> None:
    answer = device(name, payload)
    assert "\n" not in answer["message"]


@pytest.mark.parametrize(
    ("name", "payload"),
    [("nonsense", {}), ("wave", {"volume": "loud"}), ("wave", {"profile": 3})],
    ids=["name", "key", "value"],
)
def test_a_request_is_echoed_though_the_command_is_wrong(
    device: Device, name: str, payload: dict[str, Any]
) -> None:
    answer = device(name, json.dumps({"request": "42", **payload}))
    assert (answer["ok"], answer["request"]) == (False, "42")


def test_what_cannot_be_kept_is_not_done(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    pause = Action(full, lambda _: done.append("paused"), "paused")
    commands = Commands(device.state, {"pause": pause}, device._hear)
    commands.receive("pause", b"{}")
    commands.carry_out()
    assert (device.answers[-1]["ok"], done) == (False, [])
