"""Home Assistant's MQTT device discovery: one retained message that describes every entity.

Format: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from edge import __version__, events
from edge.events import CameraState
from edge.feed.connection import Login

STATUS_TOPIC = "status"  # below the discovery prefix; Home Assistant's own birth and death
# An event that comes from a backlog, or once more after a crash, must start no automation.
FRESH = (
    "{{ '' if value_json.late | default(false) "
    "or this.attributes.id | default('') == value_json.id else value }}"
)


@dataclass(frozen=True)
class About:
    """What is announced beside the entities that every device has."""

    board: str = ""  # its model
    has_thermometer: bool = False
    page: str = ""  # an address that others can open
    words: bool = False  # whether it reads them


def config_topic(login: Login) -> str:
    """Where the device is announced."""
    return f"{login.settings.home_assistant}/device/{login.device_id}/config"


def status_topic(login: Login) -> str:
    """Where Home Assistant says that it has started."""
    return f"{login.settings.home_assistant}/{STATUS_TOPIC}"


def config(login: Login, about: About) -> str:
    """The discovery message."""
    device = {
        "identifiers": [f"lipwire-{login.device_id}"],
        "name": f"Lipwire {login.device_id}",
        "manufacturer": "Lipwire",
        "model": about.board or "camera",
        "sw_version": __version__,
    }
    if about.page:
        device["configuration_url"] = about.page
    message = {
        "device": device,
        "origin": {"name": "lipwire", "sw_version": __version__},
        "availability": [{"topic": f"{login.base}/availability"}],
        "components": {
            key: _component(login, key, platform, values)
            for key, platform, values in _entities(login, about)
        },
    }
    return json.dumps(message, ensure_ascii=False)


def _component(login: Login, key: str, platform: str, values: dict[str, Any]) -> dict[str, Any]:
    if not values:  # a platform alone takes away what was announced before
        return {"platform": platform}
    name = re.sub("[-_]+", "_", f"lipwire_{login.device_id}_{key}".lower())
    return {
        "platform": platform,
        "unique_id": f"lipwire-{login.device_id}-{key}",
        "default_entity_id": f"{platform}.{name}",
        "qos": 1,  # Home Assistant 2026.2 does not hand it down from the message
        **values,
    }


def _entities(login: Login, about: About) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Key, platform and the rest of every entity; without a rest it is taken away."""
    yield from _counts(f"{login.base}/{events.Counts.topic}")
    yield _happening(login, "smile", "Smile", "mdi:emoticon-happy-outline")
    word = _happening(login, "word", "Word", "mdi:account-voice")
    yield word if about.words else (*word[:2], {})
    yield from _diagnostics(f"{login.base}/{events.Health.topic}", about)
    for key, platform, values in _buttons(f"{login.base}/command"):
        yield key, platform, values if login.settings.commands else {}


def _happening(login: Login, key: str, name: str, icon: str) -> tuple[str, str, dict[str, Any]]:
    """What is told on a topic of events."""
    topic = f"event/{key}"
    values = {
        "name": name,
        "icon": icon,
        "state_topic": f"{login.base}/{topic}",
        "event_types": [kind.event_type for kind in events.EVENTS if kind.topic == topic],
        "value_template": FRESH,
    }
    return key, "event", values


def _counts(topic: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    totals = (
        ("smiles_total", "Smiles", "mdi:emoticon-happy", "smiles"),
        ("smilers_total", "Visitors who smiled", "mdi:account-heart", "visitors"),
        ("visitors_total", "Visitors", "mdi:account-group", "visitors"),
    )
    for key, name, icon, unit in totals:
        about = {"name": name, "icon": icon, "unit_of_measurement": unit}
        yield key, "sensor", {**about, **_total(topic, key)}
    seconds = {"name": "Time smiled", "device_class": "duration", "unit_of_measurement": "s"}
    yield "smile_seconds_total", "sensor", {**seconds, **_total(topic, "smile_seconds_total")}
    yield (
        "faces_now",
        "sensor",
        {
            "name": "Faces now",
            "icon": "mdi:face-recognition",
            "state_topic": topic,
            "value_template": "{{ value_json.faces_now }}",
            "state_class": "measurement",
        },
    )
    yield (
        "presence",
        "binary_sensor",
        {
            "name": "Presence",
            "device_class": "occupancy",
            "state_topic": topic,
            "value_template": "{{ 'ON' if value_json.faces_now > 0 else 'OFF' }}",
        },
    )


def _total(topic: str, key: str) -> dict[str, Any]:
    return {
        "state_topic": topic,
        "value_template": f"{{{{ value_json.{key} }}}}",
        "state_class": "total_increasing",
    }


def _diagnostics(topic: str, about: About) -> Iterator[tuple[str, str, dict[str, Any]]]:
    def diagnostic(key: str, name: str, **values: Any) -> tuple[str, str, dict[str, Any]]:
        return (
            key,
            "sensor",
            {
                "name": name,
                "entity_category": "diagnostic",
                "state_topic": topic,
                "value_template": f"{{{{ value_json.{key} }}}}",
                **values,
            },
        )

    states = {"device_class": "enum", "options": list(get_args(CameraState))}
    yield diagnostic("camera", "Camera", icon="mdi:cctv", **states)
    measured = {"state_class": "measurement"}
    yield diagnostic("fps", "Frames a second", icon="mdi:speedometer", **measured)
    yield diagnostic("outbox_waiting", "Events waiting", icon="mdi:tray-full", **measured)
    if about.has_thermometer:
        heat = {"device_class": "temperature", "unit_of_measurement": "°C", **measured}
        yield diagnostic("temperature_c", "Temperature", **heat)


def _buttons(topic: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    buttons = (
        ("pause", "Pause", "mdi:pause"),
        ("resume", "Resume", "mdi:play"),
        ("reset-counts", "Reset counts", "mdi:counter"),
    )
    for command, name, icon in buttons:
        yield (
            command.replace("-", "_"),
            "button",
            {
                "name": name,
                "icon": icon,
                "entity_category": "config",
                "command_topic": f"{topic}/{command}",
                # Every press is a request of its own, which a repetition on the way is not.
                "command_template": '{"request": "{{ now().timestamp() }}"}',
            },
        )
