"""What a daemon or a bench cannot work with is refused in one line that names it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edge import models
from edge.state import State
from tests.command import ALONE, Lipwire


@pytest.mark.parametrize(
    "command",
    [["run", "--profile"], ["bench", "pipeline", "--profile"], ["profiles", "show"]],
    ids=" ".join,
)
def test_an_unknown_profile_is_refused_with_those_there_are(
    lipwire: Lipwire, command: list[str]
) -> None:
    line = lipwire.complaint(*command, "pi-9")
    assert line.startswith("lipwire: no profile 'pi-9'; there are: generic, ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[smile]\nonn = 0.8\n", "[smile]: unknown key 'onn'; did you mean 'on'?"),
        (b"\xff\xfe", "not a TOML file"),
        (None, "no such file"),
    ],
)
def test_a_bad_settings_file_is_named_with_what_is_wrong(
    lipwire: Lipwire, content: bytes | None, said: str
) -> None:
    path = lipwire.home / "kiosk.toml"
    if content is not None:
        path.write_bytes(content)
    assert lipwire.complaint("run", "--config", path).startswith(f"lipwire: {path}: {said}")


def test_thresholds_that_clash_with_the_models_own_are_refused(ready: Lipwire) -> None:
    path = ready.home / "kiosk.toml"
    path.write_text("[smile]\non = 0.1\n")
    line = ready.complaint("run", "--config", path, *ALONE)
    assert line.startswith("lipwire: [smile] on (0.1) must be above off (")


@pytest.mark.parametrize(
    ("source", "said"),
    [("none.mp4", "no such source"), ("noise.mp4", "damaged, or not a video that can be read")],
)
def test_a_source_that_cannot_be_used_is_refused(ready: Lipwire, source: str, said: str) -> None:
    (ready.home / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(5000))
    line = ready.complaint("run", *ALONE, "--source", source)
    assert line.startswith(f"lipwire: {source}: {said}")


@pytest.mark.parametrize("command", [["run", *ALONE], ["bench", "pipeline"]], ids=["run", "bench"])
def test_a_folder_of_files_that_only_look_like_pictures_is_refused(
    ready: Lipwire, command: list[str]
) -> None:
    (ready.home / "folder").mkdir()
    (ready.home / "folder/a.jpg").write_text("not a picture")
    line = ready.complaint(*command, "--source", "folder")
    assert line == "lipwire: folder: none of its files can be read as a picture"


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    "command",
    [["run", *ALONE], ["run", "--broker", "embedded", "--page", "off"], ["bench", "pipeline"]],
    ids=["run", "run with a broker", "bench"],
)
def test_without_models_the_command_that_gets_them_is_named(
    lipwire: Lipwire, command: list[str]
) -> None:
    if "embedded" in command:
        pytest.importorskip("amqtt")
    (lipwire.home / "empty").mkdir()
    line = lipwire.complaint(*command, "--models", "empty")
    assert line == (
        f"lipwire: {models.SHORT_RANGE}: not on this machine; get it with: lipwire models fetch"
    )


@pytest.mark.parametrize("url", ["http://broker", "mqtt://broker:99999", ""])
def test_a_broker_address_that_makes_no_sense_is_refused(ready: Lipwire, url: str) -> None:
    line = ready.complaint("run", "--page", "off", "--broker", url)
    assert line.startswith("lipwire: broker ")
    assert url in line


@pytest.mark.parametrize("url", ["mqtt://me:geheim@broker", "mqtt://me:geheim@broker:99999"])
def test_a_password_in_the_brokers_address_is_refused_and_not_repeated(
    ready: Lipwire, url: str
) -> None:
    line = ready.complaint("run", "--page", "off", "--broker", url)
    assert "LIPWIRE_MQTT_PASSWORD" in line
    assert "geheim" not in line


def test_a_page_address_that_makes_no_sense_is_refused(ready: Lipwire) -> None:
    line = ready.complaint("run", "--broker", "none", "--page", "nonsense")
    assert line == "lipwire: page address 'nonsense': must be HOST:PORT or off"


def test_a_second_daemon_on_the_same_state_is_refused(ready: Lipwire, tmp_path: Path) -> None:
    first = State(tmp_path / "held")
    line = ready.complaint("run", *ALONE, "--state", tmp_path / "held")
    first.close()
    assert line == (
        f"lipwire: {tmp_path / 'held'}: in use by another lipwire (process {os.getpid()}); "
        "give this one its own --state"
    )


def test_a_state_that_cannot_be_kept_is_refused(ready: Lipwire) -> None:
    (ready.home / "file").touch()
    folder = ready.home / "file/deeper"
    line = ready.complaint("run", *ALONE, "--state", folder)
    assert line.startswith(f"lipwire: {folder}: cannot keep state here: ")


def test_events_that_cannot_be_written_are_refused(ready: Lipwire) -> None:
    line = ready.complaint("run", *ALONE, "--events", "none/events.jsonl")
    assert line.startswith("lipwire: --events none/events.jsonl: cannot be written: ")
