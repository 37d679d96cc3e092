"""The daemon under command, and how it tells what it is doing."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Mosquitto
from tests.daemon import Daemon
from tests.feed import Subscriber, assert_soon, distinct, send

pytestmark = pytest.mark.usefixtures("face_model")


class Door:
    """The device `door` of a broker, which can be switched off and on, and commanded."""

    def __init__(self, folder: Path, mosquitto: Mosquitto, subscriber: Subscriber) -> None:
        self._folder, self._mosquitto, self._subscriber = folder, mosquitto, subscriber
        self.started: list[Daemon] = []

    def start(self, commands: bool = True, *options: str) -> Daemon:
        settings = self._folder / "settings.toml"
        settings.write_text(f"[mqtt]\ndevice_id = 'door'\ncommands = {str(commands).lower()}\n")
        given = ("--broker", self._mosquitto.url, "--config", str(settings), *options)
        self.started.append(Daemon(self._folder, *given))
        return self.started[-1]

    def order(self, command: str, **values: str) -> Any:
        """Send a command and wait for its answer."""
        known = len(self._answers())
        send(self._mosquitto.port, f"lipwire/door/command/{command}", json.dumps(values))
        return self._subscriber.assert_soon(lambda s: self._answers()[known:])[0]

    def is_(self, **values: Any) -> Any:
        """Wait until the newest health says so; gives it."""

        def fits(subscriber: Subscriber) -> Any:
            health = subscriber.last("health") or {}
            return health if values.items() <= health.items() else None

        return self._subscriber.assert_soon(fits)

    def _answers(self) -> list[Any]:
        received = self._subscriber.received
        return [each.message for each in received if each.topic == "lipwire/door/result"]


@pytest.fixture
def door(tmp_path: Path, mosquitto: Mosquitto, subscriber: Subscriber) -> Iterator[Door]:
    door = Door(tmp_path, mosquitto, subscriber)
    yield door
    for daemon in door.started:
        daemon.process.kill()
        daemon.process.wait()
        assert "Traceback" not in daemon.err


def test_health_tells_how_a_run_goes(door: Door) -> None:
    door.start()
    health = door.is_(camera="on", mqtt="5", frames_dropped=0, outbox_dropped=0, refusal="")
    assert health["memory_mb"] > 20
    assert {"lipwire", "python", "numpy", "opencv", "smile_model"} < set(health["versions"])


def test_a_pause_holds_over_a_restart_until_it_is_ended(door: Door, subscriber: Subscriber) -> None:
    daemon = door.start()
    subscriber.assert_soon(lambda s: s.events)
    answer = door.order("pause", request="1")
    assert (answer["ok"], answer["request"], answer["message"]) == (True, "1", "paused")
    door.is_(camera="paused")
    subscriber.assert_soon(lambda s: s.last("counts")["faces_now"] == 0)
    left = subscriber.events[-1]
    assert (left["event_type"], left["reason"]) == ("face_left", "paused")
    assert daemon.end(signal.SIGTERM) == 0
    known = len(subscriber.received)
    daemon = door.start()
    subscriber.assert_soon(lambda s: any(r.topic.endswith("/health") for r in s.received[known:]))
    door.is_(camera="paused")
    assert "paused by a command before the restart" in daemon.err
    subscriber.settled(1.0)
    assert distinct(subscriber.events)[-1] == left
    assert door.order("pause", request="1") == answer
    assert door.order("resume")["message"] == "watching"
    door.is_(camera="on")
    subscriber.assert_soon(lambda s: s.events[-1]["event_type"] == "face_arrived")
    assert daemon.end(signal.SIGTERM) == 0
    known = len(subscriber.events)
    door.start()
    subscriber.assert_soon(lambda s: len(s.events) > known)


def test_a_pause_ends_where_commands_are_switched_off(door: Door, subscriber: Subscriber) -> None:
    daemon = door.start()
    subscriber.assert_soon(lambda s: s.events)
    assert door.order("pause")["ok"]
    door.is_(camera="paused")
    assert daemon.end(signal.SIGTERM) == 0
    daemon = door.start(commands=False)
    door.is_(camera="on")
    assert "it was paused by a command; commands are off now, so it goes on" in daemon.err
    assert daemon.end(signal.SIGTERM) == 0
    daemon = door.start(commands=True)
    known = len(subscriber.events)
    subscriber.assert_soon(lambda s: len(s.events) > known)
    assert "paused" not in daemon.err


def test_a_pause_ends_where_no_broker_could_bring_its_end(
    door: Door, subscriber: Subscriber
) -> None:
    daemon = door.start()
    subscriber.assert_soon(lambda s: s.events)
    assert door.order("pause")["ok"]
    assert daemon.end(signal.SIGTERM) == 0
    daemon = door.start(True, "--broker", "none", "--events", "-")
    assert_soon(lambda: "face_arrived" in daemon.out)
    assert daemon.end(signal.SIGTERM) == 0


def test_counts_begin_anew_on_command(door: Door, subscriber: Subscriber) -> None:
    door.start(True, "--pace", "max")
    subscriber.assert_soon(lambda s: (s.last("counts") or {}).get("smiles_total", 0) > 2)
    since = subscriber.last("counts")["since"]
    assert door.order("reset-counts", request="1")["message"] == "counts begin at 0"
    subscriber.assert_soon(lambda s: s.last("counts")["since"] > since)
    counts = subscriber.last("counts")
    subscriber.assert_soon(lambda s: s.events[-1]["seq"] >= counts["seq"])
    events = distinct(subscriber.events)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["event_type"] for event in events if event["seq"] <= counts["seq"]]
    assert counts["smiles_total"] <= kinds.count("smile_started") - 3


def test_another_profile_is_used_on_command_and_one_there_is_not_changes_nothing(
    door: Door, subscriber: Subscriber
) -> None:
    door.start(True, "--profile", "generic")
    subscriber.assert_soon(lambda s: s.events)
    refused = door.order("profile", profile="pi-9")
    assert not refused["ok"]
    assert "there are: generic, pi-3bplus" in refused["message"]
    assert door.order("profile", profile="pi-zero-2w")["message"].startswith("profile pi-zero-2w")
    door.is_(profile="pi-zero-2w", camera="on")
    known = len(subscriber.events)
    subscriber.assert_soon(lambda s: len(s.events) > known)


def test_two_daemons_of_one_machine_are_two_devices(
    tmp_path: Path, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    options = ("--broker", mosquitto.url, "--pace", "max", "--duration", "60")
    daemons = [Daemon(tmp_path / name, *options) for name in ("one", "two")]
    assert [daemon.end() for daemon in daemons] == [0, 0]
    presence: dict[str, list[str]] = {}
    for received in subscriber.received:
        if received.topic.endswith("/availability"):
            presence.setdefault(received.topic.split("/")[1], []).append(received.message)
    assert list(presence.values()) == [["online", "offline"]] * 2
    for device in presence:
        told = [r.message for r in subscriber.received if f"/{device}/event/" in r.topic]
        own = [event for event in told if "seq" in event]
        last = [r.message for r in subscriber.received if r.topic.endswith(f"{device}/counts")][-1]
        assert [event["seq"] for event in distinct(own)] == list(range(1, last["seq"] + 1))
        assert last["smiles_total"] > 1
