"""Word models: one frame at a time, a state for every face, and which files are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import description, models
from edge.errors import ModelError
from edge.interpreter import Interpreter
from edge.lipbox import HEIGHT, WIDTH
from edge.word_reader import WordReader
from tests.conftest import complaint
from tests.word_file import PAST, write_words

RNG = np.random.default_rng(4)
REST, OPEN, ROUND = RNG.integers(0, 256, (3, 48, 48), dtype=np.uint8)
WORDS = {"안녕 하세요": OPEN, "stop": ROUND}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_words(tmp_path / "words.tflite", WORDS, REST)


def refused(path: Path) -> str:
    return complaint(lambda: WordReader(path), ModelError)


def test_a_frame_votes_for_the_word_that_it_shows(model: Path) -> None:
    read = WordReader(model)
    assert read.description.labels == ("안녕 하세요", "stop", "other")
    state = read.fresh()
    for shown, best in ((OPEN, 0), (ROUND, 1), (REST, 2)):
        voted = read(shown, state)
        assert voted.logits.argmax() == best
        assert len(voted.logits) == 3
        assert voted.weight == 1.0
        assert voted.features == pytest.approx(shown.reshape(8, -1).mean(axis=1) / 255, abs=0.02)


def test_every_face_has_a_state_of_its_own(model: Path) -> None:
    read = WordReader(model)
    one, two = read.fresh(), read.fresh()
    (start,) = one.tensors
    for shown in (OPEN, ROUND, REST):
        read(shown, one)
    assert (two.tensors[0] == start).all()
    assert not (one.tensors[0] == start).any()
    for shown in (OPEN, ROUND, REST):
        read(shown, two)
    assert (one.tensors[0] == two.tensors[0]).all()
    assert one.tensors[0].shape[1] == PAST


def test_what_changed_since_a_face_s_last_frame_is_seen(tmp_path: Path) -> None:
    """The model looks for its pictures in the changes: half of what differs, from 128 on."""
    rest, go, stop = (64 + picture // 2 for picture in (REST, OPEN, ROUND))
    path = write_words(tmp_path / "words.tflite", {"go": go, "stop": stop}, rest, changes=True)
    read = WordReader(path)
    still = np.full_like(REST, 128)

    def votes(*frames: np.ndarray) -> list[int]:
        state = read.fresh()
        return [int(read(frame, state).logits.argmax()) for frame in frames]

    moved = [(2 * picture.astype(int) - 128).astype(np.uint8) for picture in (go, stop, rest)]
    assert [votes(still, each)[1] for each in moved] == [0, 1, 2]
    alone = read(moved[0], read.fresh()).logits
    assert (alone == read(still, read.fresh()).logits).all()  # nothing was before, nothing changed
    one, other = read.fresh(), read.fresh()
    read(still, one)
    read(moved[1], other)
    assert read(moved[0], one).logits.argmax() == 0
    assert (read(moved[1], other).logits == alone).all()


def test_lip_boxes_are_taken_at_their_own_size(tmp_path: Path) -> None:
    rest, shown = RNG.integers(0, 256, (2, HEIGHT, WIDTH), dtype=np.uint8)
    read = WordReader(write_words(tmp_path / "words.tflite", {"go": shown}, rest))
    assert read.kind is None
    assert read(shown, read.fresh()).logits.argmax() == 0


def test_a_file_s_order_of_tensors_does_not_matter(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = WordReader(model)(OPEN, WordReader(model).fresh())
    init = Interpreter.__init__

    def turned(self: Interpreter, path: Path, threads: int = 1) -> None:
        init(self, path, threads)
        self.inputs, self.outputs = self.inputs[::-1], self.outputs[::-1]

    monkeypatch.setattr(Interpreter, "__init__", turned)
    read = WordReader(model)
    found = read(OPEN, read.fresh())
    assert (found.logits == expected.logits).all()
    assert (found.features == expected.features).all()


SEVEN = RNG.integers(0, 256, (7, 48, 48), dtype=np.uint8)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("alike", [False, True])
def test_as_many_features_as_votes_are_not_taken_for_votes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alike: bool, turned: bool
) -> None:
    """The scale tells them apart, wherever they stand; where it is the same, too, votes are those
    that stand before."""
    monkeypatch.setattr("tests.word_file.FEATURES", len(SEVEN) + 1)
    if alike:
        monkeypatch.setattr("tests.word_file.STEP", (1 / 255, -128))
    words = {str(number): shown for number, shown in enumerate(SEVEN[:-1])}
    path = write_words(tmp_path / "words.tflite", words, SEVEN[-1])
    if turned and not alike:
        init = Interpreter.__init__

        def init_turned(self: Interpreter, path: Path, threads: int = 1) -> None:
            init(self, path, threads)
            self.outputs = self.outputs[::-1]

        monkeypatch.setattr(Interpreter, "__init__", init_turned)
    read = WordReader(path)
    for number, shown in enumerate(SEVEN[:-1]):
        voted = read(shown, read.fresh())
        assert voted.logits.argmax() == number
        assert len(voted.logits) == len(SEVEN)
        assert voted.features == pytest.approx(shown.reshape(8, -1).mean(axis=1) / 255, abs=0.02)


def test_the_shipped_models_votes_and_features_are_told_apart() -> None:
    for path in models.shipped("word").parent.glob("word-*.tflite"):
        read = WordReader(path)
        votes, features = (read.interpreter.outputs[i] for i in (0, 1))
        assert votes.shape == (1, len(read.description.labels) + 1)
        assert (votes.scale, votes.zero_point) != (features.scale, features.zero_point)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"task": "smile"}, "made for smile, not for words"),
        ({"labels": ()}, "an empty vocabulary: its labels are none; they must be words and"),
        ({"labels": ("other",)}, "an empty vocabulary: its labels are other;"),
        ({"labels": ("go", "stop", "left")}, "an empty vocabulary: its labels are go, stop, left;"),
        ({"labels": ("go", "go", "other")}, "has a word without letters, or one twice"),
        ({"labels": ("go", " ", "other")}, "has a word without letters, or one twice"),
        ({"labels": ("go", "a\nb", "other")}, "with signs that no line of text may hold"),
        ({"labels": ("go", "a\u2028b", "other")}, "with signs that no line of text may hold"),
        ({"labels": ("go", "other")}, "not those of a model of 2 labels"),
        ({"crop": "eyes"}, "wants crops 'eyes' of 48 pixels, this version cuts lip-box of 48"),
        ({"crop_size": 8}, "wants crops 'aligned-mouth' of 8 pixels"),
        ({"crop": "lip-box"}, "not those of a model of 3 labels that takes (1, 32, 48, 1)"),
        ({"crop_size": 64}, "that takes (1, 64, 64, 1)"),
        ({"changes": True}, "that takes (1, 48, 48, 2)"),
        ({"changes": 1}, "changes is 1"),
        ({"fps": 0.0}, "says 10 frames at 0 a second"),
        ({"frames": 1}, "says 1 frames at 15 a second"),
        ({"input": description.Quantisation("int8", 0.1, -128)}, "its input is not what"),
        ({"input": description.Quantisation("int8", 1 / 255, 0)}, "its input is not what"),
        ({"output": description.Quantisation("int8", 0.2, 0)}, "its output is not what"),
    ],
    ids=str,
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(
    model: Path, said: dict[str, Any], why: str
) -> None:
    description.embed(model, replace(description.read(model), **said))
    line = refused(model)
    assert line.startswith(f"{model}: ")
    assert why in line


def test_a_smile_model_reads_no_words(smile_model: Path) -> None:
    assert refused(smile_model).endswith("made for smile, not for words")
    description.embed(smile_model, replace(description.read(smile_model), task="word"))
    assert "an empty vocabulary" in refused(smile_model)


def test_a_state_that_is_not_given_back_as_it_is_taken_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.word_file.KEPT", PAST + 1)
    path = write_words(tmp_path / "words.tflite", WORDS, REST)
    assert "gives no state back as it takes" in refused(path)


def test_a_model_s_pixels_must_be_grey_less_128(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.word_file.SCALE", (1 / 128, 0))
    path = write_words(tmp_path / "words.tflite", WORDS, REST)
    assert refused(path).endswith("its input is not grey pixels less 128")


@pytest.mark.parametrize(
    ("window", "name"), [(5, 10), (10, 10), (14, 10), (15, 15), (19, 15), (20, 20), (50, 20)]
)
def test_the_shipped_model_has_the_profile_s_window_or_the_next_shorter_one(
    window: int, name: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "shipped", lambda task: tmp_path / f"{task}.tflite")
    for frames in (10, 15, 20):
        (tmp_path / f"word-{frames}.tflite").touch()
    assert models.word_model("", window) == tmp_path / f"word-{name}.tflite"


def test_a_model_is_chosen_by_its_name_or_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "shipped", lambda task: tmp_path / f"{task}.tflite")
    assert models.word_model("mine/단어.tflite", 15) == Path("mine/단어.tflite")
    line = complaint(lambda: models.word_model("grid", 15), ModelError)
    assert line == (
        f"{tmp_path}/word-grid.tflite: not shipped with this version; give [word] model a file"
    )
    (tmp_path / "word-grid.tflite").touch()
    assert models.word_model("grid", 15) == tmp_path / "word-grid.tflite"
