"""Words of one's own: what stands for an utterance, what is near to what, and what is kept."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import models
from edge.assemble import assemble
from edge.description import embed, read
from edge.errors import ModelError, StateError
from edge.own_words import FILE, LIMIT, OwnJudge, OwnWords, Prototypes, embedding, score, taken
from edge.profiles import choose
from edge.settings import Settings, WordSettings
from edge.verdict import Verdict
from edge.word_reader import Voted
from tests.conftest import complaint

NUMBERS = 12  # features of a frame


def utterance(word: int, seed: int, spread: float = 0.1, frames: int = 10) -> list[Voted]:
    """Frames of a word: as one looks, and a little as nobody else ever says it."""
    first, second = np.random.default_rng(word).uniform(0, 3, (2, NUMBERS))
    rng = np.random.default_rng((seed, 99))
    ways = np.linspace(0, 1, frames)[:, None]
    rows = first * (1 - ways) + second * ways + rng.normal(0, spread, (frames, NUMBERS))
    return [Voted(np.zeros(3), 1.0, row) for row in rows]


def take(word: int, seed: int, spread: float = 0.1) -> np.ndarray:
    return taken(utterance(word, seed, spread))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Any model's file; what is in it does not matter here."""
    return Path(shutil.copy(models.shipped("smile"), tmp_path / "word.tflite"))


@pytest.fixture
def own(tmp_path: Path, model: Path) -> OwnWords:
    """Three words of four takes each."""
    own = OwnWords(tmp_path / "state", model)
    for word, name in enumerate(("yes", "no", "감사 합니다")):
        for seed in range(4):
            own.add(name, take(word, seed))
    return own


def test_the_nearest_word_is_told_with_the_others_behind_it(own: OwnWords) -> None:
    for word, name in enumerate(own.takes):
        told = own(take(word, 50))
        assert told
        assert told.word == name
        assert 0.5 <= told.score <= 1
        assert set(told.alternatives) == set(own.takes) - {name}
        assert list(told.alternatives.values()) == sorted(told.alternatives.values(), reverse=True)


def test_what_is_like_no_word_is_not_told(own: OwnWords) -> None:
    assert [own(take(word, 50)) for word in (10, 11, 12)] == [None] * 3


def test_a_word_said_backwards_is_another_one(own: OwnWords) -> None:
    there = utterance(0, 50)
    told = own(taken(there[::-1]))
    assert told is None or told.word != "yes"
    assert own(taken(there)) is not None


def test_nothing_is_told_where_nothing_is_kept(tmp_path: Path, model: Path) -> None:
    assert OwnWords(tmp_path, model)(take(0, 1)) is None


def test_words_outlast_the_process_and_can_be_forgotten(
    own: OwnWords, tmp_path: Path, model: Path
) -> None:
    again = OwnWords(tmp_path / "state", model)
    assert {word: len(takes) for word, takes in again.takes.items()} == {
        "yes": 4,
        "no": 4,
        "감사 합니다": 4,
    }
    before, after = own(take(0, 50)), again(take(0, 50))
    assert before and after
    assert after.score == pytest.approx(before.score, abs=0.005)
    again.remove("yes")
    assert list(OwnWords(tmp_path / "state", model).takes) == ["no", "감사 합니다"]
    assert again(take(0, 50)) is None


def test_another_models_words_are_refused(own: OwnWords, tmp_path: Path, model: Path) -> None:
    assert own.takes
    other = Path(shutil.copy(models.shipped("viseme"), tmp_path / "other.tflite"))
    line = complaint(lambda: OwnWords(tmp_path / "state", other), ModelError)
    assert "enrolled with another model" in line
    # What a model says of itself may change.
    embed(model, replace(read(model), created="2030-01-01"))
    assert OwnWords(tmp_path / "state", model).takes


def test_a_model_file_that_is_damaged_is_one_line(tmp_path: Path, model: Path) -> None:
    model.write_bytes(model.read_bytes().replace(b"PK\x01\x02", b"XX\x01\x02"))
    line = complaint(lambda: OwnWords(tmp_path, model), ModelError)
    assert line == f"{model}: damaged, or not a Lipwire model"


