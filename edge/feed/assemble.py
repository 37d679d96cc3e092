"""Builds the publisher with every latest value and every topic that is listened to."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable

from edge import events
from edge.events import Health
from edge.feed import home_assistant
from edge.feed.connection import Login
from edge.feed.home_assistant import About
from edge.feed.line import Listener
from edge.feed.publisher import Publisher
from edge.feed.slots import Slot
from edge.state import State

HEALTH_EVERY_S = 30.0
RUNS_KEPT = 100


def assemble_feed(
    login: Login,
    state: State,
    health: Callable[[Publisher], Health],
    camera: Callable[[], object],
    about: About,
    on_command: Callable[[str, bytes, bool], None] | None,
    run: str,
) -> Publisher:
    """The publisher of a device. Health is sent at once when what `camera` gives changes, and says
    which `run` it is of: another client that publishes as this device is known by that."""
    own_runs = _note_run(state, run)
    topic = f"{login.base}/{events.Health.topic}"
    health_slot = Slot(
        topic,
        lambda: events.message_json(health(publisher)),
        camera,
        least_s=1.0,
        every_s=HEALTH_EVERY_S,
    )

    def on_health(_: str, payload: bytes, retained: bool) -> None:
        """The first to be heard may be of whoever was here before; later ones must be our own."""
        if health_slot.has_arrived and _run(payload) not in ("", *own_runs):
            publisher.note_rival()

    slots, listeners = [health_slot], [Listener(topic, on_health, needed=False)]
    if login.settings.home_assistant:
        message = home_assistant.config(login, about)
        announcement = Slot(home_assistant.config_topic(login), lambda: message)
        slots.append(announcement)

        def on_status(_: str, payload: bytes, retained: bool) -> None:
            if payload == b"online" and not retained:
                announcement.again()

        listeners.append(Listener(home_assistant.status_topic(login), on_status))
    if on_command is not None:
        listeners.append(Listener(f"{login.base}/command/+", on_command, as_published=True))
    publisher = Publisher(login, state, slots, listeners)
    return publisher


def _note_run(state: State, run: str) -> list[str]:
    """Keep a run's name; gives those of all late ones, which a broker may still tell of."""
    runs = [*state.fact("runs", "").split(), run][-RUNS_KEPT:]
    with contextlib.suppress(sqlite3.Error):  # a full disk must not keep a daemon from starting
        state.set_fact("runs", " ".join(runs))
    return runs


def _run(payload: bytes) -> str:
    """The run that a health message is of; empty where it does not say."""
    try:
        return str(json.loads(payload)["run"])
    except (ValueError, KeyError, TypeError):
        return ""
