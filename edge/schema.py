"""Writes `schema.json`, the JSON Schema of all messages: `python -m edge.schema`."""

from __future__ import annotations

import json
import types
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from edge.events import (
    EVENTS,
    LATE_AFTER_S,
    LIVE,
    MOMENTS,
    VERSION,
    Check,
    Counts,
    Happening,
    Health,
    Result,
)

FILE = Path(__file__).with_name("schema.json")
UTC = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
NAMES = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}
# What may be sent to `command/<name>`; an empty payload will do where nothing needs saying.
COMMAND = {
    "description": "A command's payload, which may also be empty.",
    "type": "object",
    "properties": {
        "request": {
            "type": "string",
            "maxLength": 100,
            "description": "an id of the sender's choice; a command with an id seen before is"
            " answered again and not carried out again",
        },
        "profile": {"type": "string", "description": "of the command `profile`: its name"},
    },
    "additionalProperties": False,
}


def schema() -> dict[str, Any]:
    """JSON Schema of every message, by its name in `edge.events.TOPICS`."""
    definitions = {kind.event_type: _event(kind) for kind in EVENTS}
    definitions |= {kind.event_type: _live(kind) for kind in LIVE}
    for kind in (Counts, Health, Result, Check):
        name = kind.__name__.lower()
        definitions[name] = _object({"v": {"const": VERSION}, **_properties(kind)}, kind)
    definitions["command"] = COMMAND
    definitions["availability"] = {"enum": ["online", "offline"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages of Lipwire",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in definitions],
        "$defs": definitions,
    }


def text() -> str:
    """The file's content as it must be."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _event(kind: type[Happening]) -> dict[str, Any]:
    seq = {"type": "integer", "minimum": 1, "description": "grows with every event"}
    late = {"const": True, "description": f"sent over {LATE_AFTER_S:g} s after it was known"}
    return _object(_happening({"seq": seq}, kind) | {"late": late}, kind, optional=("late",))


def _live(kind: type[Happening]) -> dict[str, Any]:
    return _object(_happening({}, kind), kind)


def _happening(numbers: dict[str, Any], kind: type[Happening]) -> dict[str, Any]:
    return {
        "v": {"const": VERSION},
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "unique"},
        **numbers,
        "event_type": {"const": kind.event_type},
        "clock_synced": {"type": "boolean", "description": "whether `at` can be trusted"},
        **_properties(kind),
    }


def _properties(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    properties = {}
    for about in fields(kind):
        if about.name in MOMENTS:
            value = UTC
        elif names := about.metadata["names"]:
            value = _of_names(hints[about.name], names)
        else:
            value = _json_type(hints[about.name])
        properties[about.name] = {**value, "description": about.metadata["meaning"]}
    return properties


def _of_names(kind: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """One of the names, or something of each."""
    if get_origin(kind) is not dict:
        return {"enum": list(names)}
    each = _json_type(get_args(kind)[1])
    return {
        "type": "object",
        "properties": dict.fromkeys(names, each),
        "required": list(names),
        "additionalProperties": False,
    }


def _json_type(kind: Any) -> dict[str, Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(parts)}
    if origin in (Union, types.UnionType):
        return {"type": [NAMES[part] for part in parts]}
    if origin is tuple:
        return {"type": "array", "items": _json_type(parts[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _json_type(parts[1])}
    # Every number that is told for certain is a count, a duration or a probability.
    bound = {"minimum": 0} if kind in (int, float) else {}
    return {"type": NAMES[kind], **bound}


def _object(
    properties: dict[str, Any], kind: type[Any], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "description": kind.__doc__ or "",
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
