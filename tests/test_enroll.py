"""`lipwire enroll`: from takes of a drawn mouth to words that the daemon tells over MQTT."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from edge import models
from edge.own_words import FILE
from tests import mouthing
from tests.command import Lipwire
from tests.conftest import Mosquitto
from tests.feed import Subscriber, wait_until

MODEL = Path(__file__).parent / "models/word.tflite"
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
    wanted = ("enroll", "--word", word, "--takes", "3", "--model", models.word_model("grid", 15))
    done = lipwire(*wanted, "--source", film, *QUICK, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_enrolled_words_arrive_at_a_broker(
    ready: Lipwire, films: dict[str, Path], mosquitto: Mosquitto, subscriber: Subscriber
) -> None:
    for word in WORDS[:2]:
        told = enroll(ready, word, films[word])
        assert told == f"{word}: 3 takes; lipwire run tells it from its next start on\n"
    listed = ready("enroll", "--list", "--model", models.word_model("grid", 15))
    assert listed.stdout == "".join(f"{word}: 3 takes\n" for word in WORDS[:2])
    config = ready.home / "words.toml"
    config.write_text('[word]\nenabled = true\nmodel = "grid"\nthreshold = 1.0\n')
    for word in WORDS:
        run = ("run", "--config", config, "--source", films[word], "--pace", "max")
        assert ready(*run, "--broker", mosquitto.url, "--page", "off").returncode == 0
    subscriber.wait_for(lambda s: sum(e["event_type"] == "face_left" for e in s.events) == 3)
    faces = {e["face"]: word for e, word in zip(lefts(subscriber), WORDS, strict=True)}
    read = [(faces[e["face"]], e["word"]) for e in subscriber.events if "word" in e]
    assert {word for _, word in read} == set(WORDS[:2])
    for word in WORDS[:2]:
        assert read.count((word, word)) >= 3, read  # of four
    assert all(shown == told for shown, told in read), read


def lefts(subscriber: Subscriber) -> list[dict[str, object]]:
    return [e for e in subscriber.events if e["event_type"] == "face_left"]
