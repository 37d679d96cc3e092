"""Everything that is told to the outside, and the only module that knows the wire format."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from edge.shapes import SHAPES

VERSION = 1
LATE_AFTER_S, CLOCKS_DIFFER_S = 10.0, 2.0

Reason = Literal["over", "face_left", "paused", "stopped", "interrupted"]
PictureState = Literal["ok", "dark"]
CameraState = Literal["starting", "on", "missing", "paused"]


REASON = "why it ended; interrupted: camera or daemon went away, at least so long"


def told(meaning: str, names: tuple[str, ...] = ()) -> Any:
    """A field that is sent, with its meaning, and the names that may stand in it if not all may."""
    return field(metadata={"meaning": meaning, "names": names})


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something about one face."""

    event_type: ClassVar[str]
    topic: ClassVar[str]

    face: int = told("number of the face's track; never used again by this device")
    at: float = told("when the frame was taken, UTC")


@dataclass(frozen=True, kw_only=True)
class Event(Happening):
    """Something that happened to one face: it is stored, counted and never lost."""


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
    reason: Reason = told(REASON)


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
    reason: Reason = told(REASON)


@dataclass(frozen=True, kw_only=True)
class WordRead(Event):
    """A word was read from lips; `at` is when the frame was taken by which it was known."""

    event_type = "word_read"
    topic = "event/word"

    word: str = told("the word, as the model's labels have it")
    score: float = told("how sure it is, 0 to 1")
    alternatives: dict[str, float] = told("other words and their scores, best first")
    start: float = told("when the lips began to say it, UTC")
    end: float = told("when they had said it, UTC")


EVENTS: tuple[type[Event], ...] = (FaceArrived, FaceLeft, SmileStarted, SmileEnded, WordRead)
MOMENTS = ("at", "since", "start", "end")  # fields that are times, sent as texts


@dataclass(frozen=True, kw_only=True)
class VisemeChanged(Happening):
    """A mouth has taken another shape; live only: never stored, with QoS 0."""

    event_type = "viseme_changed"
    topic = "event/viseme"

    viseme: str = told("the mouth's shape", SHAPES)
    weights: dict[str, float] = told("of each shape, smoothed: 0 to 1, together 1", SHAPES)


LIVE: tuple[type[Happening], ...] = (VisemeChanged,)


@dataclass(frozen=True)
class Counts:
    """The totals at one moment."""

    topic: ClassVar[str] = "counts"

    smiles_total: int = told("smile_started events committed since `since`")
    smilers_total: int = told("visitors who smiled at least once since then")
    visitors_total: int = told("face_arrived events committed since then")
    smile_seconds_total: float = told("duration of all smiles that ended since then")
    faces_now: int = told("visitors present")
    since: str = told("when counting began or was last reset, UTC")
    seq: int = told("the last event that these totals include; 0 before the first")


@dataclass(frozen=True)
class Health:
    """How the daemon and its board are."""

    topic: ClassVar[str] = "health"

    at: str = told("when this was measured, UTC")
    camera: CameraState = told("missing: it is looked for; paused: on command")
    fps: float = told("frames a second that go through")
    latency_ms: float | None = told("from a frame's taking to its events; null with `--pace max`")
    picture: PictureState = told("dark: the lens is covered, or there is no light")
    frames_dropped: int = told("frames of this run that nobody had time for")
    frames_damaged: int = told("frames of this run whose picture could not be used")
    camera_reopened: int = told("how often in this run the camera was lost")
    restarts: int = told("how often in this run a failed stage was started again")
    profile: str = told("the hardware profile in use")
    given_way: tuple[str, ...] = told("what is not as it has it, to hold the target FPS")
    outbox_waiting: int = told("events that the broker has not accepted yet")
    outbox_dropped: int = told("events ever dropped because the outbox was full")
    refusal: str = told("what the broker refuses, empty when nothing")
    takeovers: int = told("how often in this run another client was found to use this device's id")
    run: str = told("another one with every start of the daemon")
    mqtt: str = told("version of the protocol that is spoken")
    temperature_c: float | None = told("of the board; null where it does not tell")
    throttled: tuple[str, ...] = told("what slows the board now; empty where it does not tell")
    memory_mb: float = told("memory of the daemon")
    uptime_s: int = told("seconds since the daemon began")
    clock_synced: bool = told("whether the board's clock can be trusted")
    versions: dict[str, str] = told("of Lipwire, Python, the libraries and the models")


