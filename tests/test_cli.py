"""The command as people and scripts meet it: what it prints, and how it says no."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest

from edge import __version__, models, profiles
from edge.cameras import demo
from edge.schema import FILE as SCHEMA
from edge.state import State

LOG_LINE = re.compile(r"\d\d:\d\d:\d\d ")
TIMEOUT_S = 60
# Options of a daemon that touches nothing but its state.
ALONE = ("--broker", "none", "--page", "off")


@dataclass
class Lipwire:
    """Runs the command in a home of its own."""

    home: Path
    models: Path

    def environment(self, **changes: str) -> dict[str, str]:
        # Unbuffered output would hide what a closed stdout does.
        ours = ("STATE_DIRECTORY", "LIPWIRE_MQTT_PASSWORD", "PYTHONUNBUFFERED")
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        places = {
            "HOME": self.home,
            "XDG_STATE_HOME": self.home / "state",
            "XDG_DATA_HOME": self.home / "data",
        }
        return {**kept, **{name: str(path) for name, path in places.items()}, **changes}

    def __call__(self, *arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.home,
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "edge", *map(str, arguments)]

    def complaint(self, *arguments: str | Path, status: int = 2) -> str:
        """Run what must fail; gives its one line after checking that it is the last and only."""
        result = self(*arguments)
        assert result.returncode == status, result.stderr
        assert result.stdout == ""
        *before, last = result.stderr.splitlines()
        assert last.startswith("lipwire")
        assert "Traceback" not in result.stderr
        assert [line for line in before if not LOG_LINE.match(line)] == []
        return last


@pytest.fixture
def lipwire(tmp_path: Path) -> Lipwire:
    """The command where no model has been fetched."""
    home = tmp_path / "home"
    home.mkdir()
    return Lipwire(home, home / "no-models")


@pytest.fixture
def ready(lipwire: Lipwire, face_model: Path) -> Lipwire:
    """The command with the face model in place."""
    folder = lipwire.home / "data/lipwire/models"
    folder.mkdir(parents=True)
    for model in models.FETCHED:
        shutil.copy(face_model.parent / model.name, folder)
    lipwire.models = folder
    return lipwire


@pytest.fixture
def nowhere() -> None:
    if models.SYSTEM_FOLDER.is_dir():
        pytest.skip(f"models of the system lie in {models.SYSTEM_FOLDER}")


# Saying no


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["run", "--loud"], "unrecognized arguments: --loud"),
        (["run", "--source"], "argument --source: expected one argument"),
        (
            ["run", "--duration", "0"],
            "argument --duration: must be a number of seconds above 0, not '0'",
        ),
        (["run", "--duration", "nan"], "must be a number of seconds above 0, not 'nan'"),
        (["bench", "pipeline", "--seconds", "0"], "must be a number of seconds above 0, not '0'"),
        (["profiles"], "the following arguments are required: ACTION"),
        (["models", "inspect"], "the following arguments are required: file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_that_make_no_sense_end_in_one_line(
    lipwire: Lipwire, arguments: list[str], said: str
) -> None:
    line = lipwire.complaint(*arguments)
    assert said in line
    assert "--help)" in line


@pytest.mark.parametrize("text", ["soon", "1,5"])
def test_a_duration_that_is_no_number_is_refused_in_words_for_people(
    lipwire: Lipwire, text: str
) -> None:
    line = lipwire.complaint("run", "--duration", text)
    assert "argument --duration" in line
    assert "_seconds" not in line


@pytest.mark.parametrize("command", [["run"], ["bench", "pipeline"], ["profiles", "show"]])
def test_an_unknown_profile_is_refused_with_those_there_are(
    lipwire: Lipwire, command: list[str]
) -> None:
    name = ["pi-9"] if command[0] == "profiles" else ["--profile", "pi-9"]
    line = lipwire.complaint(*command, *name)
    assert line.startswith("lipwire: no profile 'pi-9'; there are: generic, ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[smile]\nonn = 0.8\n", "[smile]: unknown key 'onn'; did you mean 'on'?"),
        (b"[smiles]\n", "unknown section [smiles]; did you mean 'smile'?"),
        (b"[smile]\non = 2\n", "[smile] on: must be from 0 to 1, not 2"),
        (b"[smile\n", "not a TOML file"),
        (b"\xff\xfe", "not a TOML file"),
    ],
)
def test_a_bad_settings_file_is_named_with_what_is_wrong(
    lipwire: Lipwire, content: bytes, said: str
) -> None:
    path = lipwire.home / "kiosk.toml"
    path.write_bytes(content)
    line = lipwire.complaint("run", "--config", path)
    assert line.startswith(f"lipwire: {path}: ")
    assert said in line


def test_a_settings_file_that_is_not_there_is_refused(lipwire: Lipwire) -> None:
    assert lipwire.complaint("run", "--config", "none.toml") == "lipwire: none.toml: no such file"


def test_thresholds_that_clash_with_the_models_own_are_refused(ready: Lipwire) -> None:
    path = ready.home / "kiosk.toml"
    path.write_text("[smile]\non = 0.1\n")
    line = ready.complaint("run", "--config", path, *ALONE)
    assert line.startswith("lipwire: [smile] on (0.1) must be above off (")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("none.mp4", "none.mp4: no such source"),
        ("x" * 300, "no such source"),
        ("text.mp4", "text.mp4: damaged, or not a video that can be read"),
        ("empty.mp4", "empty.mp4: damaged, or not a video that can be read"),
        ("noise.mp4", "noise.mp4: damaged, or not a video that can be read"),
        ("picture.png", "picture.png: a single picture; give the folder it lies in"),
        ("folder", "folder: no pictures in it"),
    ],
)
def test_a_source_that_cannot_be_used_ends_in_one_line(
    ready: Lipwire, source: str, said: str
) -> None:
    (ready.home / "folder").mkdir()
    (ready.home / "text.mp4").write_text("not a video")
    (ready.home / "empty.mp4").touch()
    (ready.home / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(5000))
    assert cv2.imwrite(str(ready.home / "picture.png"), np.zeros((9, 9, 3), np.uint8))
    assert said in ready.complaint("run", *ALONE, "--source", source)


@pytest.mark.parametrize("command", [["run", *ALONE], ["bench", "pipeline"]], ids=["run", "bench"])
def test_a_folder_of_files_that_only_look_like_pictures_ends_in_one_line(
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


def test_a_damaged_face_model_is_named(ready: Lipwire) -> None:
    path = ready.models / models.SHORT_RANGE
    path.write_bytes(path.read_bytes()[:-1])
    line = ready.complaint("run", *ALONE)
    assert line == f"lipwire: {path}: damaged; get it anew: lipwire models fetch"


@pytest.mark.parametrize(
    "url",
    [
        "http://broker",
        "mqtt://",
        "mqtt://broker:99999",
        "mqtt://broker:port",
        "",
    ],
)
def test_a_broker_address_that_makes_no_sense_is_refused(ready: Lipwire, url: str) -> None:
    line = ready.complaint("run", "--page", "off", "--broker", url)
    assert line.startswith("lipwire: broker ")
    assert url in line


@pytest.mark.parametrize(
    "address",
    ["mqtt://me:geheim@broker", "mqtt://me:geheim@broker:port", "mqtt://me:geheim@broker:99999"],
)
def test_a_password_in_the_brokers_address_is_refused_and_not_repeated(
    ready: Lipwire, address: str
) -> None:
    line = ready.complaint("run", "--page", "off", "--broker", address)
    assert "LIPWIRE_MQTT_PASSWORD" in line
    assert "geheim" not in line


@pytest.mark.parametrize(
    "address", ["nonsense", ":8080", "127.0.0.1:99999", "127.0.0.1:web", "300.1.1.1:0"]
)
def test_a_page_address_that_makes_no_sense_is_refused(ready: Lipwire, address: str) -> None:
    line = ready.complaint("run", "--broker", "none", "--page", address)
    assert line.startswith("lipwire: page address ")
    assert address in line


@pytest.fixture
def held(lipwire: Lipwire) -> Iterator[Path]:
    """A state folder that another daemon is using."""
    folder = lipwire.home / "held"
    state = State(folder)
    yield folder
    state.close()


def test_a_second_daemon_on_the_same_state_is_refused(ready: Lipwire, held: Path) -> None:
    line = ready.complaint("run", *ALONE, "--state", held)
    assert line == (
        f"lipwire: {held}: in use by another lipwire (process {os.getpid()}); "
        "give this one its own --state"
    )


@pytest.mark.parametrize("inside", ["", "deeper"])
def test_a_state_that_cannot_be_kept_is_refused(ready: Lipwire, inside: str) -> None:
    (ready.home / "file").touch()
    folder = ready.home / "file" / inside
    line = ready.complaint("run", *ALONE, "--state", folder)
    assert line.startswith(f"lipwire: {folder}: cannot keep state here: ")


def test_events_that_cannot_be_written_are_refused(ready: Lipwire) -> None:
    line = ready.complaint("run", *ALONE, "--events", "none/events.jsonl")
    assert line.startswith("lipwire: --events none/events.jsonl: cannot be written: ")


@pytest.mark.parametrize(
    ("name", "content"), [("none", None), ("text", b"not a model"), ("empty", b"")]
)
def test_what_is_no_model_cannot_be_inspected(
    lipwire: Lipwire, name: str, content: bytes | None
) -> None:
    if content is not None:
        (lipwire.home / name).write_bytes(content)
    assert lipwire.complaint("models", "inspect", name).startswith(f"lipwire: {name}: ")


def test_fetching_without_a_network_fails_in_one_line(
    lipwire: Lipwire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(lipwire.home))
    line = lipwire.complaint("models", "fetch", status=1)
    assert line.startswith("lipwire: models not fetched: ")
    assert not list(lipwire.home.rglob("*.tflite*"))


# Telling


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["profiles", "--help"], ["models", "fetch", "--help"]],
    ids=" ".join,
)
def test_help_is_complete_and_short(lipwire: Lipwire, arguments: list[str]) -> None:
    result = lipwire(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("usage: lipwire")
    assert len(result.stdout.splitlines()) < 40


def test_the_version_is_told(lipwire: Lipwire) -> None:
    assert lipwire("--version").stdout == f"lipwire {__version__}\n"


def test_profiles_are_listed_with_this_boards_marked(lipwire: Lipwire) -> None:
    result = lipwire("profiles", "list")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line[2:].split()[0] for line in lines] == list(profiles.load_all())
    assert [line[2:].split()[0] for line in lines if line.startswith("*")] == [
        profiles.choose(None).name
    ]


def test_a_profile_that_is_shown_can_be_used_as_a_file(lipwire: Lipwire) -> None:
    result = lipwire("profiles", "show", "pi-5")
    assert result.returncode == 0
    assert tomllib.loads(result.stdout)["boards"][0] == "Raspberry Pi 5"
    path = lipwire.home / "pi-5.toml"
    path.write_text(result.stdout)
    assert profiles.choose(str(path)) == profiles.choose("pi-5")


def test_models_are_listed_with_their_places(ready: Lipwire) -> None:
    result = ready("models", "list")
    assert (result.returncode, result.stderr) == (0, "")
    listed = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert listed["smile.tflite"].endswith(str(models.shipped("smile")))
    for model in models.FETCHED:
        assert model.name in listed


@pytest.mark.usefixtures("nowhere")
def test_models_that_are_not_there_are_listed_as_such(lipwire: Lipwire) -> None:
    result = lipwire("models", "list")
    assert (result.returncode, result.stderr) == (0, "")
    for model in models.FETCHED:
        (line,) = (each for each in result.stdout.splitlines() if each.startswith(model.name))
        assert line.endswith("(not on this machine; get it with: lipwire models fetch)")


def test_a_model_that_is_inspected_tells_of_itself_in_json(lipwire: Lipwire) -> None:
    result = lipwire("models", "inspect", models.shipped("smile"))
    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert report["description"]["task"] == "smile"
    assert report["inputs"][0]["dtype"] == "int8"


def test_a_bench_gives_the_figures_that_scripts_read(ready: Lipwire) -> None:
    result = ready("bench", "pipeline", "--seconds", "0.5", "--json", "-")
    assert result.returncode == 0
    figures = json.loads(result.stdout)
    for name in ("fps", "bare_ms", "overhead_ms", "overhead_ratio", "rss_mb", "dropped"):
        assert name in figures
    stages = figures["stages"]
    assert list(stages) == ["detect", "track", "crop", "read", "decide"]
    summaries = [figures["frame_ms"], figures["bare_ms"], figures["overhead_ms"], *stages.values()]
    for ms in summaries:
        assert 0 <= ms["median"] <= ms["p95"] <= ms["p99"]
    # A face is found and read: every stage has cost something.
    assert all(ms["median"] > 0 for ms in stages.values())
    assert figures["bare_ms"]["median"] < figures["frame_ms"]["median"]
    assert figures["rss_mb"] > 0
    assert figures["fps"] > 0


def test_a_bench_writes_its_figures_to_a_file_and_a_table_for_people(ready: Lipwire) -> None:
    result = ready("bench", "pipeline", "--seconds", "0.2", "--json", "bench.json")
    assert result.returncode == 0
    figures = json.loads((ready.home / "bench.json").read_text())
    assert f"{figures['fps']:g} frames a second" in result.stdout


# Running


def events(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The events on stdout, each checked against the schema."""
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    for line in lines:
        schema.validate(line)
    return lines


