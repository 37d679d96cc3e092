"""Says what Home Assistant itself finds wrong with discovery messages.

    python validate.py FILE...    prints one JSON object: file -> faults

Run by a Python that has Home Assistant (make test-home-assistant). It goes the way of
homeassistant/components/mqtt/discovery.py with that file's own functions and schemas, and is
stricter where Home Assistant is silent: it drops keys that it does not know.
"""

from __future__ import annotations

import asyncio
import copy
import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from homeassistant.components.mqtt import discovery, schemas
from homeassistant.components.sensor import const as sensor
from homeassistant.core import HomeAssistant, valid_entity_id

# Its library for schemas: voluptuous, and since 2026.11 probatio.
Invalid = (getattr(schemas, "vol", None) or schemas.probatio).Invalid


def faults(message: dict[str, Any]) -> Iterator[str]:
    """Everything that is wrong with a message."""
    try:
        schemas.DEVICE_DISCOVERY_SCHEMA(copy.deepcopy(message))
    except Invalid as refused:
        yield str(refused)
        return  # all of it is dropped
    taken: set[str] = set()
    for name, component in message["components"].items():
        for fault in _component_faults(message, component, taken):
            yield f"{name}: {fault}"


def _component_faults(
    message: dict[str, Any], component: dict[str, Any], taken: set[str]
) -> Iterator[str]:
    platform = component["platform"]
    config = discovery.MQTTDiscoveryPayload(component)
    del config["platform"]
    if not config:
        return  # it is taken away
    own = set(config)
    config |= {"device": message["device"], "origin": message["origin"]}
    discovery._merge_common_device_options(config, message)
    module = importlib.import_module(f"homeassistant.components.mqtt.{platform}")
    try:
        valid = module.DISCOVERY_SCHEMA(copy.deepcopy(config))
    except Invalid as refused:
        yield str(refused)
        return
    for key in own - set(valid):
        yield f"unknown key {key}"
    for key in ("unique_id", "default_entity_id"):
        if valid[key] in taken:
            yield f"{key} {valid[key]} is there twice"
        taken.add(valid[key])
    entity_id = valid["default_entity_id"]
    if not valid_entity_id(entity_id) or entity_id.split(".")[0] != platform:
        yield f"default_entity_id {entity_id}"
    if platform == "sensor":
        yield from _sensor_faults(valid)


def _sensor_faults(valid: dict[str, Any]) -> Iterator[str]:
    """What Home Assistant says only once there is a state."""
    kind, unit = valid.get("device_class"), valid.get("unit_of_measurement")
    state_class = valid.get("state_class")
    if valid.get("entity_category") == "config":
        yield "entity_category config"
    if kind is None:
        return
    if state_class and state_class not in sensor.DEVICE_CLASS_STATE_CLASSES.get(kind, ()):
        yield f"state_class {state_class} with device_class {kind}"
    if unit not in sensor.DEVICE_CLASS_UNITS.get(kind, {unit}):
        yield f"unit_of_measurement {unit} with device_class {kind}"
    if kind == "enum" and not valid.get("options"):
        yield "options are missing"


async def main(files: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hass = HomeAssistant(folder)  # templates are compiled with its filters
        found = {}
        for name in files:
            with open(name, encoding="utf-8") as file:
                found[name] = list(faults(json.load(file)))
        await hass.async_stop(force=True)
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
