"""The form that Home Assistant asks of a device's discovery message: a table of rules, each with
its source and a message that breaks it.

Sources are files of home-assistant/core 2026.2.3, below homeassistant/; 2026.11 agrees where
nothing else is said.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jinja2

from edge.events import EVENTS, TOPICS

Message = dict[str, Any]

COMMON = {"platform", "unique_id", "default_entity_id", "name", "icon", "entity_category", "qos"}
READ = {"state_topic", "value_template"}
KEYS: dict[str, tuple[set[str], set[str]]] = {  # what must be there, and what more may be
    "message": ({"device", "origin", "components", "availability"}, set()),
    "device": (
        {"identifiers", "name", "manufacturer", "model", "sw_version"},
        {"configuration_url"},
    ),
    "origin": ({"name", "sw_version"}, {"support_url"}),
    "availability": ({"topic"}, {"payload_available", "payload_not_available"}),
    "sensor": (
        READ,
        {"device_class", "state_class", "unit_of_measurement", "options"},
    ),
    "binary_sensor": (READ, {"device_class", "payload_on", "payload_off"}),
    "event": (READ | {"event_types"}, {"device_class"}),
    "button": ({"command_topic", "command_template"}, {"device_class", "payload_press"}),
}
STATE_CLASSES = {"measurement", "total", "total_increasing"}
CLASSES: dict[str, dict[str | None, tuple[set[str | None], set[str]]]] = {  # units, state classes
    "sensor": {
        "duration": ({"d", "h", "min", "s", "ms", "μs"}, STATE_CLASSES),
        "temperature": ({"°C", "°F", "K"}, {"measurement"}),
        "enum": ({None}, set()),
    },
    "binary_sensor": {"occupancy": ({None}, set())},
}
# Retained topics that hold a state, and the topics whose events are announced.
STATES = {topic.name for topic in TOPICS if topic.retained} - {"availability"}
HAPPENINGS = {"event/smile", "event/word"}
COMMANDS = {"pause", "resume", "reset-counts", "profile"}


def entities(message: Message) -> Iterator[tuple[str, Message]]:
    """Everything that is announced, without what is taken away."""
    for key, component in message["components"].items():
        if set(component) != {"platform"}:
            yield key, component


def misfit(where: str, keys: set[str], must: set[str], may: set[str]) -> Iterator[str]:
    yield from (f"{where} has no {key}" for key in must - keys)
    yield from (f"{where} has {key}" for key in keys - must - may)


def message_keys(message: Message) -> Iterator[str]:
    yield from misfit("message", set(message), *KEYS["message"])
    for part in ("device", "origin"):
        yield from misfit(part, set(message[part]), *KEYS[part])
    for topic in message.get("availability", []):
        yield from misfit("availability", set(topic), *KEYS["availability"])


def entity_keys(message: Message) -> Iterator[str]:
    needed = {"platform", "unique_id", "default_entity_id", "name", "qos"}
    for key, entity in entities(message):
        must, may = KEYS.get(entity["platform"], (set(), set()))
        yield from misfit(key, set(entity), must | needed, may | COMMON)


def platforms(message: Message) -> Iterator[str]:
    for key, component in message["components"].items():
        if component.get("platform") not in ("sensor", "binary_sensor", "event", "button"):
            yield f"{key}: platform {component.get('platform')}"


def identity(message: Message) -> Iterator[str]:
    if not message["device"].get("identifiers"):
        yield "device without identifiers"
    for name in ("unique_id", "default_entity_id", "name"):
        values = [entity.get(name) for _, entity in entities(message)]
        yield from (f"{name} {value} is there twice" for value in values if values.count(value) > 1)


def entity_ids(message: Message) -> Iterator[str]:
    for key, entity in entities(message):
        domain, _, rest = entity["default_entity_id"].partition(".")
        if domain != entity["platform"] or not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", rest):
            yield f"{key}: default_entity_id {entity['default_entity_id']}"


def availability(message: Message) -> Iterator[str]:
    yield from (
        f"{key} has availability" for key, one in entities(message) if "availability" in one
    )
    if not all(topic["topic"].endswith("/availability") for topic in message["availability"]):
        yield "availability"


def topics(message: Message) -> Iterator[str]:
    for key, entity in entities(message):
        known = HAPPENINGS if entity["platform"] == "event" else STATES
        if "state_topic" in entity and place(message, entity["state_topic"]) not in known:
            yield f"{key}: state_topic {entity['state_topic']}"
        if "command_topic" in entity:
            command = place(message, entity["command_topic"])
            if command.removeprefix("command/") not in COMMANDS or "/" not in command:
                yield f"{key}: command_topic {entity['command_topic']}"


def place(message: Message, topic: str) -> str:
    """The part of a topic below the device's own."""
    base = message["availability"][0]["topic"].removesuffix("availability")
    return topic.removeprefix(base)


