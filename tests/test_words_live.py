"""Words on their whole way: a drawn face says them, and they are told over MQTT."""

from __future__ import annotations

import csv
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge import models
from edge.assemble import assemble, word_rules
from edge.bench import crowd
from edge.cameras import make_camera
from edge.cameras.demo import DemoCamera
from edge.description import read
from edge.detectors.blazeface import BlazeFace
from edge.errors import ModelError
from edge.events import WordRead
from edge.frame import Frame, Image, Yuv420
from edge.pipeline import Pipeline
from edge.profiles import Profile
from edge.settings import CameraSettings, FaceSettings, Settings, WordSettings
from edge.spotting import SpotRules
from edge.verdict import Verdict, Vocabulary
from tests.conftest import Mosquitto, complaint
from tests.daemon import Daemon
from tests.feed import Subscriber
from tests.spoken import script, word_model

pytestmark = pytest.mark.usefixtures("face_model")

PROFILE = Profile(width=640, height=480)
# Two words after each other, and when.
SAID = (
    ("closed", 2.0),
    ("wide_open", 0.4),
    ("closed", 1.4),
    ("smile", 0.4),
    ("closed", 2.0),
)
TIMES = {"시작": (2.0, 2.6), "멈춤": (3.8, 4.4)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, face_model: Path) -> Path:
    """A model of the two words."""
    path = tmp_path_factory.mktemp("words") / "단어.tflite"
    said = {"on_threshold": 0.5, "spot_threshold": 0.8}
    return word_model(path, BlazeFace(face_model), **said)


@pytest.fixture
def says() -> Iterator[None]:
    """The demo face says both."""
    with script(*SAID):
        yield


@pytest.fixture
def daemons() -> Iterator[list[Daemon]]:
    started: list[Daemon] = []
    yield started
    for daemon in started:
        daemon.process.kill()
        daemon.process.wait()


def pipeline(model: Path, **settings: Any) -> Pipeline:
    words = WordSettings(enabled=True, model=str(model), **settings)
    return assemble(Settings(word=words), PROFILE, None).pipeline


def frames(fps: float, seconds: float = 6.0) -> Iterator[Frame]:
    camera = DemoCamera(640, 480, fps)
    for _ in range(round(seconds * fps)):
        frame = camera.read()
        yield replace(frame, taken_at=1000 + frame.captured_at)


def told(watch: Pipeline, shown: Iterator[Frame] | list[Frame]) -> list[WordRead]:
    """The words of some frames."""
    return [e for frame in shown for e in watch(frame).events if isinstance(e, WordRead)]


@pytest.mark.usefixtures("says")
@pytest.mark.parametrize("mode", ["isolated", "spotting"])
@pytest.mark.parametrize("fps", [10, 15, 30])
def test_words_are_told_once_with_when_they_were_said(model: Path, mode: str, fps: float) -> None:
    words = told(pipeline(model, mode=mode), frames(fps))
    assert [each.word for each in words] == list(TIMES)
    for each in words:
        start, end = TIMES[each.word]
        assert each.face == 1
        assert each.start - 1000 == pytest.approx(start, abs=0.35)
        assert each.end - 1000 == pytest.approx(end, abs=0.35)
        assert each.start < each.end < each.at < each.end + 0.6
        assert 0.5 <= each.score <= 1
        assert set(each.alternatives) == set(TIMES) - {each.word}


@pytest.mark.usefixtures("says")
def test_a_threshold_of_the_settings_goes_over_the_model_s(model: Path) -> None:
    assert told(pipeline(model, threshold=0.999), frames(15)) == []


def test_the_settings_go_over_a_model_s_rules_and_leave_the_others(model: Path) -> None:
    said = replace(read(model), spot_threshold=0.7, refractory_s=0.4)
    own = SpotRules(0.7, 0.4)
    assert word_rules(WordSettings(mode="spotting"), said) == own
    wished = WordSettings(mode="spotting", threshold=0.9)
    assert word_rules(wished, said) == replace(own, threshold=0.9)
    wished = WordSettings(mode="spotting", refractory_s=0.0)
    assert word_rules(wished, said) == replace(own, refractory_s=0.0)
    assert word_rules(WordSettings(), said) == Vocabulary(said.labels, 1.0, 0.5)
    assert word_rules(WordSettings(threshold=0.9), said) == Vocabulary(said.labels, 1.0, 0.9)


