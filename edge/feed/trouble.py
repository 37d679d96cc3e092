"""What keeps messages from getting through: said once, shown to all, and how long to wait."""

from __future__ import annotations

import logging
import random
import time

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
SHORT_S, SHORT_MOST = 10.0, 5  # so many connections lost so soon are no accident


class Trouble:
    """Of one publisher; its words and its pauses."""

    def __init__(self, where: str, device_id: str) -> None:
        self._where, self._device_id = where, device_id
        self.text = ""  # empty where nothing keeps events from being delivered
        self.takeovers = 0
        self._yields = False  # to another client with this device's id, for a while
        self._turn_until = 0.0  # after that: now the other is to yield
        self.retry_at = self._retried = 0.0  # when what was refused is, and was, tried again
        self._refused: dict[str, str] = {}  # topics, and why
        self._pause_s = FIRST_PAUSE_S  # before the next connection
        self._retry_pause_s = FIRST_PAUSE_S  # before what was refused is tried again
        self._short = 0  # connections in a row that were lost at once

    @property
    def refusal(self) -> str:
        """A topic that the broker does not take or give and why, empty where there is none."""
        return next((f"{topic}: {why}" for topic, why in self._refused.items()), "")

    @property
    def _refused_text(self) -> str:
        return f"a message is refused: {self.refusal}; it is kept" if self._refused else ""

    @property
    def has_its_turn(self) -> bool:
        """Whether it has yielded to a rival before, so that it is the rival's turn to yield."""
        return time.monotonic() < self._turn_until

    def is_time_to_retry(self) -> bool:
        """Whether what was refused is to be tried again: once after each refusal."""
        due = (
            bool(self._refused)
            and self.retry_at > self._retried
            and (time.monotonic() >= self.retry_at)
        )
        if due:
            self._retried = self.retry_at
        return due

    def rest_s(self) -> float:
        """How long to wait before the next connection; longer each time."""
        if self._yields:
            self._yields = False
            pause = LONGEST_PAUSE_S * random.uniform(0.8, 1.2)
            self._turn_until = time.monotonic() + pause + LONGEST_PAUSE_S / 2
            return pause
        pause = self._pause_s
        self._pause_s = min(pause * 2, LONGEST_PAUSE_S)
        return pause * random.uniform(0.8, 1.2)

    def note(self, what: str) -> None:
        """Something is wrong; it is logged where it is news."""
        if what != self.text:
            log.warning("broker %s: %s; trying again", self._where, what)
        self.text = what

    def connected(self, version: str) -> None:
        """All may be well again."""
        log.info("connected to the broker at %s (MQTT %s)", self._where, version)
        self.text = self._refused_text

    def lost(self, why: str, lasted_s: float, idle: bool = True) -> None:
        """A connection was lost; one that was not `idle` may have broken at a message."""
        if lasted_s >= SHORT_S:
            self._short = 0
        elif idle:
            self._short += 1
        if self._short < SHORT_MOST:
            self.note(f"connection lost: {why}")
            return
        self._pause_s = LONGEST_PAUSE_S
        rival = f"does another client use the id of this device ({self._device_id})?"
        self.note(f"connection lost again and again: {why}; {rival}")

    def taken_over(self) -> None:
        """Another client is connected in this device's name; two that fight would both lose."""
        self.takeovers += 1
        self._yields = True
        what = f"taken over: another client uses the id of this device ({self._device_id})"
        self.note(f"{what}; give one of them another [mqtt] device_id")

    def accepted(self, topic: str, fully: bool = True) -> None:
        """The broker has taken a message; not `fully` where it refuses others of that topic."""
        self._pause_s = FIRST_PAUSE_S
        if fully:
            self._refused.pop(topic, None)
        if not self._refused:
            self._retry_pause_s, self.text = FIRST_PAUSE_S, ""

    def refused(self, topic: str, why: str) -> None:
        """The broker does not take a message: try again later, and later still the next time."""
        now = time.monotonic()
        if now >= self.retry_at:
            self.retry_at = now + self._retry_pause_s
            self._retry_pause_s = min(self._retry_pause_s * 2, LONGEST_PAUSE_S)
        self._refused[topic] = why
        self.note(self._refused_text)

    def given(self, topic: str) -> None:
        """The broker lets this device listen to a topic."""
        self._refused.pop(topic, None)

    def not_given(self, topic: str, why: str) -> None:
        """The broker does not let this device listen to a topic."""
        if topic not in self._refused:
            log.warning("broker %s: may not listen to %s: %s", self._where, topic, why)
        self._refused[topic] = why
