"""What is told beside events, and what is heard, over a real broker."""

from __future__ import annotations

import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from edge.events import CameraState, Health, Result, SmileStarted, message_json, utc
from edge.feed import assemble, trouble
from edge.feed.address import Address
from edge.feed.assemble import assemble_feed
from edge.feed.feed import Feed
from edge.feed.home_assistant import About
from edge.feed.line import Line, Listener
from edge.feed.publisher import Publisher
from edge.settings import MqttSettings, Settings
from edge.state import State
from tests.conftest import Mosquitto
from tests.fakes import HEALTH
from tests.feed import Subscriber, assert_soon, login, send

AT = 1_700_000_000.0
CONFIG = "homeassistant/device/test/config"


@dataclass
class Device:
    """A device's feed, and what it was told."""

    state: State
    publisher: Publisher = field(init=False)
    camera: CameraState = "on"
    heard: list[tuple[str, bytes, bool]] = field(default_factory=list)
    run: str = field(default_factory=lambda: uuid.uuid4().hex)

    def health(self, publisher: Publisher) -> Health:
        return replace(
            HEALTH,
            camera=self.camera,
            refusal=publisher.refusal,
            takeovers=publisher.takeovers,
            mqtt=publisher.version,
            run=self.run,
        )

    def hear(self, name: str, payload: bytes, retained: bool) -> None:
        self.heard.append((name, payload, retained))

    def smile(self, times: int = 1) -> list[str]:
        """Events, as they are stored; gives their payloads."""
        rows = self.state.record([SmileStarted(face=1, at=AT)] * times)
        return [row.payload for row in rows]


Make = Callable[..., Device]


@pytest.fixture
def make(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Make]:
    """Makes devices at the broker; they are started by the test and stopped with it."""
    made: list[Device] = []

    def make_(
        device_id: str = "test", commands: bool = True, state: State | None = None, **settings: Any
    ) -> Device:
        device = Device(state or State(tmp_path / f"state{len(made)}"))
        access = login(mosquitto.url, device_id, commands=commands, **settings)
        device.publisher = assemble_feed(
            access,
            device.state,
            device.health,
            lambda: device.camera,
            About("a board"),
            device.hear if commands else None,
            device.run,
        )
        made.append(device)
        return device

    yield make_
    for device in made:
        device.publisher.stop(0.2)
        device.state.close()


@pytest.fixture
def device(make: Make) -> Device:
    return make()


def restart(mosquitto: Mosquitto, settings: str) -> None:
    """The same broker with other settings."""
    mosquitto.stop()
    mosquitto.settings = f"allow_anonymous true\nlog_type all\n{settings}"
    mosquitto.start()


def told(subscriber: Subscriber, topic: str) -> list[Any]:
    return [received.message for received in subscriber.received if received.topic == topic]


def connections(mosquitto: Mosquitto, client: str = "lipwire-test") -> int:
    """How often a client has connected."""
    log = (mosquitto.folder / "mosquitto.log").read_text()
    return sum(f" as {client} " in line for line in log.splitlines())


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged by the feed."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("edge.")]


def ids(subscriber: Subscriber) -> set[str]:
    return {event["id"] for event in subscriber.events}


