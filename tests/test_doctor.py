"""`lipwire doctor`: a line for everything, and what to do where it is not well."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from edge import profiles
from edge.board import Board
from edge.doctor import Doctor, Finding
from edge.events import SmileStarted
from edge.settings import CameraSettings, MqttSettings, Settings
from edge.state import State
from tests.command import Lipwire
from tests.conftest import Mosquitto, free_port
from tests.feed import Subscriber, send

OFF = Settings(mqtt=MqttSettings(broker="none"))
EVERYTHING = (
    *("board", "camera", "models", "state", "broker", "publishing"),
    *("permissions", "memory", "temperature", "clock"),
)


def findings(
    tmp_path: Path, settings: Settings = OFF, board: Board | None = None
) -> dict[str, Finding]:
    """What is found, by what it is about."""
    doctor = Doctor(
        settings, profiles.choose("generic"), None, tmp_path / "state", board or Board(tmp_path)
    )
    return {finding.about: finding for finding in doctor()}


def at(mosquitto: Mosquitto, **settings: str) -> Settings:
    return replace(OFF, mqtt=MqttSettings(broker=mosquitto.url, device_id="door", **settings))


def restrict(mosquitto: Mosquitto, rights: str) -> None:
    """Let the broker refuse what these rights do not allow."""
    (mosquitto.folder / "rights").write_text(rights)
    mosquitto.stop()
    mosquitto.settings = f"allow_anonymous true\nacl_file {mosquitto.folder / 'rights'}"
    mosquitto.start()


def test_where_all_is_well_there_is_a_line_for_everything(
    ready: Lipwire, mosquitto: Mosquitto
) -> None:
    result = ready("doctor", "--broker", mosquitto.url)
    assert result.returncode == 0, result.stdout
    lines = result.stdout.splitlines()
    assert [line.split()[1] for line in lines] == list(EVERYTHING)
    assert {line.split()[0] for line in lines} <= {"ok", "note"}
    assert not (ready.home / "state/lipwire").exists()  # it looks and leaves nothing


def test_what_fails_is_named_at_the_end_and_in_the_status(ready: Lipwire) -> None:
    broker = f"mqtt://127.0.0.1:{free_port()}"
    result = ready("doctor", "--broker", broker, "--source", "/dev/video99", "--json", "-")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "lipwire: not well: camera, broker"
    told = json.loads(result.stdout)
    assert told["well"] is False
    failed = {f["about"]: f for f in told["findings"] if f["level"] == "FAIL"}
    assert "/dev/video99" in failed["camera"]["found"]
    assert "Connection refused" in failed["broker"]["found"]
    assert all(f["advice"] for f in failed.values())


def test_models_that_are_missing_are_said_with_the_command(lipwire: Lipwire, nowhere: None) -> None:
    result = lipwire("doctor", "--broker", "none")
    assert result.returncode == 1
    (line,) = (line for line in result.stdout.splitlines() if " models " in line)
    assert line.startswith("FAIL")
    assert "lipwire models fetch" in line


@pytest.mark.usefixtures("face_model")
def test_a_broker_that_refuses_events_is_found_out(tmp_path: Path, mosquitto: Mosquitto) -> None:
    restrict(mosquitto, "topic read #\ntopic write lipwire/door/counts\n")
    found = findings(tmp_path, at(mosquitto))
    assert found["broker"].level == "ok"
    assert found["publishing"].level == "FAIL"
    assert "lipwire/door/event/check is refused: Not authorized" in found["publishing"].found
    assert "lipwire/door/#" in found["publishing"].advice


@pytest.mark.usefixtures("face_model")
def test_a_device_that_may_write_and_not_read_is_well(tmp_path: Path, mosquitto: Mosquitto) -> None:
    restrict(mosquitto, "topic write lipwire/door/#\n")
    assert findings(tmp_path, at(mosquitto))["publishing"].level == "ok"


@pytest.mark.usefixtures("face_model")
def test_the_trial_message_fits_the_schema(tmp_path: Path, mosquitto: Mosquitto) -> None:
    subscriber = Subscriber(mosquitto.port)
    findings(tmp_path, at(mosquitto))
    subscriber.assert_soon(lambda s: s.last("event/check") or s.last("check"))
    subscriber.close()
    assert subscriber.faults == []


@pytest.mark.usefixtures("face_model")
def test_it_reads_a_running_daemons_health(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """The state is in use, and the retained health tells of a refusal and of a takeover."""
    state = State(tmp_path / "state")
    state.record([SmileStarted(face=1, at=9.0)])
    settings = at(mosquitto)
    try:
        assert findings(tmp_path, settings)["feed"].level == "FAIL"  # no health is there
        health = {"refusal": "lipwire/door/event/smile: Not authorized", "takeovers": 0}
        send(mosquitto.port, "lipwire/door/health", json.dumps(health), retain=True)
        found = findings(tmp_path, settings)
        assert "Not authorized" in found["feed"].found
        assert "1 events wait, " in found["state"].found
        assert f"in use by process {os.getpid()}" in found["state"].found
    finally:
        state.close()


@pytest.mark.usefixtures("face_model")
@pytest.mark.parametrize(
    ("health", "level", "words"),
    [
        ("garbage", "FAIL", "health is not there"),
        ("[1]", "FAIL", "health is not there"),
        ('{"camera": "missing"}', "FAIL", "camera is missing"),
        ('{"camera": "paused"}', "note", "paused by a command"),
        ('{"camera": "on", "picture": "dark"}', "note", "sees no light"),
        ('{"camera": "on", "takeovers": 2}', "FAIL", "took over 2 times"),
    ],
)
def test_what_a_running_daemon_says_of_itself_is_passed_on(
    tmp_path: Path, mosquitto: Mosquitto, health: str, level: str, words: str
) -> None:
    send(mosquitto.port, "lipwire/door/health", health, retain=True)
    state = State(tmp_path / "state")
    try:
        found = findings(tmp_path, at(mosquitto))
    finally:
        state.close()
    assert found["feed"].level == level
    assert words in found["feed"].found
    assert "clock" in found  # and the rest was looked at, too


def test_enrolled_words_that_the_daemon_would_refuse_are_found(ready: Lipwire) -> None:
    config, state = ready.home / "words.toml", ready.home / "state/lipwire"
    config.write_text('[word]\nenabled = true\nmodel = "grid"\n')
    state.mkdir(parents=True)
    (state / "own-words.json").write_text("{")
    result = ready("doctor", "--config", config, "--broker", "none", "--source", "demo")
    assert result.returncode == 1
    (line,) = (line for line in result.stdout.splitlines() if " models " in line)
    assert line.startswith("FAIL")
    assert "own-words.json: damaged" in line


@pytest.mark.usefixtures("face_model")
def test_a_state_that_is_damaged_is_one_of_the_findings(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/state.sqlite").write_text("this is no database, it is a letter" * 100)
    found = findings(tmp_path)
    assert found["state"].level == "FAIL"
    assert "clock" in found


def board(tmp_path: Path, degrees: float, word: int) -> Board:
    """A Raspberry Pi's files."""
    thermometer = tmp_path / "sys/class/thermal/thermal_zone0/temp"
    firmware = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    for path, text in ((thermometer, f"{degrees * 1000:.0f}\n"), (firmware, f"{word:x}\n")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return Board(tmp_path)


@pytest.mark.usefixtures("face_model")
@pytest.mark.parametrize(
    ("degrees", "word", "level", "words"),
    [
        (48.5, 0, "ok", "48 °C"),
        (74, 0, "note", "fan"),
        (82, 0, "FAIL", "fan"),
        (60, 0x50005, "FAIL", "power supply"),
        (60, 0x50000, "note", "power supply"),
        (60, 0x80000, "note", "soft_temperature_limit"),
    ],
)
def test_heat_and_a_weak_power_supply_are_told_apart(
    tmp_path: Path, degrees: float, word: int, level: str, words: str
) -> None:
    found = findings(tmp_path, board=board(tmp_path, degrees, word))["temperature"]
    assert found.level == level
    assert words in str(found)


@pytest.mark.usefixtures("face_model")
def test_a_password_file_that_others_may_read_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "mqtt"
    file.write_text("kiosk:secret\n")
    file.chmod(0o644)
    settings = replace(OFF, mqtt=MqttSettings(broker="none", credentials_file=str(file)))
    found = findings(tmp_path, settings)["permissions"]
    assert (found.level, found.advice) == ("note", f"chmod 600 {file}")
    file.chmod(0o600)
    assert findings(tmp_path, settings)["permissions"].level == "ok"


@pytest.mark.usefixtures("face_model")
def test_a_source_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    settings = replace(OFF, camera=CameraSettings(source="nowhere.mp4"))
    found = findings(tmp_path, settings)["camera"]
    assert found.level == "FAIL"
    assert "no such source" in found.found


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "state").mkdir(mode=0o500)
    assert findings(tmp_path)["state"].level == "FAIL"
