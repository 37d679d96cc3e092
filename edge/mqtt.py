"""The feed: carries the outbox, the counts and the availability to an MQTT broker.

One thread owns the connection and does everything on it in turn, so nothing here needs a lock. A
row leaves the outbox only when the broker has accepted it; counts and availability are latest
values, sent anew on every connect and never queued.
"""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge import events
from edge.address import PASSWORD_VARIABLE, Address
from edge.settings import MqttSettings
from edge.state import State

log = logging.getLogger(__name__)

MOST_UNACKNOWLEDGED = 20
LOOP_S = 0.05  # how long an event may wait for the thread to look
COUNTS_EVERY_S = 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
CONNECT_TIMEOUT_S = 5.0
KEEPALIVE_S = 30
UNSUPPORTED_PROTOCOL = 132  # MQTT 5's reason code; paho gives it for 3.1.1's refusal too


class Publisher:
    """The MQTT thread. Every connection gets a client of its own, so that the outbox alone knows
    what is still to be sent: a client that is kept would send its own copies again."""

    def __init__(
        self,
        address: Address,
        settings: MqttSettings,
        device_id: str,
        state: State,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._address, self._settings, self._state, self._now = address, settings, state, now
        self._base = f"{settings.prefix}/{device_id}"
        self._client_id = f"lipwire-{device_id}"
        self._protocol = address.protocol
        self._client: paho.Client  # a new one for each connection
        self.connected = False
        self.trouble = ""  # what keeps events from being delivered, empty when nothing does
        self._heard = False  # the broker has answered this connection
        self._unheard = 0  # connections in a row without an answer
        self._answer_by = 0.0
        self._window = MOST_UNACKNOWLEDGED
        self._unacknowledged: dict[int, int] = {}  # message number -> seq
        self._accepted: list[int] = []  # sequence numbers to take out of the outbox
        self._slot: int | None = None  # message number of a latest value on its way
        self._counts_sent: events.Counts | None = None
        self._counts_due = self._retry_at = 0.0
        self._sent_to = 0  # events up to this number were sent once, the refused ones too
        self._refused = False  # some of them were refused
        self._pause = FIRST_PAUSE_S
        self._stopping = threading.Event()
        self._stop_by = 0.0
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience_s: float = 3.0) -> None:
        """Send what can still be sent, say goodbye and disconnect."""
        self._stop_by = time.monotonic() + patience_s
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(patience_s + CONNECT_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._connect()
                self._serve(lambda: not self._stopping.is_set())
                if self.connected and self._stopping.is_set():
                    self._say_goodbye()
            except OSError as error:
                self._note_trouble(f"no connection: {error.strerror or error}")
            except Exception as error:  # a thread that dies would end the feed in silence
                log.exception("the feed failed")
                self._note_trouble(f"{type(error).__name__}: {error}")
            self.connected = False
            self._stopping.wait(self._pause * random.uniform(0.8, 1.2))
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _connect(self) -> None:
        self._client = self._new_client()
        self._heard = False
        self._unacknowledged.clear()
        self._slot = None
        self._sent_to = 0
        self._client.connect(self._address.host, self._address.port, KEEPALIVE_S)
        self._answer_by = time.monotonic() + CONNECT_TIMEOUT_S

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
                self._send_counts()
                self._send_events()

    def _settle(self) -> None:
        """Take what was accepted out of the outbox."""
        try:
            if self._accepted:
                self._state.delivered(self._accepted)
                self._accepted.clear()
        except sqlite3.Error as error:  # tried again in the next round; nothing is sent twice
            self._note_trouble(f"delivered events cannot be crossed off: {error}")

    @property
    def _room(self) -> int:
        """How many more messages may be on their way."""
        return self._window - len(self._unacknowledged) - (self._slot is not None)

    def _send_events(self) -> None:
        if self._refused and time.monotonic() >= self._retry_at:
            self._refused, self._sent_to = False, 0
        on_their_way = [*self._unacknowledged.values(), *self._accepted]
        if self._room <= 0 or len(on_their_way) >= self._state.waiting_count:
            return
        for row in self._state.waiting(self._room, self._sent_to, but=on_their_way):
            message = events.sent_json(row.payload, self._now() - row.stored_at)
            sent = self._client.publish(f"{self._base}/{row.topic}", message, qos=1)
            if sent.rc != paho.MQTT_ERR_SUCCESS:
                return
            self._unacknowledged[sent.mid] = row.seq
            self._sent_to = row.seq

    def _send_counts(self) -> None:
        if self._slot is not None or self._room <= 0 or time.monotonic() < self._counts_due:
            return
        counts = self._state.counts()
        if counts != self._counts_sent:
            self._send_slot(events.Counts.topic, events.counts_json(counts))
            self._counts_sent, self._counts_due = counts, time.monotonic() + COUNTS_EVERY_S

    def _send_slot(self, topic: str, value: str) -> None:
        self._slot = self._client.publish(f"{self._base}/{topic}", value, qos=1, retain=True).mid

    def _say_goodbye(self) -> None:
        def in_time() -> bool:
            return self.connected and time.monotonic() < self._stop_by

        self._serve(lambda: in_time() and self._state.waiting_count > 0 and not self._refused)
        self._serve(lambda: in_time() and (self._slot is not None or self._room <= 0))
        if self.connected:
            self._counts_due = 0.0
            self._send_counts()
            self._serve(lambda: in_time() and self._slot is not None)
            self._send_slot("availability", "offline")
            self._serve(lambda: in_time() and self._slot is not None)
            self._client.disconnect()

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
        self.connected, self.trouble = True, ""
        log.info("connected to the broker at %s", self._address)
        self._counts_sent, self._counts_due = None, 0.0
        self._send_slot("availability", "online")

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if self.connected:
            self._protocol = self._address.protocol  # the broker may be another one next time
            if not self._stopping.is_set():
                self._note_trouble(f"connection lost: {reason}")
        self.connected = False

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason: ReasonCode, properties: Any
    ) -> None:
        is_slot = mid == self._slot
        if is_slot:
            self._slot = None
        seq = self._unacknowledged.pop(mid, None)
        if reason.is_failure:
            self._note_refusal(reason)
            if is_slot:
                self._counts_sent, self._counts_due = None, self._retry_at
            return
        if seq is not None:
            self._accepted.append(seq)
        if not self._refused:
            self._pause, self.trouble = FIRST_PAUSE_S, ""

    def _note_refusal(self, reason: ReasonCode) -> None:
        """Try refused events again later; what comes after them need not wait."""
        self._note_trouble(f"a message was refused: {reason}; it is kept")
        if not self._refused:
            self._refused = True
            self._retry_at = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _note_unheard(self) -> None:
        """The broker said nothing: if again, it may not understand this version of MQTT."""
        self._note_trouble("it does not answer")
        self._unheard += 1
        if self._unheard % 2 == 0 and self._address.protocol == paho.MQTTv5:
            newer = self._protocol == paho.MQTTv5
            self._protocol = paho.MQTTv311 if newer else paho.MQTTv5

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            protocol=self._protocol,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.will_set(f"{self._base}/availability", "offline", qos=1, retain=True)
        if self._settings.user:
            client.username_pw_set(self._settings.user, os.environ.get(PASSWORD_VARIABLE))
        if self._address.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def _note_trouble(self, what: str) -> None:
        if what != self.trouble:
            log.warning("broker %s: %s; events wait, trying again", self._address, what)
        self.trouble = what
