"""Everything that is told to the outside, and the only module that knows the wire format."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, get_args, get_origin, get_type_hints

VERSION = 1
LATE_AFTER_S = 10.0

Reason = Literal["over", "face_left", "stopped", "interrupted"]


def told(meaning: str) -> Any:
    """A field that is sent, with its meaning."""
    return field(metadata={"meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to one face."""

    event_type: ClassVar[str]
    topic: ClassVar[str]

    face: int = told("number of the face's track; never used again by this device")
    at: float = told("when the frame was taken, UTC")


@dataclass(frozen=True, kw_only=True)
class FaceArrived(Event):
    """A face has been seen for the arrival time; `at` is when it was first seen."""

    event_type = "face_arrived"
    topic = "event/face"


@dataclass(frozen=True, kw_only=True)
class FaceLeft(Event):
    """A face has not been seen for the leaving time; `at` is when it was last seen."""

    event_type = "face_left"
    topic = "event/face"

    dwell_s: float = told("seconds from first to last sight")
    reason: Reason = told("why it ended; interrupted: camera or daemon went away, at least so long")


@dataclass(frozen=True, kw_only=True)
class SmileStarted(Event):
    """A smile has lasted the minimum duration; `at` is its onset."""

    event_type = "smile_started"
    topic = "event/smile"


@dataclass(frozen=True, kw_only=True)
class SmileEnded(Event):
    """A smile is over."""

    event_type = "smile_ended"
    topic = "event/smile"

    duration_s: float = told("seconds from onset to end")
    peak: float = told("highest smoothed probability, 0 to 1")
    reason: Reason = told("why it ended; interrupted: camera or daemon went away, at least so long")


EVENTS: tuple[type[Event], ...] = (FaceArrived, FaceLeft, SmileStarted, SmileEnded)


@dataclass(frozen=True)
class Counts:
    """The totals at one moment."""

    topic: ClassVar[str] = "counts"

    smiles_total: int = told("smile_started events ever committed")
    smilers_total: int = told("visitors who smiled at least once")
    visitors_total: int = told("face_arrived events ever committed")
    smile_seconds_total: float = told("duration of all smiles that ended")
    faces_now: int = told("visitors present")
    since: str = told("when counting began, UTC")
    seq: int = told("the last event that these totals include; 0 before the first")


def event_json(event: Event, seq: int, id: str, clock_synced: bool) -> str:
    """An event's message as it is stored; `late` is added when it is sent."""
    message: dict[str, Any] = {
        "v": VERSION,
        "id": id,
        "seq": seq,
        "event_type": event.event_type,
        "at": utc(event.at),
        "clock_synced": clock_synced,
    }
    for name, value in asdict(event).items():
        message.setdefault(name, round(value, 3) if isinstance(value, float) else value)
    return json.dumps(message)


def sent_json(stored: str, age_s: float) -> str:
    """The message as it is sent, some time after it was stored: an old one says that it is late."""
    if age_s <= LATE_AFTER_S:
        return stored
    return json.dumps({**json.loads(stored), "late": True})


def counts_json(counts: Counts) -> str:
    """The retained counts message."""
    return json.dumps({"v": VERSION, **asdict(counts)})


def utc(at: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(math.floor(at * 1000 + 0.5) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def schema() -> dict[str, Any]:
    """JSON Schema of every message, by the topic's last levels."""
    definitions = {kind.event_type: _event_schema(kind) for kind in EVENTS}
    definitions["counts"] = _object(
        {"v": {"const": VERSION}, **_properties(Counts)}, Counts.__doc__ or ""
    )
    definitions["availability"] = {"enum": ["online", "offline"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages of Lipwire",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in definitions],
        "$defs": definitions,
    }


UTC_SCHEMA = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}


def _event_schema(kind: type[Event]) -> dict[str, Any]:
    properties = {
        "v": {"const": VERSION},
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "unique"},
        "seq": {"type": "integer", "minimum": 1, "description": "grows with every event"},
        "event_type": {"const": kind.event_type},
        "clock_synced": {"type": "boolean", "description": "whether `at` can be trusted"},
        **_properties(kind),
        "at": UTC_SCHEMA,
        "late": {"const": True, "description": f"sent over {LATE_AFTER_S:g} s after it was known"},
    }
    return _object(properties, kind.__doc__ or "", optional=("late",))


def _properties(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    properties = {}
    for about in fields(kind):
        described = {"description": about.metadata["meaning"]}
        properties[about.name] = {**_json_type(hints[about.name]), **described}
    return properties


def _json_type(kind: Any) -> dict[str, Any]:
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if kind in (int, float):
        return {"type": "integer" if kind is int else "number", "minimum": 0}
    return {"type": "string"}


def _object(
    properties: dict[str, Any], meaning: str, optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "description": meaning,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
