"""`lipwire enroll`: from takes of a drawn mouth to words that the daemon tells over MQTT."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from edge import models
from edge.own_words import FILE
from tests import mouthing
from tests.command import Lipwire
from tests.conftest import Mosquitto
from tests.feed import Subscriber, assert_soon

MODEL = models.shipped("word-grid")
WORDS = tuple(mouthing.WORDS)
QUICK = ("--yes", "--pace", "max", "--seconds", "1.75", "--countdown", "0.39")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four takes of each word, a little different."""
    folder = tmp_path_factory.mktemp("films")
    takes = {word: [mouthing.script(word, pace) for pace in (1, 1.1, 0.9, 1)] for word in WORDS}
    return {
        word: mouthing.film(folder / f"{number}.avi", *takes[word], seed=number)
        for number, word in enumerate(WORDS)
    }


def enroll(lipwire: Lipwire, word: str, film: Path, *more: str) -> str:
    wanted = ("enroll", "--word", word, "--takes", "3", "--model", MODEL)
    done = lipwire(*wanted, "--source", film, *QUICK, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_enrolled_words_arrive_at_a_broker(
    ready: Lipwire, films: dict[str, Path], mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    for word in WORDS[:2]:
        told = enroll(ready, word, films[word])
        assert told == f"{word}: 3 takes; lipwire run tells it from its next start on\n"
    listed = ready("enroll", "--list", "--model", MODEL)
    assert listed.stdout == "".join(f"{word}: 3 takes\n" for word in WORDS[:2])
    config = ready.home / "words.toml"
    config.write_text(f'[word]\nenabled = true\nmodel = "{MODEL}"\nthreshold = 1.0\n')
    for word in WORDS:
        run = ("run", "--config", config, "--source", films[word], "--pace", "max")
        assert ready(*run, "--broker", mosquitto.url, "--page", "off").returncode == 0
    subscriber.assert_soon(lambda s: sum(e["event_type"] == "face_left" for e in s.events) == 3)
    faces = {e["face"]: word for e, word in zip(lefts(subscriber), WORDS, strict=True)}
    read = [(faces[e["face"]], e["word"]) for e in subscriber.events if "word" in e]
    for word, other in (WORDS[:2], WORDS[1::-1]):
        assert read.count((word, word)) >= 3, read  # of four
        assert (word, other) not in read
    assert sum(shown == WORDS[2] for shown, _ in read) <= 1, read  # it was not enrolled


def lefts(subscriber: Subscriber) -> list[dict[str, object]]:
    return [e for e in subscriber.events if e["event_type"] == "face_left"]


def test_own_words_can_be_switched_off(
    ready: Lipwire, films: dict[str, Path], tmp_path: Path
) -> None:
    enroll(ready, "no", films["no"])
    run = ("run", "--source", films["no"], "--pace", "max", "--broker", "none", "--page", "off")
    read = {}
    for own in ("true", "false"):
        config = tmp_path / f"{own}.toml"
        rules = f"threshold = 1.0\nown = {own}\n"
        config.write_text(f'[word]\nenabled = true\nmodel = "{MODEL}"\n{rules}')
        done = ready(*run, "--config", config, "--events", "-")
        events = map(json.loads, done.stdout.splitlines())
        read[own] = [event["word"] for event in events if "word" in event]
    assert set(read["true"]) == {"no"}
    assert read["false"] == []


def test_what_is_finished_stays_after_ctrl_c(ready: Lipwire, films: dict[str, Path]) -> None:
    wanted = ("enroll", "--word", "no", "--takes", "500", "--model", MODEL, "--loop")
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    kept = ready.home / "state/lipwire" / FILE
    with ready.start(*wanted, "--source", films["no"], *QUICK, **pipes) as process:
        assert_soon(lambda: kept.exists() and len(takes(kept)) >= 2, 60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert ready("enroll", "--list", "--model", MODEL).stdout == f"no: {len(takes(kept))} takes\n"
    assert ready("enroll", "--remove", "no", "--model", MODEL).stdout == "no: removed\n"
    assert ready("enroll", "--list", "--model", MODEL).stdout == ""


def takes(kept: Path) -> list[list[float]]:
    """Those of the word "no"."""
    found: list[list[float]] = json.loads(kept.read_text())["words"]["no"]
    return found


def test_another_models_words_end_the_daemon_in_one_line(
    ready: Lipwire, films: dict[str, Path], smile_model: Path
) -> None:
    enroll(ready, "no", films["no"])
    kept = ready.home / "state/lipwire" / FILE
    kept.write_text(kept.read_text().replace('"model": "', '"model": "0'))
    config = ready.home / "words.toml"
    config.write_text(f'[word]\nenabled = true\nmodel = "{MODEL}"\n')
    for command in (("run", "--broker", "none"), ("enroll", "--list")):
        line = ready.complaint(*command, "--config", config)
        assert f"{kept}: enrolled with another model" in line
    line = ready.complaint("enroll", "--list", "--model", smile_model)
    assert line


@pytest.mark.parametrize("word", ["other", "Other", " ", "a/b"])
def test_what_cannot_be_a_word_is_refused(ready: Lipwire, word: str) -> None:
    line = ready.complaint("enroll", "--word", word, "--source", "demo", "--model", MODEL, "--yes")
    assert line.startswith("lipwire: --word")


def test_a_word_that_is_not_there_cannot_be_removed(ready: Lipwire) -> None:
    line = ready.complaint("enroll", "--remove", "yes", "--model", MODEL)
    assert line == "lipwire: --remove yes: not enrolled; there are: none"


def test_a_model_of_something_else_is_refused(ready: Lipwire) -> None:
    wanted = ("enroll", "--word", "yes", "--source", "demo", "--yes")
    line = ready.complaint(*wanted, "--model", models.shipped("smile"))
    assert line.endswith("smile.tflite: made for smile, not for words")
