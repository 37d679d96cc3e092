"""Carries the outbox, the latest values and answers to an MQTT broker, and brings commands.

One thread owns the line and does everything on it in turn, so nothing here needs a lock. A row
leaves the outbox only when the broker has accepted it.
"""

from __future__ import annotations

import collections
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paho.mqtt.reasoncodes import ReasonCode

from edge import events
from edge.errors import BrokerError
from edge.feed.blame import Blame, Key
from edge.feed.connection import TIMEOUT_S, Login, explain
from edge.feed.line import MOST_UNACKNOWLEDGED, Line, Listener
from edge.feed.slots import Slot
from edge.feed.trouble import Trouble
from edge.state import State

log = logging.getLogger(__name__)

SETTLE_AT = MOST_UNACKNOWLEDGED // 2  # accepted events are crossed off together
NOT_GOING_S = 30.0  # before it is asked again whether a message may go
ANSWERS_KEPT = 100  # answers to commands while the broker is away
LIVE_KEPT = 100  # live messages while the thread works


@dataclass(frozen=True)
class OnItsWay:
    """A message the broker has not answered yet."""

    topic: str
    seq: int | None = None  # of an event
    slot: Slot | None = None

    @property
    def key(self) -> Key:
        return self.topic, self.seq


class Publisher:
    """The MQTT thread."""

    def __init__(
        self,
        login: Login,
        state: State,
        slots: Sequence[Slot] = (),
        listeners: Sequence[Listener] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._login, self._state, self._now = login, state, now
        presence = f"{login.base}/availability"
        self._presence = "online"
        self._counts = Slot(
            f"{login.base}/{events.Counts.topic}",
            lambda: events.message_json(state.counts()),
            state.counts,
            least_s=1.0,
        )
        self._slots = (
            Slot(presence, lambda: self._presence, lambda: self._presence),
            self._counts,
            *slots,
        )
        self._trouble = Trouble(str(login.address), login.device_id)
        will = (presence, "offline")
        self._line = Line(
            login, will, listeners, self._trouble, self._on_answer, lambda: not self._on_their_way
        )
        self._answers: collections.deque[str] = collections.deque()
        self._live: collections.deque[tuple[str, str]] = collections.deque(maxlen=LIVE_KEPT)
        self._on_their_way: dict[int, OnItsWay] = {}  # by message number
        self._blame = Blame()
        self._accepted: list[int] = []  # sequence numbers to take out of the outbox
        self._sent_to = 0  # events up to this number were sent once, the refused ones too
        self._stopping = threading.Event()
        self._stop_by = 0.0
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    @property
    def connected(self) -> bool:
        return self._line.connected

    @property
    def version(self) -> str:
        """Of MQTT, as it is spoken now."""
        return self._line.version

    @property
    def trouble(self) -> str:
        """What keeps events from being delivered, empty where nothing does."""
        return self._trouble.text

    @property
    def refusal(self) -> str:
        """What the broker refuses and why, empty where nothing."""
        return self._trouble.refusal

    @property
    def takeovers(self) -> int:
        """How often another client was found to use this device's id."""
        return self._trouble.takeovers

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

    def tell_live(self, topic: str, payload: str) -> None:
        """Send something, below the device's topic, that is of no worth later: it is not sent at
        all where there is no broker now."""
        if self.connected:
            self._live.append((f"{self._login.base}/{topic}", payload))

    def note_rival(self) -> None:
        """Another client is known to publish as this device: leave the broker to it for a while."""
        if self._trouble.has_its_turn:
            return  # it is our turn: the other will find us and go
        self._trouble.taken_over()
        self._line.leave()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._begin()
                self._serve(lambda: not self._stopping.is_set())
                if self.connected and self._stopping.is_set():
                    self._say_goodbye()
            except BrokerError as error:  # files that cannot be read now
                self._trouble.note(str(error))
            except OSError as error:
                self._trouble.note(explain(error, self._login.address.tls))
            except Exception as error:  # a thread that dies would end the feed in silence
                log.exception("the feed failed")
                self._trouble.note(f"{type(error).__name__}: {error}")
            self._line.close()
            self._stopping.wait(self._trouble.rest_s())

    def _begin(self) -> None:
        """A new connection, on which nothing has been sent."""
        if to_blame := self._blame.broken(
            [it.key for it in self._on_their_way.values()], time.monotonic()
        ):
            self._trouble.refused(to_blame[0], f"the connection breaks at it: {self._line.cause}")
        self._on_their_way.clear()
        self._live.clear()
        self._sent_to = 0
        for slot in self._slots:
            slot.forget()
        self._line.connect()

    def _serve(self, go_on: Callable[[], bool]) -> None:
        """Work on the connection until it ends or `go_on` says stop."""
        while go_on():
            works = self._line.work()
            self._settle()
            if not works:
                return
            if self.connected and self._line.has_listened:
                self._send_slots()
                self._send_answers()
                self._send_events()
                self._send_live()
            else:
                self._live.clear()

    def _settle(self) -> None:
        """Take what was accepted out of the outbox, many at a time: each time costs a commit."""
        more_to_come = self._on_their_way and len(self._accepted) < SETTLE_AT
        if not self._accepted or (more_to_come and self.connected):
            return
        try:
            self._state.delivered(self._accepted)
            self._accepted.clear()
        except sqlite3.Error as error:  # tried again in the next round; nothing is sent twice
            self._trouble.note(f"delivered events cannot be crossed off: {error}")

    @property
    def _room(self) -> int:
        """How many more messages may be on their way."""
        most = 1 if self._blame.is_careful else self._line.window
        return most - len(self._on_their_way)

    def _send_slots(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if self._room > 0 and slot.due(now):
                it, payload = OnItsWay(slot.topic, slot=slot), slot.next(now)
                if self._may_go(it, payload):
                    slot.on_its_way = self._send(it, payload, True)
                else:
                    slot.refused(time.monotonic() + NOT_GOING_S)

    def _send_answers(self) -> None:
        topic = f"{self._login.base}/{events.Result.topic}"
        under_way = any(it.topic == topic for it in self._on_their_way.values())
        if self._room > 0 and self._answers and not under_way:
            if self._line.fits(topic, self._answers[0]):
                self._send(OnItsWay(topic), self._answers[0])
            else:
                self._answers.popleft()  # nobody may wait behind it

    def _send_events(self) -> None:
        if self._trouble.is_time_to_retry():
            self._sent_to = 0
        under_way = [it.seq for it in self._on_their_way.values() if it.seq is not None]
        under_way += self._accepted
        if self._room <= 0 or len(under_way) >= self._state.waiting_count:
            return
        for row in self._state.waiting(self._room, self._sent_to, but=under_way):
            topic = f"{self._login.base}/{row.topic}"
            message = events.sent_json(row.payload, self._now() - row.stored_at)
            self._sent_to = row.seq
            it = OnItsWay(topic, row.seq)
            if self._may_go(it, message) and self._send(it, message) is None:
                return
            if self._room <= 0:
                return

    def _send_live(self) -> None:
        while self._live:
            self._line.publish_live(*self._live.popleft())

    def _may_go(self, it: OnItsWay, payload: str) -> bool:
        """Whether the broker can be thought to take a message now."""
        if self._blame.rests(it.key, time.monotonic()):
            return False
        return self._line.fits(it.topic, payload)

    def _send(self, it: OnItsWay, payload: str, retain: bool = False) -> int | None:
        """Hand a message to the line; gives its number, or None where that has broken."""
        number = self._line.publish(it.topic, payload, retain)
        if number is not None:
            self._on_their_way[number] = it
        return number

    def _on_answer(self, number: int, reason: ReasonCode) -> None:
        """The broker has taken a message, or refused it."""
        it = self._on_their_way.pop(number, None)
        if it is None:
            return
        self._blame.answered(it.key)
        if reason.is_failure:
            self._trouble.refused(it.topic, str(reason))
        else:
            self._trouble.accepted(it.topic, fully=not self._blame.holds_back(it.topic))
        if it.slot is not None:
            it.slot.on_its_way = None
            if reason.is_failure:
                it.slot.refused(self._trouble.retry_at)
            else:
                it.slot.has_arrived = True
        elif it.seq is None:
            self._answers.popleft()  # a refused answer too: nobody may wait behind it
        elif not reason.is_failure:
            self._accepted.append(it.seq)

    def _say_goodbye(self) -> None:
        def in_time() -> bool:
            return self.connected and time.monotonic() < self._stop_by

        def slots_busy() -> bool:
            return any(slot.busy(time.monotonic()) for slot in self._slots)

        self._serve(lambda: in_time() and self._has_unsent)
        self._counts.hurry()
        self._serve(lambda: in_time() and slots_busy())
        self._presence = "offline"
        self._serve(lambda: in_time() and slots_busy())
        self._line.leave()
        self._line.work()

    @property
    def _has_unsent(self) -> bool:
        events_wait = self._state.waiting_count > 0 and not self.refusal
        return events_wait or bool(self._answers)
