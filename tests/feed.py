"""A subscriber that keeps what it receives, and checks every message against the schema."""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jsonschema
from paho.mqtt import client as paho
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.events import TOPICS
from edge.feed.address import Address, parse_address
from edge.feed.connection import Login
from edge.settings import MqttSettings
from edge.state import State

SCHEMA = json.loads(resources.files("edge").joinpath("schema.json").read_text(encoding="utf-8"))


def login(where: str | Address, device_id: str = "test", **settings: Any) -> Login:
    """What a publisher needs to know of a broker."""
    address = parse_address(where) if isinstance(where, str) else where
    return Login(address, MqttSettings(**settings), device_id)


def check_message(topic: str, payload: str) -> Any:
    """The message, if it is what the schema says of its topic, below `lipwire/<device id>/`."""
    place = topic.split("/", 2)[2]
    name = "command/<name>" if place.startswith("command/") else place
    (about,) = (known for known in TOPICS if known.name == name)
    if about.messages == ("availability",):
        message: Any = payload
    else:
        is_empty = about.messages == ("command",) and not payload
        message = {} if is_empty else json.loads(payload)
    _validator(about.messages).validate(message)
    return message


def check_event(payload: str) -> Any:
    """An event as it is printed, without its topic."""
    kind = json.loads(payload)["event_type"]
    (place,) = (topic.name for topic in TOPICS if kind in topic.messages)
    return check_message(f"lipwire/test/{place}", payload)


@functools.cache
def _validator(names: tuple[str, ...]) -> jsonschema.Draft202012Validator:
    """For a message of one of these names."""
    references = [{"$ref": f"#/$defs/{name}"} for name in names]
    return jsonschema.Draft202012Validator({"oneOf": references, "$defs": SCHEMA["$defs"]})


def understand(topic: str, payload: str) -> Any:
    """Any message: ours must fit the schema, Home Assistant's is JSON or a word."""
    if topic.startswith("lipwire/"):
        return check_message(topic, payload)
    return json.loads(payload) if payload.startswith("{") else payload


@dataclass(frozen=True)
class Received:
    """One message."""

    topic: str
    message: Any
    retained: bool
    qos: int


class Subscriber:
    """Listens to all topics of Lipwire and of Home Assistant, with a session that outlives its
    connections."""

    def __init__(
        self,
        port: int,
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
        name: str = "subscriber",
    ) -> None:
        # Each version of the protocol has its own way to ask for a session that lasts.
        newer = protocol == MQTTProtocolVersion.MQTTv5
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            name,
            clean_session=None if newer else False,
            protocol=protocol,
        )
        lasting = Properties(PacketTypes.CONNECT)
        lasting.SessionExpiryInterval = 3600
        session = {"clean_start": False, "properties": lasting} if newer else {}
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._times_subscribed = 0
        self.received: list[Received] = []
        self.faults: list[str] = []
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("lipwire/#", 1), ("homeassistant/#", 1)]
        )
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(0.05, 0.2)
        self._client.connect("127.0.0.1", port, **session)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    @property
    def times_subscribed(self) -> int:
        """How often it has begun to listen: once more after every time the broker was away."""
        return self._times_subscribed

    def _on_subscribe(self, *_: Any) -> None:
        self._times_subscribed += 1
        self._subscribed.set()

    def _on_message(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        with self._changed:
            try:
                checked = understand(message.topic, message.payload.decode())
                it = Received(message.topic, checked, message.retain, message.qos)
                self.received.append(it)
            except Exception as error:
                self.faults.append(f"{message.topic} {message.payload!r}: {error}")
            self._changed.notify_all()

    def assert_soon(self, what: Callable[[Subscriber], Any], timeout_s: float = 20) -> Any:
        """Something holds of what was received, now or before the time is over."""
        with self._changed:
            held = self._changed.wait_for(lambda: what(self), timeout_s)
            assert held, f"not within {timeout_s} s; last received: {self.received[-3:]}"
            return held

    @property
    def events(self) -> list[dict[str, Any]]:
        """All stored events in the order they came, repeats too."""
        return [m for m in self._told if "seq" in m]

    @property
    def live(self) -> list[dict[str, Any]]:
        """What was only told live."""
        return [m for m in self._told if "event_type" in m and "seq" not in m]

    @property
    def _told(self) -> list[dict[str, Any]]:
        return [r.message for r in self.received if "/event/" in r.topic]

    def last(self, level: str) -> Any:
        """The newest message of a topic's last level."""
        found = [r.message for r in self.received if r.topic.endswith(f"/{level}")]
        return found[-1] if found else None

    def settled(self, quiet_s: float = 0.3) -> None:
        """Wait until nothing has come for a while."""
        while True:
            seen = len(self.received)
            with self._changed:
                if not self._changed.wait_for(lambda: len(self.received) > seen, quiet_s):  # noqa: B023
                    return

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client.reinitialise()  # paho leaves its sockets to the collector


def send(port: int, topic: str, payload: str | bytes = "", retain: bool = False) -> None:
    """Publish something, as some client of a broker."""
    publish.single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=port)


def distinct(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events without repeats, by `seq`; a repeat must be the same event."""
    by_id: dict[str, dict[str, Any]] = {}
    for event in events:
        plain = {key: value for key, value in event.items() if key != "late"}
        assert by_id.setdefault(event["id"], plain) == plain
    ordered = sorted(by_id.values(), key=lambda event: int(event["seq"]))
    assert len({event["seq"] for event in ordered}) == len(ordered)
    return ordered


def assert_delivers(state: State) -> None:
    """The one event of a state is accepted, now or soon."""
    assert_soon(lambda: state.ledger()["delivered"] == 1)


def assert_soon(what: Callable[[], Any], timeout_s: float = 20) -> None:
    """Something of another process or thread holds, now or before the time is over."""
    until = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < until, f"not within {timeout_s} s"
        time.sleep(0.01)
