"""Carries the outbox, the latest values and answers to an MQTT broker, and brings commands.

One thread owns the connection and does everything on it in turn, so nothing here needs a lock. A
row leaves the outbox only when the broker has accepted it.
"""

from __future__ import annotations

import collections
import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.reasoncodes import ReasonCode

from edge import events
from edge.errors import BrokerError
from edge.feed.connection import TIMEOUT_S, UNSUPPORTED_PROTOCOL, VERSIONS, Login, explain
from edge.feed.slots import Slot
from edge.state import State

log = logging.getLogger(__name__)

MOST_UNACKNOWLEDGED = 20
LOOP_S = 0.05  # how long an event may wait for the thread to look
SETTLE_AT = MOST_UNACKNOWLEDGED // 2  # accepted events are crossed off together
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
SHORT_S = 10.0  # a connection that is lost again so soon was a short one
ANSWERS_KEPT = 100  # answers to commands while the broker is away
TAKEN_OVER = 142  # MQTT 5's reason code
PACKET_OVERHEAD = 16  # bytes of a packet beside topic and payload, at most


@dataclass(frozen=True)
class Listener:
    """A topic that is listened to; `hear` gets the topic's last level and the payload. Retained
    messages are old: they are not heard."""

    topic: str
    hear: Callable[[str, bytes], None]
    warn_of_retained: bool = True


@dataclass(frozen=True)
class OnItsWay:
    """A message the broker has not answered yet."""

    topic: str
    seq: int | None = None  # of an event
    slot: Slot | None = None


