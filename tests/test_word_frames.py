"""Words where lips are hidden for a while, though the face is not."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge.assemble import assemble
from edge.cadence import RateWatch
from edge.cameras.demo import DemoCamera
from edge.detectors.blazeface import BlazeFace
from edge.events import WordRead
from edge.frame import Image
from edge.glimpse import Glimpse
from edge.profiles import Profile
from edge.settings import Settings, VisemeSettings
from edge.spotting import SpotRules
from edge.verdict import Judge, Vocabulary
from edge.word_frames import Lipreader, WordFrames
from edge.word_reader import WordReader
from edge.words import Words
from tests.spoken import script, word_model

pytestmark = pytest.mark.usefixtures("face_model")
FPS = 15


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, face_model: Path) -> Path:
    return word_model(tmp_path_factory.mktemp("words") / "words.tflite", BlazeFace(face_model))


@dataclass(frozen=True)
class Hiding(Lipreader):
    """Sees no lips while something hides them."""

    hidden: dict[str, bool]

    def cut(self, seen: Glimpse) -> Image | None:
        return None if self.hidden["now"] else super().cut(seen)


def told(model: Path, running: bool, hidden: tuple[float, float]) -> list[WordRead]:
    """What is told of a long word between two rests while lips are hidden for some time."""
    reader, hides = WordReader(model), {"now": False}
    rules: Judge | SpotRules = Vocabulary.of(reader.description, 0.3)
    if running:
        rules = SpotRules(0.5, 0.0)
    words = Words(Hiding(reader, None, hides), rules, RateWatch(FPS))
    settings = Settings(viseme=VisemeSettings(enabled=False))
    watch = assemble(settings, Profile(width=640, height=480), None, words=words).pipeline
    camera, found = DemoCamera(640, 480, FPS), []
    with script(("closed", 2.0), *[("wide_open", 0.35), ("open", 0.15)] * 4, ("closed", 2.0)):
        for _ in range(6 * FPS):
            frame = camera.read()
            hides["now"] = hidden[0] <= frame.captured_at < hidden[1]
            found += [each for each in watch(frame).events if isinstance(each, WordRead)]
    return found


@pytest.mark.parametrize(("hidden_s", "words"), [(0.0, 1), (0.2, 1), (0.6, 0)])
def test_of_a_word_within_which_lips_are_hidden_nothing_is_told(
    model: Path, hidden_s: float, words: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert len(told(model, False, (2.9, 2.9 + hidden_s))) == words
    assert ("words: lips were hidden within a word" in caplog.messages) == (words == 0)


def test_a_model_begins_anew_where_lips_were_hidden(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []
    fresh = WordFrames.fresh
    monkeypatch.setattr(WordFrames, "fresh", lambda self: (begun.append(self), fresh(self)))
    told(model, True, (9.0, 9.0))
    assert len(begun) == 1
    told(model, True, (2.9, 3.1))
    assert len(begun) == 2
    told(model, True, (2.9, 3.5))
    assert len(begun) == 4
