"""One short visit to a broker that waits for every answer: for commands, not for the daemon."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import BrokerError, CheckFailed
from edge.feed.connection import TIMEOUT_S, UNSUPPORTED_PROTOCOL, VERSIONS, Login, explain


class Session:
    """Connects when entered; raises `CheckFailed` with one line where that does not work."""

    def __init__(self, login: Login, role: str) -> None:
        self._login, self._role = login, role  # beside the daemon, with an id of its own
        self._client: paho.Client
        self._answer: ReasonCode | None = None
        self._published: dict[int, ReasonCode] = {}
        self._received: list[tuple[str, bytes]] = []
        self._subscribed = False
        self._cause = ""
        self.version = ""  # of MQTT, as it is spoken

    def __enter__(self) -> Session:
        protocol = self._login.address.protocol
        if not self._connect(protocol) and protocol == MQTTProtocolVersion.MQTTv5:
            self._client.reinitialise()
            protocol = MQTTProtocolVersion.MQTTv311
            self._connect(protocol)
        if self._answer is None or self._answer.is_failure:
            self._client.reinitialise()
            refused = f"refused: {self._answer}; check user, password and rights"
            reason = refused if self._answer else self._cause or "it does not answer"
            raise CheckFailed(f"{self._where}: {reason}")
        self.version = VERSIONS[protocol]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.reinitialise()  # paho leaves its sockets to the collector

    def publish(self, topic: str, payload: str, retain: bool = False) -> str:
        """Publish and wait; gives why it was refused, empty where it was not."""
        number = self._client.publish(topic, payload, qos=1, retain=retain).mid
        if not self._wait(lambda: number in self._published):
            raise CheckFailed(f"{self._where}: {self._cause or 'no answer to a message'}")
        answer = self._published[number]
        return str(answer) if answer.is_failure else ""

    def receive(self, topic: str, act: Callable[[], object] = lambda: None) -> bytes | None:
        """Subscribe, act, and give the first message of a topic; None where none came."""
        self._subscribed = False
        self._client.subscribe(topic, qos=1)
        self._wait(lambda: self._subscribed)
        act()
        self._wait(lambda: any(name == topic for name, _ in self._received), TIMEOUT_S / 5)
        return next((payload for name, payload in self._received if name == topic), None)

    def _connect(self, protocol: MQTTProtocolVersion) -> bool:
        """Ask once; False where the broker does not know this version of the protocol."""
        self._answer, self._cause = None, ""
        try:
            client = self._client = self._login.client(protocol, self._role)
            client.on_connect = self._on_connect
            client.on_publish = self._on_publish
            client.on_subscribe = self._on_subscribe
            client.on_message = self._on_message
            client.on_log = self._on_log
            self._login.connect(client)
        except BrokerError as error:
            raise CheckFailed(str(error)) from None
        except OSError as error:
            raise CheckFailed(f"{self._where}: {explain(error, self._login.address.tls)}") from None
        self._wait(lambda: self._answer is not None)
        unsupported = self._answer is not None and self._answer.value == UNSUPPORTED_PROTOCOL
        return self._answer is not None and not unsupported

    def _wait(self, done: Callable[[], bool], seconds: float = TIMEOUT_S) -> bool:
        until = time.monotonic() + seconds
        while not done() and time.monotonic() < until:
            if self._client.loop(0.05) != paho.MQTT_ERR_SUCCESS:
                break
        return done()

    @property
    def _where(self) -> str:
        return f"broker {self._login.address}"

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        self._answer = reason

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason: ReasonCode, properties: Any
    ) -> None:
        self._published[mid] = reason

    def _on_subscribe(self, *_: Any) -> None:
        self._subscribed = True

    def _on_message(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        self._received.append((message.topic, bytes(message.payload)))

    def _on_log(self, client: Any, userdata: Any, level: int, text: str) -> None:
        if level == paho.MQTT_LOG_ERR:
            self._cause = explain(text.partition(": ")[2] or text)