class Publisher:
    """The MQTT thread. Every connection gets a client of its own, so that the outbox alone knows
    what is still to be sent: a client that is kept would send its own copies again."""

    def __init__(
        self,
        login: Login,
        state: State,
        slots: Sequence[Slot] = (),
        listeners: Sequence[Listener] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._login, self._state, self._now = login, state, now
        self._listeners = tuple(listeners)
        self._will_topic = f"{login.base}/availability"
        self._presence = "online"
        presence = Slot(self._will_topic, lambda: self._presence, lambda: self._presence)
        self._counts = Slot(
            f"{login.base}/{events.Counts.topic}",
            lambda: events.message_json(state.counts()),
            state.counts,
            least_s=1.0,
        )
        self._slots = (presence, self._counts, *slots)
        self._answers: collections.deque[str] = collections.deque(maxlen=ANSWERS_KEPT)
        self._protocol = login.address.protocol
        self._client: paho.Client  # a new one for each connection
        self.connected = False
        self.trouble = ""  # what keeps events from being delivered, empty when nothing does
        self._refused: dict[str, str] = {}  # topics that the broker does not take, and why
        self.takeovers = 0
        self._cause = ""  # paho's word for why a connection broke
        self._heard = False  # the broker has answered this connection
        self._unheard = 0  # connections in a row without an answer
        self._short = 0  # connections in a row that were lost at once
        self._answer_by = self._connected_at = 0.0
        self._window = MOST_UNACKNOWLEDGED
        self._largest = 0  # bytes a packet may have, 0 where the broker did not say
        self._on_their_way: dict[int, OnItsWay] = {}  # by message number
        self._accepted: list[int] = []  # sequence numbers to take out of the outbox
        self._retry_at = 0.0  # what was refused is tried again
        self._sent_to = 0  # events up to this number were sent once, the refused ones too
        self._pause = FIRST_PAUSE_S
        self._stopping = threading.Event()
        self._stop_by = 0.0
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    @property
    def version(self) -> str:
        """Of MQTT, as it is spoken now."""
        return VERSIONS[self._protocol]

    @property
    def refusal(self) -> str:
        """A message that the broker does not take and why, empty where there is none."""
        return next((f"{topic}: {why}" for topic, why in [*self._refused.items()]), "")

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience_s: float = 3.0) -> None:
        """Send what can still be sent, say goodbye and disconnect."""
        self._stop_by = time.monotonic() + patience_s
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(patience_s + TIMEOUT_S)

    def answer(self, payload: str) -> None:
        """Send the answer to a command; it waits a while for a broker that is away."""
        if len(self._answers) < ANSWERS_KEPT:
            self._answers.append(payload)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._connect()
                self._serve(lambda: not self._stopping.is_set())
                if self.connected and self._stopping.is_set():
                    self._say_goodbye()
            except BrokerError as error:  # files that cannot be read now
                self._note_trouble(str(error))
            except OSError as error:
                self._note_trouble(explain(error))
            except Exception as error:  # a thread that dies would end the feed in silence
                log.exception("the feed failed")
                self._note_trouble(f"{type(error).__name__}: {error}")
            self.connected = False
            self._stopping.wait(self._pause * random.uniform(0.8, 1.2))
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _connect(self) -> None:
        self._heard, self._cause = False, ""
        self._on_their_way.clear()
        self._sent_to = 0
        for slot in self._slots:
            slot.forget()
        client = self._client = self._login.client(self._protocol)
        client.will_set(self._will_topic, "offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_log = self._on_log
        self._login.connect(client)
        self._answer_by = time.monotonic() + TIMEOUT_S

    def _serve(self, go_on: Callable[[], bool]) -> None:
        """Work on the connection until it ends or `go_on` says stop."""
        while go_on():
            result = self._client.loop(LOOP_S)
            self._settle()
            silent = not self._heard and time.monotonic() > self._answer_by
            if silent or result != paho.MQTT_ERR_SUCCESS:
                if not self._heard:
                    self._note_unheard()
                return
            if self.connected:
                self._send_slots()
                self._send_answers()
                self._send_events()

    def _settle(self) -> None:
        """Take what was accepted out of the outbox, many at a time: each time costs a commit."""
        more_to_come = self._on_their_way and len(self._accepted) < SETTLE_AT
        if not self._accepted or (more_to_come and self.connected):
            return
        try:
            self._state.delivered(self._accepted)
            self._accepted.clear()
        except sqlite3.Error as error:  # tried again in the next round; nothing is sent twice
            self._note_trouble(f"delivered events cannot be crossed off: {error}")

    @property
    def _room(self) -> int:
        """How many more messages may be on their way."""
        return self._window - len(self._on_their_way)

    def _send_slots(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if self._room > 0 and slot.due(now):
                payload = slot.next(now)
                if self._fits(slot.topic, payload):
                    slot.on_its_way = self._send(OnItsWay(slot.topic, slot=slot), payload, True)
                else:
                    slot.refused(self._retry_at)

    def _send_answers(self) -> None:
        topic = f"{self._login.base}/{events.Result.topic}"
        under_way = any(it.topic == topic for it in self._on_their_way.values())
        if self._room > 0 and self._answers and not under_way:
            self._send(OnItsWay(topic), self._answers[0])

    def _send_events(self) -> None:
        if self._refused and time.monotonic() >= self._retry_at:
            self._sent_to = 0
        under_way = [it.seq for it in self._on_their_way.values() if it.seq is not None]
        under_way += self._accepted
        if self._room <= 0 or len(under_way) >= self._state.waiting_count:
            return
        for row in self._state.waiting(self._room, self._sent_to, but=under_way):
            topic = f"{self._login.base}/{row.topic}"
            message = events.sent_json(row.payload, self._now() - row.stored_at)
            self._sent_to = row.seq
            if self._fits(topic, message) and not self._send(OnItsWay(topic, row.seq), message):
                return

    def _fits(self, topic: str, payload: str) -> bool:
        """Whether the broker takes a message of this size."""
        size = len(topic.encode()) + len(payload.encode()) + PACKET_OVERHEAD
        if not self._largest or size <= self._largest:
            return True
        self._note_refusal(topic, f"the broker takes no more than {self._largest} bytes")
        return False

    def _send(self, it: OnItsWay, payload: str, retain: bool = False) -> int | None:
        """Hand a message to the connection; gives its number, or None where that has broken."""
        sent = self._client.publish(it.topic, payload, qos=1, retain=retain)
        if sent.rc != paho.MQTT_ERR_SUCCESS:
            return None
        self._on_their_way[sent.mid] = it
        return sent.mid

    def _say_goodbye(self) -> None:
        def in_time() -> bool:
            return self.connected and time.monotonic() < self._stop_by

        def slots_busy() -> bool:
            return any(slot.busy(time.monotonic()) for slot in self._slots)

        self._serve(lambda: in_time() and self._unsent)
        self._counts.hurry()
        self._serve(lambda: in_time() and slots_busy())
        self._presence = "offline"
        self._serve(lambda: in_time() and slots_busy())
        if self.connected:
            self._client.disconnect()

    @property
    def _unsent(self) -> bool:
        events_wait = self._state.waiting_count > 0 and not self._refused
        return events_wait or bool(self._answers)

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        self._heard, self._unheard = True, 0
        if reason.is_failure:
            if reason.value == UNSUPPORTED_PROTOCOL and self._protocol == paho.MQTTv5:
                self._protocol = paho.MQTTv311
            else:
                self._note_trouble(f"refused: {reason}; check user, password and rights")
            return
        allowed = getattr(properties, "ReceiveMaximum", MOST_UNACKNOWLEDGED)
        self._window = min(MOST_UNACKNOWLEDGED, allowed)
        self._largest = getattr(properties, "MaximumPacketSize", 0)
        self.connected, self._connected_at = True, time.monotonic()
        self.trouble = ""
        self._refused.clear()
        log.info("connected to the broker at %s (MQTT %s)", self._login.address, self.version)
        for listener in self._listeners:
            self._client.subscribe(listener.topic, qos=1)

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if self.connected and not self._stopping.is_set():
            said = (
                str(reason) if flags.is_disconnect_packet_from_server else "closed without a word"
            )
            self._note_loss(reason, self._cause or said)
            self._protocol = self._login.address.protocol  # it may be another broker next time
        self.connected = False

    def _note_loss(self, reason: ReasonCode, why: str) -> None:
        is_short = time.monotonic() - self._connected_at < SHORT_S
        self._short = self._short + 1 if is_short else 0
        taken = f"another client uses the id of this device ({self._login.device_id})"
        if reason.value == TAKEN_OVER:
            self.takeovers += 1
            self._pause = LONGEST_PAUSE_S  # two that fight would both lose
            self._note_trouble(f"taken over: {taken}; give one of them another [mqtt] device_id")
        elif self._short > 2 and self._protocol != paho.MQTTv5:  # 3.1.1 cannot say why
            self._note_trouble(f"connection lost again and again; perhaps {taken}")
        else:
            self._note_trouble(f"connection lost: {why}")

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason: ReasonCode, properties: Any
    ) -> None:
        it = self._on_their_way.pop(mid, None)
        if it is None:
            return
        if reason.is_failure:
            self._note_refusal(it.topic, str(reason))
        else:
            self._refused.pop(it.topic, None)
        if not self._refused:
            self._pause, self.trouble = FIRST_PAUSE_S, ""
        if it.slot is not None:
            it.slot.on_its_way = None
            if reason.is_failure:
                it.slot.refused(self._retry_at)
        elif it.seq is None:
            self._answers.popleft()  # a refused answer too: nobody may wait behind it
        elif not reason.is_failure:
            self._accepted.append(it.seq)

    def _note_refusal(self, topic: str, why: str) -> None:
        """Try what was refused again later; what comes after it need not wait."""
        if time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
        self._refused[topic] = why
        self._note_trouble(f"a message is refused: {self.refusal}; it is kept")

    def _on_message(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        try:
            topic, payload = message.topic, message.payload
        except UnicodeDecodeError:
            return
        for listener in self._listeners:
            if paho.topic_matches_sub(listener.topic, topic):
                if message.retain and listener.warn_of_retained:
                    log.warning("%r is a retained message: ignored", topic)
                elif not message.retain:
                    listener.hear(topic.rpartition("/")[2], bytes(payload))

    def _on_log(self, client: Any, userdata: Any, level: int, text: str) -> None:
        """Of all that paho has to say, keep why a connection broke: it tells nobody else."""
        if level == paho.MQTT_LOG_ERR:
            self._cause = explain(text.partition(": ")[2] or text)

    def _note_unheard(self) -> None:
        """The broker said nothing: if again, it may not understand this version of MQTT."""
        self._note_trouble(self._cause or "it does not answer")
        self._unheard += 1
        if self._unheard % 2 == 0 and self._login.address.protocol == paho.MQTTv5:
            newer = self._protocol == paho.MQTTv5
            self._protocol = paho.MQTTv311 if newer else paho.MQTTv5

    def _note_trouble(self, what: str) -> None:
        if what != self.trouble:
            log.warning("broker %s: %s; events wait, trying again", self._login.address, what)
        self.trouble = what
