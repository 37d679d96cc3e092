"""What is announced to Home Assistant: the form it asks for, and what its templates make of real
messages."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import jinja2
import pytest

from edge.events import (
    CameraState,
    SmileEnded,
    SmileStarted,
    WordRead,
    event_json,
    message_json,
    sent_json,
)
from edge.feed.commands import parse
from edge.feed.home_assistant import About, config, config_topic
from tests.conftest import need
from tests.fakes import HEALTH, SNAPSHOT
from tests.feed import check_message, login
from tests.home_assistant.rules import OURS, RULES, Message, Rule, entities, faults

AT = 1_700_000_000.0
BOARD = About("Raspberry Pi 5 Model B Rev 1.0", True, "http://192.168.1.5:8765/", words=True)
HOME_ASSISTANT = os.environ.get("LIPWIRE_HOME_ASSISTANT", "")
VALIDATE = Path(__file__).parent / "home_assistant/validate.py"


def announced(about: About = BOARD, device_id: str = "test", **settings: Any) -> Message:
    """A discovery message."""
    settings.setdefault("commands", True)
    found: Message = json.loads(config(login("mqtt://h", device_id, **settings), about))
    return found


MESSAGES = {
    "everything": announced(),
    "little": announced(About(), commands=False),
    "no thermometer": announced(replace(BOARD, has_thermometer=False)),
    "no words": announced(replace(BOARD, words=False)),
    "odd names": announced(About("Brett “ß”"), "-A--b_", prefix="work/küche 1"),
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_what_is_announced_has_the_form_home_assistant_asks_for(message: Message) -> None:
    assert not faults(message)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: ".".join((rule.source, *rule.place)))
def test_a_message_that_breaks_a_rule_is_found(rule: Rule) -> None:
    assert any(rule.fault in fault for fault in rule.faults(rule.spoil(MESSAGES["everything"])))


def test_the_topic_is_one_that_home_assistant_looks_at() -> None:
    # TOPIC_MATCHER of components/mqtt/discovery.py
    pattern = r"homeassistant/device/[a-zA-Z0-9_-]+/config"
    assert re.fullmatch(pattern, config_topic(login("mqtt://h", "-A--b_")))


def test_what_the_device_has_is_announced_and_no_more() -> None:
    def names(message: Message) -> set[str]:
        return {key for key, _ in entities(message)}

    buttons = {"pause", "resume", "reset_counts"}
    assert names(MESSAGES["everything"]) - names(MESSAGES["little"]) == {
        *("temperature_c", "word"),
        *buttons,
    }
    assert names(MESSAGES["everything"]) - names(MESSAGES["no words"]) == {"word"}
    assert names(MESSAGES["everything"]) - names(MESSAGES["no thermometer"]) == {"temperature_c"}
    assert MESSAGES["everything"]["device"]["configuration_url"] == BOARD.page
    assert "configuration_url" not in MESSAGES["little"]["device"]


def test_buttons_are_taken_away_when_commands_are_turned_off() -> None:
    components = MESSAGES["little"]["components"]
    assert components["pause"] == components["resume"] == {"platform": "button"}


def test_words_are_taken_away_when_they_are_not_read_any_more() -> None:
    assert MESSAGES["no words"]["components"]["word"] == {"platform": "event"}


def test_the_states_of_the_camera_are_the_options_of_its_sensor() -> None:
    assert MESSAGES["little"]["components"]["camera"]["options"] == list(get_args(CameraState))


# The templates, on real messages. Home Assistant renders them with jinja2, a missing name counting
# as empty; here it is an error.

CLOCK = (datetime(2026, 1, 2, tzinfo=UTC) + timedelta(microseconds=n) for n in range(1000))
JINJA = jinja2.Environment(undefined=jinja2.StrictUndefined)
JINJA.globals["now"] = lambda: next(CLOCK)


def rendered(key: str, message: str, **attributes: Any) -> str:
    """What an entity with these attributes makes of a message on its topic."""
    entity = MESSAGES["everything"]["components"][key]
    check_message(entity["state_topic"], message)
    return JINJA.from_string(entity["value_template"]).render(
        value=message,
        value_json=json.loads(message),
        this=SimpleNamespace(attributes=attributes),
    )


FIRST, SECOND = "1" * 32, "2" * 32
SMILE = event_json(SmileStarted(face=3, at=AT), 20, FIRST, True)
END = event_json(
    SmileEnded(face=3, at=AT + 2, duration_s=2.0, peak=0.9, reason="over"), 21, SECOND, True
)


def test_the_first_smile_reaches_an_entity_that_has_no_attributes() -> None:
    assert rendered("smile", SMILE) == SMILE


def test_a_smile_and_its_end_reach_the_entity() -> None:
    assert rendered("smile", SMILE, id="0" * 32) == SMILE
    assert rendered("smile", END, id=FIRST) == END


def test_a_word_reaches_an_entity_of_its_own() -> None:
    read = WordRead(face=3, at=AT, word="시작", score=0.9, alternatives={}, start=AT - 1, end=AT)
    word = event_json(read, 22, SECOND, True)
    assert (
        json.loads(word)["event_type"]
        in MESSAGES["everything"]["components"]["word"]["event_types"]
    )
    assert rendered("word", word, id=FIRST) == word
    assert rendered("word", word, id=SECOND) == rendered("word", sent_json(word, 11.0)) == ""


def test_a_late_event_does_not() -> None:
    assert rendered("smile", sent_json(SMILE, 9.0)) == SMILE
    assert rendered("smile", sent_json(SMILE, 11.0)) == ""


def test_the_event_before_once_more_does_not() -> None:
    assert rendered("smile", SMILE, id=FIRST) == ""


def test_counts_are_numbers() -> None:
    counts = message_json(SNAPSHOT.counts)
    found = {
        key: float(rendered(key, counts))
        for key, entity in entities(MESSAGES["everything"])
        if entity.get("state_topic", "").endswith("/counts") and entity["platform"] == "sensor"
    }
    assert found == {
        "smiles_total": 7,
        "smilers_total": 2,
        "visitors_total": 3,
        "smile_seconds_total": 12.5,
        "faces_now": 1,
    }


def test_presence_is_whether_there_are_faces() -> None:
    for faces, state in ((0, "OFF"), (1, "ON"), (3, "ON")):
        counts = message_json(replace(SNAPSHOT.counts, faces_now=faces))
        assert rendered("presence", counts) == state


@pytest.mark.parametrize("camera", get_args(CameraState))
def test_health_gives_the_camera_state_and_measurements(camera: CameraState) -> None:
    health = message_json(replace(HEALTH, camera=camera))
    assert rendered("camera", health) == camera
    assert float(rendered("fps", health)) == HEALTH.fps
    assert int(rendered("outbox_waiting", health)) == HEALTH.outbox_waiting
    assert float(rendered("temperature_c", health)) == HEALTH.temperature_c


def test_a_temperature_that_is_not_known_is_unknown_to_home_assistant() -> None:
    # PAYLOAD_NONE of components/mqtt/const.py
    assert rendered("temperature_c", message_json(replace(HEALTH, temperature_c=None))) == "None"


@pytest.mark.parametrize("key", ["pause", "resume", "reset_counts"])
def test_every_press_is_a_command_with_a_request_of_its_own(key: str) -> None:
    button = MESSAGES["everything"]["components"][key]
    topic = button["command_topic"]
    payloads = [JINJA.from_string(button["command_template"]).render() for _ in range(2)]
    for payload in payloads:
        check_message(topic, payload)
    first, second = (parse(topic.split("/")[-1], payload.encode()) for payload in payloads)
    assert first.name == key.replace("_", "-")
    assert first.request
    assert first.request != second.request


# With Home Assistant's own code.

Ask = Callable[[dict[str, Message]], dict[str, list[str]]]


@pytest.fixture
def home_assistant(tmp_path: Path) -> Ask:
    """Asks Home Assistant what is wrong with messages."""
    need("home-assistant", not HOME_ASSISTANT, "make test-home-assistant")

    def ask(messages: dict[str, Message]) -> dict[str, list[str]]:
        files = {str(tmp_path / f"{n}.json"): name for n, name in enumerate(messages)}
        for file, name in files.items():
            Path(file).write_text(json.dumps(messages[name]), encoding="utf-8")
        command = [HOME_ASSISTANT, str(VALIDATE), *files]
        result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert result.returncode == 0, result.stderr
        return {files[file]: found for file, found in json.loads(result.stdout).items()}

    return ask


def test_home_assistant_takes_what_is_announced(home_assistant: Ask) -> None:
    assert home_assistant(MESSAGES) == {name: [] for name in MESSAGES}


def test_home_assistant_refuses_what_breaks_a_rule_of_its_own(home_assistant: Ask) -> None:
    rules = {str(n): rule for n, rule in enumerate(RULES) if rule.source != OURS}
    found = home_assistant(
        {name: rule.spoil(MESSAGES["everything"]) for name, rule in rules.items()}
    )
    for name, rule in rules.items():
        assert any(rule.fault in fault for fault in found[name]), (rule, found[name])