def test_health_and_discovery_are_told_and_kept_by_the_broker(
    device: Device, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    device.publisher.start()
    subscriber.assert_soon(lambda s: s.last("health") and s.last("config"))
    late_comer = Subscriber(mosquitto.port, name="late-comer")
    late_comer.assert_soon(lambda s: len(s.received) >= 4)
    late_comer.close()
    kept = {received.topic for received in late_comer.received if received.retained}
    assert kept == {
        "lipwire/test/availability",
        "lipwire/test/counts",
        "lipwire/test/health",
        CONFIG,
    }


def test_health_is_repeated_though_nothing_changes(
    make: Make, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "HEALTH_EVERY_S", 0.1)
    make().publisher.start()
    subscriber.assert_soon(lambda s: len(told(s, "lipwire/test/health")) == 3, 5)


def test_health_is_told_at_once_when_the_camera_goes_and_comes(
    device: Device, subscriber: Subscriber
) -> None:
    device.publisher.start()
    subscriber.assert_soon(lambda s: s.last("health"))
    for state in ("missing", "on"):
        device.camera = state
        subscriber.assert_soon(lambda s, state=state: s.last("health")["camera"] == state, 5)
    assert len(told(subscriber, "lipwire/test/health")) == 3


def test_discovery_comes_again_when_home_assistant_starts(
    device: Device, subscriber: Subscriber, mosquitto: Mosquitto
) -> None:
    device.publisher.start()
    subscriber.assert_soon(lambda s: told(s, CONFIG))
    send(mosquitto.port, "homeassistant/status", "offline")
    send(mosquitto.port, "homeassistant/status", "online")
    subscriber.assert_soon(lambda s: len(told(s, CONFIG)) == 2)
    subscriber.settled()
    first, second = told(subscriber, CONFIG)
    assert first == second
    assert first["origin"]["name"] == "lipwire"


def test_discovery_is_told_once_where_home_assistant_started_before(
    device: Device,
    subscriber: Subscriber,
    mosquitto: Mosquitto,
    caplog: pytest.LogCaptureFixture,
) -> None:
    send(mosquitto.port, "homeassistant/status", "online", retain=True)
    device.publisher.start()
    subscriber.assert_soon(lambda s: s.last("config"))
    subscriber.settled()
    assert len(told(subscriber, CONFIG)) == 1
    assert warnings(caplog) == []


def test_without_home_assistant_nothing_is_announced(make: Make, subscriber: Subscriber) -> None:
    make(home_assistant="").publisher.start()
    subscriber.assert_soon(lambda s: s.last("health"))
    subscriber.settled()
    assert not [r for r in subscriber.received if r.topic.startswith("homeassistant")]


def test_commands_arrive_with_name_and_payload(device: Device, mosquitto: Mosquitto) -> None:
    device.publisher.start()
    assert_soon(lambda: device.publisher.connected)
    assert_soon(lambda: device.state.waiting_count == 0)
    for payload in (b"", b'{"request": "1"}', b"\xff\0"):
        send(mosquitto.port, "lipwire/test/command/wave", payload)
    assert_soon(lambda: len(device.heard) == 3)
    payloads = [payload for name, payload, retained in device.heard if not retained]
    assert payloads == [b"", b'{"request": "1"}', b"\xff\0"]


def test_a_retained_command_is_known_as_such(device: Device, mosquitto: Mosquitto) -> None:
    send(mosquitto.port, "lipwire/test/command/wave", "{}", retain=True)
    device.publisher.start()
    assert_soon(lambda: device.heard)
    send(mosquitto.port, "lipwire/test/command/jump")
    assert_soon(lambda: len(device.heard) == 2)
    assert device.heard == [("wave", b"{}", True), ("jump", b"", False)]


def test_commands_that_the_broker_does_not_let_through_are_said(
    make: Make, mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """A subscription that is refused brings nothing, and nobody would know."""
    door = socket.create_server(("127.0.0.1", 0))
    access = Address("127.0.0.1", door.getsockname()[1])
    line = Line(
        login(access),
        ("lipwire/test/availability", "offline"),
        [Listener("lipwire/test/command/+", lambda *_: None)],
        (said := trouble.Trouble("here", "test")),
        lambda *_: None,
    )
    line.connect()
    broker, _ = door.accept()
    broker.settimeout(5)
    line.work()
    broker.recv(1000)
    broker.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK: welcome
    assert_soon(lambda: line.work() and line.connected)
    line.work()
    subscribe = broker.recv(1000)
    broker.sendall(b"\x90\x04" + subscribe[2:4] + b"\x00\x87")  # SUBACK: not authorised
    assert_soon(lambda: line.work() and said.refusal)
    assert said.refusal == "lipwire/test/command/+: Not authorized"
    line.leave()
    line.work()
    broker.close()
    door.close()


def test_a_command_that_is_published_retained_is_known_as_such_at_once(
    device: Device, mosquitto: Mosquitto
) -> None:
    device.publisher.start()
    assert_soon(lambda: device.publisher.connected)
    send(mosquitto.port, "lipwire/test/command/wave", "{}", retain=True)
    assert_soon(lambda: device.heard)
    assert {retained for _, _, retained in device.heard} == {True}


def test_commands_to_others_and_at_other_levels_are_not_heard(
    device: Device, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    device.publisher.start()
    subscriber.assert_soon(lambda s: s.last("health"))
    subscriber.close()  # what follows fits no schema
    for topic in (
        "other/command/wave",
        "test/command",
        "test/command/a/wave",
        "test/commands/wave",
    ):
        send(mosquitto.port, f"lipwire/{topic}")
    send(mosquitto.port, "lipwire/test/command/jump")
    assert_soon(lambda: device.heard)
    assert device.heard == [("jump", b"", False)]


def test_a_device_that_takes_no_commands_does_not_ask_for_them(
    make: Make, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    restart(mosquitto, "")
    make(commands=False).publisher.start()
    subscriber.assert_soon(lambda s: s.last("health"))
    log = (mosquitto.folder / "mosquitto.log").read_text()
    assert "homeassistant/status (QoS 1)" in log
    assert "/command" not in log


def test_what_is_heard_and_fails_does_not_end_the_feed(
    device: Device, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    device.publisher.start()
    subscriber.assert_soon(lambda s: s.last("health"))
    device.heard = None  # type: ignore[assignment]
    send(mosquitto.port, "lipwire/test/command/wave")
    assert_soon(lambda: "AttributeError" in device.publisher.trouble)
    device.heard = []
    device.smile()
    subscriber.assert_soon(lambda s: s.events)


def test_an_answer_waits_for_a_broker_that_is_away(
    device: Device, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    device.publisher.start()
    assert_soon(lambda: device.publisher.connected)
    mosquitto.stop()
    assert_soon(lambda: not device.publisher.connected)
    for request in "ab":
        answer = Result("wave", request, True, "waved", utc(AT))
        device.publisher.answer(message_json(answer))
    mosquitto.start()
    subscriber.assert_soon(lambda s: len(told(s, "lipwire/test/result")) == 2)
    assert [message["request"] for message in told(subscriber, "lipwire/test/result")] == ["a", "b"]


def test_a_message_that_is_too_large_for_the_broker_does_not_stop_the_others(
    device: Device, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    restart(mosquitto, "max_packet_size 1500")
    device.smile(30)
    device.publisher.start()
    subscriber.assert_soon(lambda s: len(s.events) == 30 and s.last("health") and s.last("counts"))
    assert device.publisher.refusal == f"{CONFIG}: the broker takes no more than 1500 bytes"
    assert "refused" in device.publisher.trouble
    assert connections(mosquitto) == 1


def test_an_answer_that_is_too_large_for_the_broker_does_not_stop_the_feed(
    device: Device, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    restart(mosquitto, "max_packet_size 1500")
    device.publisher.start()
    subscriber.assert_soon(lambda s: s.last("health"))
    for request in ("x" * 1500, "small"):
        answer = Result("wave", request, True, "waved", utc(AT))
        device.publisher.answer(message_json(answer))
    subscriber.assert_soon(lambda s: s.last("result"))
    assert [message["request"] for message in told(subscriber, "lipwire/test/result")] == ["small"]
    assert connections(mosquitto) == 1


def test_a_broker_that_refuses_only_the_discovery_gets_everything_else(
    make: Make,
    mosquitto: Mosquitto,
    subscriber: Subscriber,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(trouble, "FIRST_PAUSE_S", 0.05)
    rights = mosquitto.folder / "rights"
    rights.write_text("topic read #\ntopic write lipwire/#\n")
    restart(mosquitto, f"acl_file {rights}")
    device = make()
    began = time.monotonic()
    device.publisher.start()
    assert_soon(lambda: device.publisher.refusal)
    device.smile(30)
    subscriber.assert_soon(lambda s: len(ids(s)) == 30)
    assert_soon(lambda: device.state.waiting_count == 0)
    log = mosquitto.folder / "mosquitto.log"
    assert_soon(lambda: log.read_text().count("Denied PUBLISH") >= 5)
    assert device.publisher.refusal.startswith(f"{CONFIG}: ")
    assert time.monotonic() - began > 0.7  # the pauses grow
    assert len([message for message in caplog.messages if "refused" in message]) == 1
    rights.write_text("topic readwrite #\n")
    assert mosquitto.process
    mosquitto.process.send_signal(signal.SIGHUP)
    subscriber.assert_soon(lambda s: s.last("config"))
    assert_soon(lambda: not device.publisher.trouble)
    assert device.publisher.refusal == ""


def test_a_refused_discovery_does_not_keep_a_device_from_coming_back_soon(
    make: Make, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "FIRST_PAUSE_S", 0.05)
    rights, log = mosquitto.folder / "rights", mosquitto.folder / "mosquitto.log"
    rights.write_text("topic read #\ntopic write lipwire/#\n")
    restart(mosquitto, f"acl_file {rights}")
    device = make()
    device.publisher.start()
    assert_soon(lambda: log.read_text().count("Denied PUBLISH") == 7)  # more than 3 s between them
    mosquitto.stop()
    assert_soon(lambda: not device.publisher.connected)
    mosquitto.start()
    assert_soon(lambda: device.publisher.connected, 2)


def test_devices_that_have_one_id_say_so_and_take_turns(
    make: Make, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "LONGEST_PAUSE_S", 2.0)  # a turn
    monkeypatch.setattr(trouble, "SHORT_S", 0.6)
    devices = make(), make()
    for device in devices:
        device.publisher.start()
        assert_soon(lambda device=device: device.publisher.connected)
    somebody: list[bool] = []

    def each_has_yielded_twice() -> bool:
        somebody.append(any(device.publisher.connected for device in devices))
        return all(device.publisher.takeovers >= 2 for device in devices)

    assert_soon(each_has_yielded_twice, 40)
    assert sum(somebody) > 0.5 * len(somebody)
    assert connections(mosquitto) < 20  # in four turns
    said = "taken over: another client uses the id of this device (test)"
    assert any(said in device.publisher.trouble for device in devices)


def test_health_of_another_run_is_a_rivals_unless_that_run_was_our_own(
    make: Make, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    """A broker that was restored may tell of an earlier run again."""
    device = make()
    earlier = "0badcafe"
    device.publisher.stop()
    device.state.set_fact("runs", earlier)
    device = make(state=device.state)
    device.publisher.start()
    subscriber.assert_soon(lambda s: s.last("health"))
    health = message_json(device.health(device.publisher))
    send(mosquitto.port, "lipwire/test/health", health.replace(device.run, earlier), retain=True)
    send(mosquitto.port, "lipwire/test/command/wave")
    assert_soon(lambda: device.heard)
    assert device.publisher.takeovers == 0
    send(mosquitto.port, "lipwire/test/health", health.replace(device.run, "f00f00f0"))
    assert_soon(lambda: device.publisher.takeovers == 1)


def test_devices_that_have_one_id_deliver_all_events_of_both_in_the_end(
    make: Make, mosquitto: Mosquitto, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "LONGEST_PAUSE_S", 0.3)  # after a takeover
    devices = make(), make()
    for device in devices:
        device.smile(200)
        device.publisher.start()
    assert_soon(lambda: connections(mosquitto) >= 4)
    for device in devices:
        device.smile(100)
    subscriber.assert_soon(lambda s: len(ids(s)) == 600)
    for device in devices:
        assert_soon(lambda device=device: device.state.waiting_count == 0)
        assert device.state.ledger()["delivered"] == 300


def test_two_devices_with_ids_of_their_own_do_not_disturb_each_other(
    make: Make, mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    names = ("door", "hall")
    devices = [make(name) for name in names]
    for device in devices:
        device.smile(50)
        device.publisher.start()
    subscriber.assert_soon(lambda s: len(ids(s)) == 100)
    for name, device in zip(names, devices, strict=True):
        assert_soon(lambda device=device: device.state.waiting_count == 0)
        assert len(told(subscriber, f"lipwire/{name}/event/smile")) == 50
        assert told(subscriber, f"lipwire/{name}/availability") == ["online"]
        assert connections(mosquitto, f"lipwire-{name}") == 1
        assert device.publisher.takeovers == 0
    send(mosquitto.port, "lipwire/hall/command/wave")
    assert_soon(lambda: devices[1].heard)
    assert devices[0].heard == []


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"broker": "none"}, "off (--broker none)"),
        ({"broker": "mqtt://hub"}, "mosquitto_sub -h hub -p 1883 -t 'lipwire/#' -v"),
        (
            {"broker": "mqtts://hub", "prefix": "shop"},
            "mosquitto_sub -h hub -p 8883 --capath /etc/ssl/certs -t 'shop/#' -v",
        ),
        (
            {"broker": "mqtts://hub", "ca_file": "ca.pem"},
            "mosquitto_sub -h hub -p 8883 --cafile ca.pem -t 'lipwire/#' -v",
        ),
    ],
)
def test_a_daemon_says_how_to_listen_to_it(settings: dict[str, str], line: str) -> None:
    assert Feed(Settings(mqtt=MqttSettings(**settings))).line == line


def test_without_a_broker_a_daemon_goes_on_and_tells_nothing() -> None:
    feed = Feed(Settings(mqtt=MqttSettings(broker="none", commands=True)))
    assert not (feed.is_on or feed.hears_commands or feed.connected or feed.trouble)
    feed.wait()
    feed.start()
    feed.answer("{}")
    feed.tell_live("event/viseme", "{}")
    feed.stop()