def test_a_model_may_begin_anew_where_no_word_is_left(own: OwnWords, tmp_path: Path) -> None:
    for word in list(own.takes):
        own.remove(word)
    other = Path(shutil.copy(models.shipped("viseme"), tmp_path / "other.tflite"))
    assert OwnWords(tmp_path / "state", other).takes == {}


TAKES = ("[]", "1", "[[]]", "[[NaN]]", '[["a"]]', "[[1], [1, 2]]", f"[[1{'0' * 400}]]")
DAMAGED = (
    *("", "{", "[" * 10**5, "[]", "{}", '{"format": 2, "model": "", "words": {}}'),
    *(f'{{"format": 1, "model": "", "words": {{"yes": {takes}}}}}' for takes in TAKES),
)


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_one_line(tmp_path: Path, model: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    line = complaint(lambda: OwnWords(tmp_path, model), StateError)
    assert line.startswith(f"{tmp_path / FILE}: damaged")


def test_the_file_is_there_whole_or_as_it_was(own: OwnWords, tmp_path: Path) -> None:
    place = tmp_path / "state" / FILE
    before = json.loads(place.read_text())
    with pytest.raises(ValueError, match="could not"):
        own.add("broken", np.array(["no number"]))
    assert json.loads(place.read_text()) == before
    assert [path.name for path in place.parent.iterdir()] == [FILE]


def test_frames_count_by_their_weight() -> None:
    features = np.vstack([np.eye(3), 5 * np.ones((1, 3))])
    light = embedding(features, np.array([1.0, 1.0, 1.0, 1e-9]))
    assert np.linalg.norm(light) == pytest.approx(1)
    highest, mean, *_ = light.reshape(-1, 3)
    assert highest == pytest.approx(np.full(3, highest[0]))
    assert mean == pytest.approx(highest / 15)  # a third of 1, where 5 is the highest


def test_any_length_from_one_frame_on_gives_as_many_numbers() -> None:
    shapes = {embedding(np.ones((many, 5)), np.ones(many)).shape for many in (1, 2, 3, 7, 40)}
    assert shapes == {(20,)}


def test_a_word_with_unlike_takes_may_lie_further_off() -> None:
    like = [take(0, seed, 0.5) for seed in range(4)]
    unlike = [take(1, seed, 2.0) for seed in range(4)]
    near = Prototypes.of({"like": like, "unlike": unlike})
    assert near.units[1] > 1.2 * near.units[0]


def test_takes_that_are_all_the_same_leave_room_for_later_ones() -> None:
    near = Prototypes.of({"yes": [take(0, 1)] * 3})
    assert near(take(0, 2))["yes"] < LIMIT


def test_scores_fall_with_the_distance_and_are_even_at_the_limit() -> None:
    scores = [score(far) for far in (-0.1, 0.0, 1.0, LIMIT, 2.0, 100.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == scores[1] == 1
    assert score(LIMIT) == 0.5


@pytest.mark.parametrize(
    ("learned", "word"),
    [(None, "yes"), (Verdict("stop", 0.01, {}), "yes"), (Verdict("stop", 1.0, {}), "stop")],
)
def test_the_surer_of_own_and_learned_words_is_told(
    own: OwnWords, learned: Verdict | None, word: str
) -> None:
    told = OwnJudge(own, lambda frames: learned)(utterance(0, 50))
    assert told
    assert told.word == word


def test_learned_words_are_told_where_no_own_word_is_near(own: OwnWords) -> None:
    stop = Verdict("stop", 0.6, {})
    assert OwnJudge(own, lambda frames: stop)(utterance(10, 50)) == stop
    assert OwnJudge(own, lambda frames: None)(utterance(10, 50)) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mode": "spotting"}, ['enrolled words are told with [word] mode = "isolated" only']),
        ({"mode": "spotting", "own": False}, []),
        ({"mode": "isolated"}, []),
    ],
)
def test_words_that_a_mode_does_not_tell_are_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, settings: dict[str, Any], said: list[str]
) -> None:
    words = WordSettings(enabled=True, model="grid", **settings)
    OwnWords(tmp_path / "state", models.shipped("word-grid")).add("yes", take(0, 0))
    for folder, expected in (("state", said), ("empty", [])):
        caplog.clear()
        assemble(Settings(word=words), choose("generic"), None, state=tmp_path / folder)
        assert caplog.messages == expected
