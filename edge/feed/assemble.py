"""Builds the publisher with every latest value and every topic that is listened to."""

from __future__ import annotations

from collections.abc import Callable

from edge import events
from edge.events import Health
from edge.feed import home_assistant
from edge.feed.connection import Login
from edge.feed.home_assistant import About
from edge.feed.publisher import Listener, Publisher
from edge.feed.slots import Slot
from edge.state import State

HEALTH_EVERY_S = 30.0


def assemble_feed(
    login: Login,
    state: State,
    health: Callable[[Publisher], Health],
    camera: Callable[[], object],
    about: About,
    on_command: Callable[[str, bytes], None] | None,
) -> Publisher:
    """The publisher of a device; health is sent at once when what `camera` gives changes."""
    slots = [
        Slot(
            f"{login.base}/{events.Health.topic}",
            lambda: events.message_json(health(publisher)),
            camera,
            least_s=1.0,
            every_s=HEALTH_EVERY_S,
        )
    ]
    listeners = []
    if login.settings.home_assistant:
        message = home_assistant.config(login, about)
        announcement = Slot(home_assistant.config_topic(login), lambda: message)
        slots.append(announcement)

        def on_status(_: str, payload: bytes) -> None:
            if payload == b"online":
                announcement.again()

        listeners.append(
            Listener(home_assistant.status_topic(login), on_status, warn_of_retained=False)
        )
    if on_command is not None:
        listeners.append(Listener(f"{login.base}/command/+", on_command))
    publisher = Publisher(login, state, slots, listeners)
    return publisher