@pytest.mark.usefixtures("says")
@pytest.mark.parametrize("mode", ["isolated", "spotting"])
def test_two_who_speak_at_once_are_read_each_for_itself(model: Path, mode: str) -> None:
    """The second one says the same 1.8 s later: when the first says one word, it says another."""
    early, late = DemoCamera(1280, 960, 15), DemoCamera(1280, 960, 15, seed=3)
    watch, words = pipeline(model, mode=mode), []
    for i in range(15 * 8):
        at = i / 15
        image = crowd(early.draw(at), 1)
        image[:480, 640:] = crowd(late.draw(max(0.0, at - 1.8)), 1)[:480, :640]
        words += told(watch, [Frame(image, at, 1000 + at, i)])
    by_face = {face: [e.word for e in words if e.face == face] for face in (1, 2)}
    assert by_face == {1: list(TIMES), 2: list(TIMES)}
    both = [e for e in words if abs(e.start - 1003.8) < 0.5]
    assert {e.word for e in both} == set(TIMES)
    assert len({e.face for e in both}) == 2


@pytest.mark.usefixtures("says")
def test_of_a_face_that_is_lost_within_a_word_nothing_is_told(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = np.full((480, 640, 3), 130, np.uint8)
    shown = [
        replace(frame, image=away) if 2.3 <= frame.captured_at < 2.9 else frame
        for frame in frames(15)
    ]
    with caplog.at_level(logging.DEBUG):
        words = told(pipeline(model), shown)
    assert [each.word for each in words] == ["멈춤"]
    assert "words: a face was lost within a word" in caplog.messages


@pytest.mark.usefixtures("says")
def test_of_a_face_that_leaves_within_a_word_nothing_is_told(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch = pipeline(model)
    with caplog.at_level(logging.DEBUG):
        assert told(watch, frames(15, 2.5)) == []
        assert [e.event_type for e in watch.reset("stopped")] == ["face_left"]
    assert "words: a face was lost within a word" in caplog.messages


@pytest.mark.usefixtures("says")
def test_a_camera_far_too_slow_is_warned_of_once_for_all_faces(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        told(pipeline(model), frames(8, 8))
    assert [record.message for record in caplog.records] == [
        "words: 8.0 pictures a second go through, the model has learned from 15: fewer words will "
        "be read, and less surely"
    ]


@pytest.mark.usefixtures("says")
def test_pictures_of_camera_chips_are_read_too_and_given_back(model: Path) -> None:
    def chip(image: Image) -> Yuv420:
        plane = np.full((240, 320), 128, np.uint8)
        return Yuv420(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), plane, plane)

    watch, words = pipeline(model), []
    for frame in frames(15):
        assert isinstance(frame.image, np.ndarray)
        picture = chip(frame.image)
        words += told(watch, [replace(frame, image=picture)])
        picture.y[:] = 0  # the camera writes its next picture here
    assert [each.word for each in words] == list(TIMES)


def test_lips_at_rest_cost_no_reading(model: Path) -> None:
    asked = WordSettings(enabled=True, model=str(model))
    with script(("closed", 60.0)):
        assembly = assemble(Settings(word=asked), PROFILE, None)
        assert told(assembly.pipeline, frames(15, 3)) == []
    (words,) = (each for each in assembly.interpreters if each.path == model)
    assert words.invoked_s == 0


def test_words_are_not_read_unless_asked_for(model: Path) -> None:
    paths = [each.path for each in assemble(Settings(), PROFILE, None).interpreters]
    assert not any("word" in path.name for path in paths)
    assert models.FACE_MESH not in [path.name for path in paths]


def test_a_model_that_is_not_there_is_one_line() -> None:
    asked = Settings(word=WordSettings(enabled=True, model="none/words.tflite"))
    line = complaint(lambda: assemble(asked, PROFILE, None), ModelError)
    assert line == "none/words.tflite: no such model file"


SCRIPTED = """
import sys
from edge.cli import main
from tests.spoken import script
from tests.test_words_live import SAID
with script(*SAID):
    main(sys.argv[1:])
"""


@pytest.mark.parametrize("mode", ["isolated", "spotting"])
def test_words_of_another_language_arrive_at_a_real_broker(
    tmp_path: Path,
    mosquitto: Mosquitto,
    subscriber: Subscriber,
    daemons: list[Daemon],
    model: Path,
    mode: str,
) -> None:
    config = tmp_path / "words.toml"
    config.write_text(
        f"[word]\nenabled = true\nmodel = '{model}'\nmode = '{mode}'\n", encoding="utf-8"
    )
    options = ["--config", str(config), "--broker", mosquitto.url, "--events", "-"]
    options += ["--pace", "max", "--duration", "6"]
    daemon = Daemon(tmp_path, *options, python=("-c", SCRIPTED))
    daemons.append(daemon)
    assert daemon.end() == 0, daemon.err
    subscriber.assert_soon(lambda s: s.last("availability") == "offline")
    assert subscriber.faults == []
    words = [r for r in subscriber.received if r.topic.endswith("/event/word")]
    assert [r.message["word"] for r in words] == list(TIMES)
    assert {(r.qos, r.retained) for r in words} == {(1, False)}
    first = words[0].message
    assert first["event_type"] == "word_read"
    assert first["start"] < first["end"] < first["at"]
    assert list(first["alternatives"]) == ["멈춤"]
    printed = [event for event in daemon.events if event["event_type"] == "word_read"]
    assert printed == [r.message for r in words]
    assert "시작" in daemon.out  # as it is, not as escapes
    assert "word_read     face 1: 시작 (0." in daemon.err
    assert "word_model" in subscriber.last("health")["versions"]
    assert "Traceback" not in daemon.err


def test_json_lines_are_utf_8_whatever_the_terminal_speaks(
    tmp_path: Path, daemons: list[Daemon], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    config = tmp_path / "words.toml"
    config.write_text(f"[word]\nenabled = true\nmodel = '{model}'\n", encoding="utf-8")
    options = ["--config", str(config), "--broker", "none", "--events", "-"]
    daemon = Daemon(tmp_path, *options, "--pace", "max", "--duration", "6", python=("-c", SCRIPTED))
    daemons.append(daemon)
    assert daemon.end() == 0, daemon.err
    found = (daemon.folder / "out").read_bytes().decode("utf-8").splitlines()
    words = [json.loads(line).get("word") for line in found]
    assert [word for word in words if word] == list(TIMES)
    assert "stage failed" not in daemon.err


@pytest.mark.skipif(not os.environ.get("LIPWIRE_DATA"), reason="no data here: set LIPWIRE_DATA")
def test_a_man_on_film_begins_and_ends_to_speak_about_when_he_is_heard(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence a clip is one utterance, found by his lips alone."""
    grid = Path(os.environ["LIPWIRE_DATA"]) / "grid"
    heard: dict[str, list[float]] = {}
    with (grid / "phones.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["phone"] != "SIL":
                heard.setdefault(row["clip"], []).extend(
                    (float(row["start_s"]), float(row["end_s"]))
                )
    monkeypatch.setattr(Vocabulary, "__call__", lambda *_: Verdict("sentence", 1.0, {}))
    words = WordSettings(enabled=True, model=str(model))
    settings = Settings(word=words, faces=FaceSettings(arrive_s=0.0))
    begins, ends = [], []
    for clip in sorted(heard)[:8]:
        source = CameraSettings(source=str(grid / f"s1/{clip}.mp4"), pace="max")
        camera = make_camera(source, PROFILE)
        camera.open()
        shown = list(iter(camera.read, None))
        camera.close()
        (said,) = told(assemble(settings, PROFILE, None).pipeline, shown)
        begin = shown[0].taken_at - shown[0].captured_at
        begins.append(said.start - begin - min(heard[clip]))
        ends.append(said.end - begin - max(heard[clip]))
    assert abs(float(np.median(begins))) <= 0.15
    assert abs(float(np.median(ends))) <= 0.15