def classes(message: Message) -> Iterator[str]:
    for key, entity in entities(message):
        kind, state_class = entity.get("device_class"), entity.get("state_class")
        unit = entity.get("unit_of_measurement")
        if state_class and state_class not in STATE_CLASSES:
            yield f"{key}: state_class {state_class}"
        if kind is None:
            continue
        if kind not in CLASSES.get(entity["platform"], {}):
            yield f"{key}: device_class {kind}"
            continue
        units, state_classes = CLASSES[entity["platform"]][kind]
        if unit not in units:
            yield f"{key}: unit_of_measurement {unit}"
        if state_class and state_class not in state_classes:
            yield f"{key}: state_class {state_class} with device_class {kind}"


def options(message: Message) -> Iterator[str]:
    for key, entity in entities(message):
        if ("options" in entity) != (entity.get("device_class") == "enum"):
            yield f"{key}: options and device_class enum go together"
        if "options" in entity and (not entity["options"] or entity.get("unit_of_measurement")):
            yield f"{key}: options {entity['options']}"


def event_types(message: Message) -> Iterator[str]:
    for key, entity in entities(message):
        topic = place(message, entity.get("state_topic", ""))
        sent = {kind.event_type for kind in EVENTS if kind.topic == topic}
        if entity["platform"] == "event" and set(entity.get("event_types", ())) != sent:
            yield f"{key}: event_types {entity.get('event_types')}"


def categories(message: Message) -> Iterator[str]:
    for key, entity in entities(message):
        allowed = {"config", "diagnostic"} if entity["platform"] == "button" else {"diagnostic"}
        if "entity_category" in entity and entity["entity_category"] not in allowed:
            yield f"{key}: entity_category {entity['entity_category']}"


def icons(message: Message) -> Iterator[str]:
    for key, entity in entities(message):
        if "icon" in entity and not re.fullmatch("mdi:[a-z-]+", entity["icon"]):
            yield f"{key}: icon {entity['icon']}"


def addresses(message: Message) -> Iterator[str]:
    found = message["device"].get("configuration_url", "http://h/")
    if not re.match("https?://[^/]+", found):
        yield f"configuration_url {found}"


def templates(message: Message) -> Iterator[str]:
    for key, entity in entities(message):
        for name in ("value_template", "command_template"):
            try:
                jinja2.Environment().parse(entity.get(name, ""))
            except jinja2.TemplateError:
                yield f"{key}: {name}"


GONE = object()


@dataclass(frozen=True)
class Rule:
    """What Home Assistant asks for, where it says so, and a message that breaks it."""

    faults: Callable[[Message], Iterator[str]]
    source: str
    place: tuple[str, ...]  # in the message; below "components" where it names an entity
    broken: Any
    fault: str  # a word of the complaint, ours and Home Assistant's

    def spoil(self, message: Message) -> Message:
        """The message, but for the one thing."""
        message = copy.deepcopy(message)
        part = message
        for name in self.place[:-1]:
            part = part[name] if name in part else part["components"][name]
        if self.broken is GONE:
            del part[self.place[-1]]
        else:
            part[self.place[-1]] = self.broken
        return message


MQTT = "components/mqtt"
SENSOR = "components/sensor/const.py"
VALIDATION = "helpers/config_validation.py"
OURS = "ours"  # Home Assistant would take it

