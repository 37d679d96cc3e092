"""The command as people and scripts meet it: options, listings and exit status."""

from __future__ import annotations

import os
import subprocess
import tomllib

import pytest

from edge import __version__, models, profiles
from tests.command import TIMEOUT_S, Lipwire

# Options


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["run", "--loud"], "unrecognized arguments: --loud"),
        (
            ["run", "--duration", "0"],
            "argument --duration: must be a number of seconds above 0, not '0'",
        ),
        (["run", "--duration", "nan"], "must be a number of seconds above 0, not 'nan'"),
        (["run", "--duration", "1,5"], "must be a number of seconds above 0, not '1,5'"),
        (["bench", "pipeline", "--seconds", "0"], "must be a number of seconds above 0, not '0'"),
        (["profiles"], "the following arguments are required: ACTION"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_that_make_no_sense_end_in_one_line(
    lipwire: Lipwire, arguments: list[str], said: str
) -> None:
    line = lipwire.complaint(*arguments)
    assert said in line
    assert "--help)" in line


def test_an_unknown_detector_is_answered_with_those_there_are(lipwire: Lipwire) -> None:
    for command in ("run", "doctor"):
        line = lipwire.complaint(command, "--detector", "eyes", "--broker", "none")
        assert "[faces] detector: must be one of auto, short-range, full-range" in line
        assert line.endswith("mediapipe, haar, not 'eyes'")


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


# Listings


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


# Exit status


def test_fetching_without_a_network_fails_in_one_line_and_leaves_nothing(
    lipwire: Lipwire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(lipwire.home))
    line = lipwire.complaint("models", "fetch", status=1)
    assert line.startswith("lipwire: models not fetched: ")
    assert line.endswith("; is there a network?")
    assert not list(lipwire.home.rglob("*.tflite*"))


@pytest.mark.parametrize(
    "arguments",
    [["profiles", "list"], ["models", "list"], ["models", "inspect", str(models.shipped("smile"))]],
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_no_error(ready: Lipwire, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with ready.start(*arguments, stdout=writing, stderr=subprocess.PIPE) as process:
            _, said = process.communicate(timeout=TIMEOUT_S)
    finally:
        os.close(writing)
    assert (process.returncode, said) == (0, "")