def seconds(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


@pytest.mark.parametrize("profile", ["generic", "pi-zero-2w"])
def test_the_smiles_of_the_drawn_face_are_the_ones_its_script_has(
    ready: Lipwire, profile: str
) -> None:
    options = ["--source", "demo", "--pace", "max", "--duration", "30", "--events", "-"]
    told = events(ready("run", *options, *ALONE, "--profile", profile))
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert told[0]["event_type"] == "face_arrived"
    assert told[-1]["event_type"] == "face_left"
    assert told[-1]["reason"] == "stopped"
    assert told[-1]["dwell_s"] == pytest.approx(30, abs=0.5)
    began = seconds(told[0])
    starts = [seconds(e) - began for e in told if e["event_type"] == "smile_started"]
    ends = [seconds(e) - began for e in told if e["event_type"] == "smile_ended"]
    once = [at for at in starts if at < demo.LOOP_S]
    assert len(once) == demo.SMILES_PER_LOOP
    for start, end, (due_start, due_end) in zip(starts, ends, demo.smile_times(), strict=False):
        assert start == pytest.approx(due_start, abs=0.5)
        assert end == pytest.approx(due_end, abs=0.5)


def test_a_second_run_counts_on_from_the_first(ready: Lipwire) -> None:
    options = ["--pace", "max", "--duration", "5", "--events", "-", "--profile", "pi-zero-2w"]
    first = events(ready("run", *options, *ALONE))
    second = events(ready("run", *options, *ALONE))
    assert second[0]["seq"] == first[-1]["seq"] + 1
    assert second[0]["face"] == first[0]["face"] + 1


def test_events_go_to_a_file_line_by_line(ready: Lipwire) -> None:
    options = ["--pace", "max", "--duration", "2", "--profile", "pi-zero-2w"]
    result = ready("run", *options, *ALONE, "--events", "events.jsonl")
    assert (result.returncode, result.stdout) == (0, "")
    lines = (ready.home / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event_type"] for line in lines] == ["face_arrived", "face_left"]


# Readers that go away


def test_a_daemon_whose_reader_has_gone_works_to_its_end_and_is_silent(ready: Lipwire) -> None:
    options = ["--pace", "max", "--duration", "6", "--events", "-", "--profile", "pi-zero-2w"]
    with subprocess.Popen(
        ready.command("run", *options, *ALONE),
        cwd=ready.home,
        env=ready.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["event_type"] == "face_arrived"
        process.stdout.close()
        stderr = process.stderr.read()
        assert process.wait(TIMEOUT_S) == 0, stderr
    assert [line for line in stderr.splitlines() if not LOG_LINE.match(line)] == []
    assert "smiles so far: " in stderr


@pytest.mark.parametrize(
    "arguments",
    [["profiles", "list"], ["models", "list"], ["models", "inspect", str(models.shipped("smile"))]],
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_no_error(ready: Lipwire, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = subprocess.run(
            ready.command(*arguments),
            cwd=ready.home,
            env=ready.environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    finally:
        os.close(writing)
    assert (result.returncode, result.stderr) == (0, "")
