"""The line to a broker: one connection after another, in the version of MQTT that it speaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.feed.connection import (
    REFUSES_US,
    TIMEOUT_S,
    UNSUPPORTED_PROTOCOL,
    VERSIONS,
    Login,
    explain,
)
from edge.feed.trouble import Trouble

MOST_UNACKNOWLEDGED = 20
LISTEN_S = 0.1  # for retained messages to come
LOOP_S = 0.05  # how long an event may wait for the thread to look
TAKEN_OVER = 142  # MQTT 5's reason code
PACKET_OVERHEAD = 16  # bytes of a packet beside topic and payload, at most


@dataclass(frozen=True)
class Listener:
    """A topic that is listened to; `hear` gets the topic's last level, the payload, and whether it
    was retained."""

    topic: str
    hear: Callable[[str, bytes, bool], None]
    needed: bool = True  # it is worth a word where the broker does not allow it
    as_published: bool = False  # MQTT 5: retained also where it was published just now


class Line:
    """Every connection gets a client of its own, so that the outbox alone knows what is still to
    be sent: a client that is kept would send its own copies again."""

    def __init__(
        self,
        login: Login,
        will: tuple[str, str],
        listeners: Sequence[Listener],
        trouble: Trouble,
        on_answer: Callable[[int, ReasonCode], None],
        is_idle: Callable[[], bool] = lambda: True,
    ) -> None:
        self._login, self._will, self._listeners = login, will, tuple(listeners)
        self._trouble, self._on_answer, self._is_idle = trouble, on_answer, is_idle
        self._protocol = login.address.protocol
        self._client = paho.Client(CallbackAPIVersion.VERSION2)  # of no connection yet
        self.connected = False
        self.window = MOST_UNACKNOWLEDGED  # messages that may be unanswered
        self._largest = 0  # bytes a packet may have, 0 where the broker did not say
        self.cause = ""  # why the last connection broke, where that is known
        self._heard = False  # the broker has answered this connection
        self._speaks_newer = False  # the broker has answered in MQTT 5 before
        self._unheard = 0  # connections in a row without an answer
        self._answer_by = self._connected_at = 0.0
        self._leaving = False  # this connection is ended by us
        self._listened_at = 0.0
        self._asked_for: dict[int, Listener] = {}  # subscriptions the broker has not answered yet

    @property
    def version(self) -> str:
        """Of MQTT, as it is spoken now."""
        return VERSIONS[self._protocol]

    def connect(self) -> None:
        """Begin a connection; raises `BrokerError` or `OSError` where it cannot be had."""
        self._heard, self.cause, self._leaving = False, "", False
        self._asked_for.clear()
        self._listened_at = 0.0
        client = self._client = self._login.client(self._protocol)
        client.will_set(*self._will, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_log = self._on_log
        self._login.connect(client)
        self._answer_by = time.monotonic() + TIMEOUT_S

    @property
    def has_listened(self) -> bool:
        """Whether retained messages have had time to come: who else was here?"""
        now = time.monotonic()
        answered = not self._asked_for and now > self._listened_at + LISTEN_S
        return answered or now > self._connected_at + TIMEOUT_S

    def work(self) -> bool:
        """Receive and send for a moment; False when the connection is over."""
        broken = self._client.loop(LOOP_S) != paho.MQTT_ERR_SUCCESS
        silent = not self._heard and time.monotonic() > self._answer_by
        if (silent or broken) and not self._heard:
            self._note_unheard(silent)
        if self._leaving and self.connected:
            self._client.disconnect()
        return not (silent or broken or self._leaving)

    def publish(self, topic: str, payload: str, retain: bool) -> int | None:
        """Hand a message over; gives its number, or None where the line has broken."""
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        return sent.mid if sent.rc == paho.MQTT_ERR_SUCCESS else None

    def publish_live(self, topic: str, payload: str) -> None:
        """Send a message now or never: with QoS 0, and not where others wait to be written."""
        if not self._client.want_write() and self._is_small_enough(topic, payload):
            self._client.publish(topic, payload, qos=0)

    def fits(self, topic: str, payload: str) -> bool:
        """Whether the broker takes a message of this size."""
        if self._is_small_enough(topic, payload):
            return True
        self._trouble.refused(topic, f"the broker takes no more than {self._largest} bytes")
        return False

    def _is_small_enough(self, topic: str, payload: str) -> bool:
        size = len(topic.encode()) + len(payload.encode()) + PACKET_OVERHEAD
        return not self._largest or size <= self._largest

    def leave(self) -> None:
        """End this connection in order."""
        self._leaving = True

    def close(self) -> None:
        """Let go of what is left of this connection: paho leaves its sockets to the collector."""
        self.connected = False
        self._client.reinitialise()

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        self._heard, self._unheard = True, 0
        if reason.is_failure:
            if reason.value == UNSUPPORTED_PROTOCOL and self._protocol == paho.MQTTv5:
                self._protocol = paho.MQTTv311
            else:
                self._trouble.note(f"refused: {reason}; check user, password and rights")
            return
        allowed = getattr(properties, "ReceiveMaximum", MOST_UNACKNOWLEDGED)
        self.window = min(MOST_UNACKNOWLEDGED, allowed)
        self._largest = getattr(properties, "MaximumPacketSize", 0)
        self.connected, self._connected_at = True, time.monotonic()
        self._speaks_newer = self._speaks_newer or self._protocol == paho.MQTTv5
        self._trouble.connected(self.version)
        for listener in self._listeners:
            number = self._subscribe(listener)
            if number is not None:
                self._asked_for[number] = listener

    def _subscribe(self, listener: Listener) -> int | None:
        if self._protocol != paho.MQTTv5:
            return self._client.subscribe(listener.topic, qos=1)[1]
        options = SubscribeOptions(qos=1, retainAsPublished=listener.as_published)
        return self._client.subscribe(listener.topic, options=options)[1]

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if self.connected and not self._leaving:
            by_broker = flags.is_disconnect_packet_from_server
            if reason.value == TAKEN_OVER:
                self._trouble.taken_over()
            else:
                self.cause = str(reason) if by_broker else self.cause or "closed without a word"
                lasted_s = time.monotonic() - self._connected_at
                self._trouble.lost(self.cause, lasted_s, idle=self._is_idle())
        if self.connected:
            self._protocol = self._login.address.protocol  # it may be another broker next time
        self.connected = False

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason: ReasonCode, properties: Any
    ) -> None:
        self._on_answer(mid, reason)

    def _on_subscribe(
        self, client: Any, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Any
    ) -> None:
        listener = self._asked_for.pop(mid, None)
        self._listened_at = time.monotonic()
        if listener and reasons[0].is_failure and listener.needed:
            self._trouble.not_given(listener.topic, str(reasons[0]))
        elif listener:
            self._trouble.given(listener.topic)

    def _on_message(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        for listener in self._listeners:
            if paho.topic_matches_sub(listener.topic, topic):
                listener.hear(topic.rpartition("/")[2], bytes(message.payload), message.retain)

    def _on_log(self, client: Any, userdata: Any, level: int, text: str) -> None:
        """Of all that paho has to say, keep why a connection broke: it tells nobody else."""
        if level == paho.MQTT_LOG_ERR:
            self.cause = explain(text.partition(": ")[2] or text)
        elif text.startswith("Received malformed packet"):
            self.cause = "it answers what MQTT does not know"

    def _note_unheard(self, silent: bool) -> None:
        """The broker said nothing: if again, it may not understand this version of MQTT."""
        if silent:
            self._trouble.note("it does not answer")
            if self._speaks_newer:
                return  # it hangs, which says nothing of the version that it speaks
        elif self.cause.startswith(REFUSES_US):
            self._trouble.note(self.cause)
        else:
            closed = self.cause or "it closes the connection"
            self._trouble.note(f"{closed}; is it mqtt:// or mqtts:// there?")
        self._unheard += 1
        if self._unheard % 2 == 0 and self._login.address.protocol == paho.MQTTv5:
            newer = self._protocol == paho.MQTTv5
            self._protocol = paho.MQTTv311 if newer else paho.MQTTv5