RULES = (
    Rule(message_keys, f"{MQTT}/schemas.py", ("origin",), {}, "name"),
    Rule(message_keys, f"{MQTT}/schemas.py", ("colour",), "red", "colour"),
    Rule(message_keys, f"{MQTT}/schemas.py", ("device", "colour"), "red", "colour"),
    Rule(entity_keys, f"{MQTT}/schemas.py", ("fps", "unique_id"), GONE, "unique_id"),
    Rule(entity_keys, f"{MQTT}/config.py", ("presence", "state_topic"), GONE, "state_topic"),
    Rule(entity_keys, f"{MQTT}/event.py", ("smile", "event_types"), GONE, "event_types"),
    Rule(entity_keys, f"{MQTT}/button.py", ("pause", "command_topic"), GONE, "command_topic"),
    # Deprecated in 2025.10, gone in 2026.4; `default_entity_id` took its place.
    Rule(entity_keys, OURS, ("fps", "object_id"), "fps", "object_id"),
    # 2026.2 hands only SHARED_OPTIONS (schemas.py) down to the entities; `qos` is not among them.
    Rule(entity_keys, OURS, ("smile", "qos"), GONE, "qos"),
    Rule(platforms, f"{MQTT}/const.py", ("fps", "platform"), "viseme", "platform"),
    Rule(identity, f"{MQTT}/schemas.py", ("device", "identifiers"), [], "identif"),
    Rule(identity, f"{MQTT}/entity.py", ("fps", "unique_id"), "lipwire-test-camera", "twice"),
    Rule(identity, OURS, ("fps", "name"), "Camera", "twice"),
    Rule(entity_ids, "core.py", ("fps", "default_entity_id"), "event.fps", "default_entity_id"),
    Rule(entity_ids, "core.py", ("fps", "default_entity_id"), "sensor.a-b", "default_entity_id"),
    Rule(availability, OURS, ("fps", "availability"), [{"topic": "a"}], "availability"),
    Rule(availability, OURS, ("availability",), [{"topic": "a/health"}], "availability"),
    Rule(topics, OURS, ("fps", "state_topic"), "lipwire/test/fps", "state_topic"),
    Rule(topics, OURS, ("smile", "state_topic"), "lipwire/test/event/viseme", "state_topic"),
    Rule(topics, f"{MQTT}/util.py", ("pause", "command_topic"), "a/command/+", "command_topic"),
    Rule(classes, SENSOR, ("fps", "state_class"), "increasing", "state_class"),
    Rule(classes, SENSOR, ("fps", "device_class"), "speedy", "device_class"),
    Rule(classes, SENSOR, ("temperature_c", "state_class"), "total_increasing", "state_class"),
    Rule(classes, SENSOR, ("temperature_c", "unit_of_measurement"), "C", "unit"),
    Rule(classes, SENSOR, ("smile_seconds_total", "unit_of_measurement"), GONE, "unit"),
    Rule(classes, "components/binary_sensor", ("presence", "device_class"), "face", "device_class"),
    Rule(options, f"{MQTT}/sensor.py", ("camera", "options"), [], "options"),
    Rule(options, SENSOR, ("camera", "options"), GONE, "options"),
    Rule(options, f"{MQTT}/sensor.py", ("fps", "options"), ["fast"], "options"),
    Rule(event_types, OURS, ("smile", "event_types"), ["smile_started"], "event_types"),
    Rule(categories, f"{MQTT}/sensor.py", ("fps", "entity_category"), "config", "entity_category"),
    Rule(icons, VALIDATION, ("fps", "icon"), "camera", "icon"),
    Rule(addresses, VALIDATION, ("device", "configuration_url"), "10.0.0.5:80", "url"),
    Rule(templates, VALIDATION, ("fps", "value_template"), "{{ value_json.fps", "value_template"),
)


def faults(message: Message) -> list[str]:
    """What our rules find wrong with a message."""
    return [fault for check in {rule.faults for rule in RULES} for fault in check(message)]
