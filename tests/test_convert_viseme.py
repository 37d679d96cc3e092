"""`lipwire convert --task viseme`: openings and votes, and open and closed alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cli import main
from edge.description import embed, read
from edge.inspect import report
from edge.read import TwoClassReader, VisemeReader
from edge.shapes import SHAPES
from tests import mouth_crops

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SIDE = 24


def network(numbers: int) -> Any:
    """A network whose numbers grow with the dark in the middle."""
    import keras
    from keras import layers

    pixels = keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(4, 3, strides=2, activation="relu", name="look")(pixels)
    answer = layers.Dense(numbers, name="answer")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(pixels, answer)
    rng = np.random.default_rng(numbers)
    for layer in ("look", "answer"):
        shapes = [weight.shape for weight in model.get_layer(layer).get_weights()]
        model.get_layer(layer).set_weights([rng.normal(0, 0.5, shape) for shape in shapes])
    return model


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mouths") / "keypoints68.npz"
    mouth_crops.keypoints().save(path)
    return path


@pytest.fixture
def convert(crops: Path, tmp_path: Path) -> Callable[..., int]:
    def run(model: Any, *more: str) -> int:
        model.save(tmp_path / "model.keras")
        asked = ["convert", str(tmp_path / "model.keras"), "--task", "viseme", "--calibrate"]
        asked += [str(crops), "--out", str(tmp_path / "out.tflite")]
        return main([*asked, "--bound", "100", "--json", str(tmp_path / "told.json"), *more])

    return run


@pytest.mark.parametrize(("numbers", "votes_s"), [(7, (0.0,)), (19, (-0.04, 0.0, 0.04))])
def test_an_opening_and_votes_become_a_file_that_the_device_reads(
    convert: Callable[..., int], tmp_path: Path, numbers: int, votes_s: tuple[float, ...]
) -> None:
    assert convert(network(numbers)) == 0
    reader = VisemeReader(tmp_path / "out.tflite")
    said = reader.description
    assert (said.labels, said.votes_s, said.crop) == (SHAPES, votes_s, "aligned-mouth")
    assert (said.on_threshold, said.off_threshold) == (0.105, 0.085)
    assert reader(np.zeros((SIDE, SIDE), np.uint8)).votes.shape == (len(votes_s), len(SHAPES))


def test_shapes_and_openings_are_compared(
    convert: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = network(31)
    assert convert(model) == 0
    table = capsys.readouterr().out
    assert "opening differs by" in table
    assert "of decisions changed" in table
    told = json.loads((tmp_path / "told.json").read_text())
    _, exact, int8 = told["columns"]
    assert told["amount"] == "opening"
    assert exact["same_decision"] == 1
    assert int8["same_decision"] > 0.9
    low, high = told["source_range"]
    assert 0 < int8["largest_difference"] < 0.1 * (high - low) + 0.01
    # A tenth of what the network gives: eye distances.
    outputs = model(np.ones((1, SIDE, SIDE, 1), np.float32)).numpy()
    assert high < abs(outputs).max()


def test_what_lies_beside_says_which_moments_are_voted_for(
    convert: Callable[..., int], tmp_path: Path
) -> None:
    assert convert(network(19)) == 0
    said = replace(read(tmp_path / "out.tflite"), votes_s=(0.0, 0.05, 0.1), temperature=1.5)
    embed(tmp_path / "out.tflite", said)
    (tmp_path / "out.tflite").rename(tmp_path / "model.tflite")
    assert convert(network(19)) == 0
    again = read(tmp_path / "out.tflite")
    assert (again.votes_s, again.temperature) == ((0.0, 0.05, 0.1), 1.5)


def test_one_logit_tells_open_from_closed(convert: Callable[..., int], tmp_path: Path) -> None:
    assert convert(network(1)) == 0
    said = TwoClassReader(tmp_path / "out.tflite", "viseme").description
    assert (said.labels, said.on_threshold) == (("closed", "open"), 0.7)
    assert report(tmp_path / "out.tflite")["float_operators"] == ""


@pytest.mark.parametrize(
    ("numbers", "more", "said"),
    [
        (13, (), "gives 13 numbers, which do not tell closed, open apart"),
        (6, (), "gives 6 numbers, which do not tell closed, open apart"),
        (7, ("--labels", "closed,open"), "gives 7 numbers, which do not tell closed, open apart"),
        (1, ("--labels", ",".join(SHAPES)), "gives 1 numbers, which do not tell closed, narrow, "),
    ],
)
def test_numbers_that_do_not_fit_are_refused_in_one_line(
    convert: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    numbers: int,
    more: tuple[str, ...],
    said: str,
) -> None:
    assert convert(network(numbers), *more) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"lipwire: {tmp_path / 'model.keras'}: {said}")
    assert not (tmp_path / "out.tflite").exists()