@dataclass(frozen=True)
class Result:
    """The answer to a command."""

    topic: ClassVar[str] = "result"

    command: str = told("the command's name")
    request: str = told("the request's id, empty where none was given")
    ok: bool = told("whether it was carried out")
    message: str = told("what was done, or why not")
    at: str = told("when, UTC")


@dataclass(frozen=True)
class Check:
    """A trial of `lipwire doctor`: whether the broker takes events. Nothing has happened."""

    topic: ClassVar[str] = "event/check"

    at: str = told("when, UTC")


@dataclass(frozen=True)
class Topic:
    """What is published or listened to at one place below `<prefix>/<device id>/`."""

    name: str
    retained: bool
    meaning: str
    messages: tuple[str, ...]  # names in the schema
    qos: int = 1


def _of(topic: str) -> tuple[str, ...]:
    return tuple(kind.event_type for kind in (*EVENTS, *LIVE) if kind.topic == topic)


TOPICS = (
    Topic("availability", True, "also `offline` when the device dies", ("availability",)),
    Topic("event/face", False, "someone came or went", _of("event/face")),
    Topic("event/smile", False, "a smile began or ended", _of("event/smile")),
    Topic("event/word", False, "a word was read; with `[word] enabled = true`", _of("event/word")),
    Topic("event/viseme", False, "a mouth changed its shape; live only", _of("event/viseme"), 0),
    Topic(Check.topic, False, "a trial by `lipwire doctor`", ("check",)),
    Topic(Counts.topic, True, "on change, at most once a second", ("counts",)),
    Topic(
        Health.topic,
        True,
        "every 30 s, and when camera, light, profile or pace change",
        ("health",),
    ),
    Topic("command/<name>", False, "listened to with `[mqtt] commands = true`", ("command",)),
    Topic(Result.topic, False, "the answer to a command", ("result",)),
)


def event_json(event: Event, seq: int, id: str, clock_synced: bool) -> str:
    """An event's message as it is stored; `late` is added when it is sent."""
    return _happening_json(event, {"id": id, "seq": seq}, clock_synced)


def live_json(happening: Happening, id: str, clock_synced: bool) -> str:
    """The message of what is only told live: it is not counted."""
    return _happening_json(happening, {"id": id}, clock_synced)


def _happening_json(happening: Happening, numbers: dict[str, Any], clock_synced: bool) -> str:
    message: dict[str, Any] = {
        "v": VERSION,
        **numbers,
        "event_type": happening.event_type,
        "at": utc(happening.at),
        "clock_synced": clock_synced,
    }
    for name, value in asdict(happening).items():
        message.setdefault(name, utc(value) if name in MOMENTS else _rounded(value))
    return json.dumps(message, ensure_ascii=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def sent_json(stored: str, age_s: float) -> str:
    """The message as it is sent, some time after it was known: an old one says that it is late, and
    so does one of the future, from before a board without a clock was started again."""
    if -CLOCKS_DIFFER_S <= age_s <= LATE_AFTER_S:
        return stored
    return json.dumps({**json.loads(stored), "late": True}, ensure_ascii=False)


def message_json(message: Counts | Health | Result | Check) -> str:
    """Any message that is not an event."""
    return json.dumps({"v": VERSION, **asdict(message)}, ensure_ascii=False)


def utc(at: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(math.floor(at * 1000 + 0.5) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
