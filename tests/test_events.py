"""The wire format: every message fits the shipped schema."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from edge import schema
from edge.events import (
    EVENTS,
    LIVE,
    TOPICS,
    Check,
    Counts,
    Event,
    FaceArrived,
    FaceLeft,
    Result,
    SmileEnded,
    SmileStarted,
    VisemeChanged,
    WordRead,
    event_json,
    live_json,
    message_json,
    sent_json,
    utc,
)
from edge.shapes import SHAPES
from tests.fakes import HEALTH
from tests.feed import SCHEMA, check_message

AT = 1_700_000_000.1234
SAMPLES: list[Event] = [
    FaceArrived(face=1, at=AT),
    FaceLeft(face=1, at=AT, dwell_s=12.34567, reason="interrupted"),
    SmileStarted(face=1, at=AT),
    SmileEnded(face=1, at=AT, duration_s=1.23456, peak=0.98765, reason="over"),
    WordRead(
        face=1,
        at=AT,
        word="안녕 하세요",
        score=0.91234,
        alternatives={"시작": 0.05678, "a “b”": 0.02},
        start=AT - 0.9,
        end=AT - 0.3,
    ),
]

MOUTH = VisemeChanged(face=1, at=AT, viseme="open", weights=dict.fromkeys(SHAPES, 1 / 6))


def test_the_shipped_schema_is_the_one_the_code_gives() -> None:
    assert schema.FILE.read_text(encoding="utf-8") == schema.text(), "run: python -m edge.schema"


def test_there_is_a_sample_of_every_event() -> None:
    assert {type(sample) for sample in SAMPLES} == set(EVENTS)
    assert {type(MOUTH)} == set(LIVE)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda e: e.event_type)
def test_every_event_fits_the_schema(event: Event) -> None:
    stored = event_json(event, seq=7, id="0" * 32, clock_synced=True)
    message = check_message(f"lipwire/x/{event.topic}", stored)
    assert message["at"] == "2023-11-14T22:13:20.123Z"
    assert check_message(f"lipwire/x/{event.topic}", sent_json(stored, 11))["late"] is True
    assert sent_json(stored, 9) == stored


def test_a_word_is_sent_as_it_is_written_with_its_times_in_utc() -> None:
    stored = event_json(SAMPLES[-1], seq=7, id="0" * 32, clock_synced=True)
    for payload in (stored, sent_json(stored, 11)):
        assert '"word": "안녕 하세요"' in payload
        message = json.loads(payload)
        assert message["start"] == "2023-11-14T22:13:19.223Z"
        assert message["end"] == "2023-11-14T22:13:19.823Z"
        assert message["score"] == 0.912
        assert message["alternatives"] == {"시작": 0.057, "a “b”": 0.02}


@pytest.mark.parametrize(
    "change", [{"start": 3.5}, {"alternatives": {"stop": "much"}}, {"score": -1}], ids=str
)
def test_the_schema_refuses_what_is_no_word(change: dict[str, Any]) -> None:
    message = {**json.loads(event_json(SAMPLES[-1], 7, "0" * 32, True)), **change}
    with pytest.raises(jsonschema.ValidationError):
        check_message("lipwire/x/event/word", json.dumps(message))


def test_an_event_from_the_future_is_late_too() -> None:
    """A board without a clock was ahead when it stored it, and was started again."""
    stored = event_json(SAMPLES[2], seq=7, id="0" * 32, clock_synced=False)
    assert json.loads(sent_json(stored, -3600))["late"] is True
    assert sent_json(stored, -1) == stored  # clocks are set by a little all the time


@pytest.mark.parametrize(
    "change",
    [{"id": "short"}, {"seq": 0}, {"v": 2}, {"extra": 1}, {"at": "yesterday"}, {"face": -1}],
    ids=str,
)
def test_the_schema_refuses_what_is_not_promised(change: dict[str, Any]) -> None:
    message = {**json.loads(event_json(SAMPLES[2], 7, "0" * 32, True)), **change}
    with pytest.raises(jsonschema.ValidationError):
        check_message("lipwire/x/event/smile", json.dumps(message))


def test_what_is_told_live_fits_the_schema_and_is_not_counted() -> None:
    message = check_message("lipwire/x/event/viseme", live_json(MOUTH, "0" * 32, True))
    assert list(message) == [
        *("v", "id", "event_type", "at", "clock_synced", "face", "viseme", "weights")
    ]
    assert message["weights"] == dict.fromkeys(SHAPES, 0.167)
    assert message["at"] == "2023-11-14T22:13:20.123Z"


@pytest.mark.parametrize(
    "change", [{"viseme": "wide"}, {"seq": 3}, {"weights": {"open": 1.0}}, {"late": True}], ids=str
)
def test_the_schema_refuses_what_is_no_viseme(change: dict[str, Any]) -> None:
    message = {**json.loads(live_json(MOUTH, "0" * 32, True)), **change}
    with pytest.raises(jsonschema.ValidationError):
        check_message("lipwire/x/event/viseme", json.dumps(message))


def test_only_what_is_told_live_goes_without_an_acknowledgement() -> None:
    live = {kind.topic for kind in LIVE}
    assert {topic.name for topic in TOPICS if topic.qos == 0} == live
    assert not any(topic.retained for topic in TOPICS if topic.qos == 0)


def test_counts_fit_the_schema() -> None:
    counts = Counts(
        smiles_total=3,
        smilers_total=2,
        visitors_total=4,
        smile_seconds_total=5.25,
        faces_now=1,
        since=utc(AT),
        seq=9,
    )
    assert check_message("lipwire/x/counts", message_json(counts))["smiles_total"] == 3


def test_health_fits_the_schema() -> None:
    told = check_message("lipwire/x/health", message_json(HEALTH))
    assert told["throttled"] == ["under_voltage"]
    unknown = replace(HEALTH, temperature_c=None, latency_ms=None, throttled=())
    assert check_message("lipwire/x/health", message_json(unknown))["temperature_c"] is None


def test_an_answer_fits_the_schema() -> None:
    answer = Result("pause", "Türe 1", True, "paused", utc(AT))
    assert check_message("lipwire/x/result", message_json(answer))["request"] == "Türe 1"


def test_a_trial_fits_the_schema_and_is_no_event() -> None:
    trial = message_json(Check(utc(AT)))
    assert "seq" not in check_message("lipwire/x/event/check", trial)
    with pytest.raises(jsonschema.ValidationError):
        check_message("lipwire/x/event/smile", trial)


@pytest.mark.parametrize("payload", ["", "{}", '{"request": "1"}', '{"profile": "pi-5"}'])
def test_what_may_be_commanded_fits_the_schema(payload: str) -> None:
    check_message("lipwire/x/command/profile", payload)


@pytest.mark.parametrize("payload", ["[]", '{"request": 1}', '{"x": "1"}'])
def test_what_may_not_be_commanded_does_not_fit_the_schema(payload: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check_message("lipwire/x/command/profile", payload)


def test_every_message_has_one_topic_and_every_topic_its_messages() -> None:
    told = [name for topic in TOPICS for name in topic.messages]
    assert sorted(told) == sorted(SCHEMA["$defs"])


def test_the_schema_itself_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_times_are_rounded_to_the_nearest_millisecond() -> None:
    assert utc(1.9996) == "1970-01-01T00:00:02.000Z"
    assert utc(0.0004) == "1970-01-01T00:00:00.000Z"
