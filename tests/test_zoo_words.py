"""The older readers of words: built as published, frozen where asked, trained and converted."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge.cli import main
from edge.errors import SettingsError
from tests.conftest import complaint
from tests.said import WINDOW, spoken, write_run

if TYPE_CHECKING:
    import keras

pytestmark = [
    pytest.mark.training,
    # TensorFlow's own modules use what newer Pythons and numpys warn of.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SIDES = 32, 48
UNWEIGHTED: dict[str, dict[str, Any]] = {
    "word-cnn-lstm": {},
    "word-deep": {},
    "word-vgg-frozen": {"weights": "none"},
    "word-vgg-tuned": {"weights": "none"},
    "word-mobilenet-lstm": {"weights": "none"},
}
SMALL = ("word-cnn-lstm", "word-deep")


def built(name: str, window: int = 2, classes: int = 3) -> keras.Model:
    """A model, untrained and always the same."""
    import keras

    from training import zoo

    keras.utils.set_random_seed(3)
    return zoo.module(name).build(window, *SIDES, classes, **UNWEIGHTED[name])


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def moving(n: int, window: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Clips that grow lighter, darker, or neither."""
    rng = np.random.default_rng(1)
    labels = np.arange(n) % 3
    ramp = np.linspace(-0.3, 0.3, window) * (labels[:, None] - 1)
    clips = 0.5 + ramp[..., None, None, None] + 0.1 * rng.random((n, window, *SIDES, 1))
    return clips.astype(np.float32), labels


@pytest.mark.parametrize("name", [name for name in UNWEIGHTED if name != "word-vgg-frozen"])
def test_every_model_takes_clips_and_gives_logits(name: str) -> None:
    from training import zoo

    model = built(name)
    assert name in zoo.MODELS["word"]
    assert model.input_shape == (None, 2, *SIDES, 1)
    assert model.layers[-1].activation.__name__ == "linear"
    assert np.asarray(model(moving(3)[0])).shape == (3, 3)


def test_word_cnn_lstm_is_as_published() -> None:
    model = built("word-cnn-lstm")
    named = {type(layer).__name__: layer for layer in model.layers}
    assert (named["Conv2D"].filters, named["Conv2D"].kernel_size) == (3, (5, 5))
    assert {"Flatten", "Memory", "Dense"} <= set(named)
    assert kinds(model).count("Conv2D") == 1


def test_word_deep_is_as_published() -> None:
    model = built("word-deep")
    named = kinds(model)
    for kind in ("Conv2D", "BatchNormalization", "Dropout", "MaxPooling2D"):
        assert named.count(kind) == 3
    dropped = {layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"}
    assert dropped == {0.2}
    assert named[-2:] == ["Bidirectional", "Dense"]


def test_word_vgg_is_as_published() -> None:
    from training.zoo import word_vgg_frozen, word_vgg_tuned
    from training.zoo.learning import set_learning

    frozen, tuned = word_vgg_frozen.recipe(), word_vgg_tuned.recipe()
    assert tuned.phases[0] == frozen.phases[0]
    assert frozen.phases[0].rate == 6e-5
    block = tuned.phases[1]
    assert (block.epochs, block.rate, block.optimizer) == (5, 1e-4, "sgd")
    model = built("word-vgg-tuned")
    learned = []
    for phase in tuned.phases:
        set_learning(model, phase.learns)
        names = {weight.path.split("/")[0] for weight in model.trainable_weights}
        learned.append({name for name in names if name.startswith("block")})
    assert learned == [set(), {"block5_conv1", "block5_conv2", "block5_conv3"}]
    assert not word_vgg_frozen.FOR_A_BOARD


def test_word_mobilenet_lstm_is_as_published() -> None:
    from training.zoo import word_mobilenet_lstm

    asked = word_mobilenet_lstm.recipe()
    assert asked.window == 10
    assert asked.phases[0].learns == "head"
    model = built("word-mobilenet-lstm")
    assert model.get_layer("three_channels").output.shape[1:] == (128, 128, 3)
    units = [layer.units for layer in model.layers if hasattr(layer, "units")]
    assert units == [1024, 128, 256, 128, 3]


@pytest.mark.parametrize("name", SMALL)
def test_a_model_learns_and_answers_the_same_as_int8(name: str, tmp_path: Path) -> None:
    import keras

    from convert.int8 import convert

    model = built(name)
    clips, labels = moving(24)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss)
    losses = [float(model.train_on_batch(clips, labels)) for _ in range(15)]
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])
    interpreter = convert(model, clips, tmp_path / "model.tflite")
    (given,) = interpreter.outputs
    exact = np.asarray(model(clips, training=False))
    for clip, wanted in zip(clips, exact, strict=True):
        (answer,) = interpreter.run(np.rint(255 * clip - 128).astype(np.int8)[None])
        told = (answer[0].astype(float) - given.zero_point) * given.scale
        assert np.abs(told - wanted).max() < 0.2 * np.ptp(exact)


def test_mobilenet_becomes_int8_throughout(tmp_path: Path) -> None:
    from convert.int8 import convert

    interpreter = convert(built("word-mobilenet-lstm"), moving(1)[0], tmp_path / "model.tflite")
    assert interpreter.inputs[0].shape == (1, 2, *SIDES, 1)


@pytest.mark.parametrize("name", ["word-vgg-frozen", "word-mobilenet-lstm"])
def test_without_a_network_one_line_says_how_to_go_on(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from training import zoo

    def unreachable(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    line = complaint(lambda: zoo.module(name).build(2, *SIDES, 3), SettingsError)
    assert line.endswith("; use --weights none")
    assert capsys.readouterr().out == ""


def test_a_saved_model_of_whole_clips_is_converted_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edge.description import read
    from training.evaluate.word_clips import seen, stretches
    from training.evaluate.word_readers import load_word_model

    clips = spoken()
    clips.save(tmp_path / "words.npz")
    built("word-cnn-lstm", WINDOW, 4).save(tmp_path / "whole.keras")
    asked = ["convert", str(tmp_path / "whole.keras"), "--task", "word", "--bound", "100"]
    asked += ["--calibrate", str(tmp_path / "words.npz"), "--out", str(tmp_path / "whole.tflite")]
    assert main(asked) == 0
    assert "same decision" in capsys.readouterr().out
    said = read(tmp_path / "whole.tflite")
    assert said.labels == (*clips.origin.classes, "other")
    assert (said.task, said.crop, said.frames, said.fps) == ("word", "lip-box", WINDOW, 15.0)
    pictures, shown = seen(clips), stretches(clips, range(8))
    by_floats = load_word_model(tmp_path / "whole.keras").logits(pictures, shown)
    by_int8 = load_word_model(tmp_path / "whole.tflite").logits(pictures, shown)
    assert np.abs(by_floats - by_int8).max() < 0.2 * np.ptp(by_floats) + 0.05
    assert main([*asked, "--crop", "aligned-mouth"]) == 2
    assert "--crop aligned-mouth: the clips are cut as lip-box" in capsys.readouterr().err
    assert main([*asked[:2], "--task", "smile", *asked[4:]]) == 2
    assert "not grey square crops" in capsys.readouterr().err


def test_models_of_other_pictures_than_the_clips_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from training import zoo

    spoken().save(tmp_path / "words.npz")
    zoo.module("word-cnn-lstm").build(2, 16, 16, 3).save(tmp_path / "model.keras")
    asked = ["convert", str(tmp_path / "model.keras"), "--task", "word", "--calibrate"]
    asked += [str(tmp_path / "words.npz"), "--out", str(tmp_path / "out.tflite")]
    assert main(asked) == 2
    assert "takes pictures of 16x16 pixels, the lips in" in capsys.readouterr().err
    assert not (tmp_path / "out.tflite").exists()


def test_the_page_shows_what_of_the_mouth_moves_the_answers(tmp_path: Path) -> None:
    from training import report

    clips = spoken()
    clips.save(tmp_path / "words.npz")
    run = write_run(tmp_path / "run", ["without-A"], clips, tmp_path / "words.npz")
    built("word-deep", WINDOW, 4).save(run / "without-A.keras")
    page = report.write(run).read_text(encoding="utf-8")
    assert 'alt="what moves sí señor"' in page
    assert "Over time" in page


def test_what_training_keeps_from_a_part_is_what_it_is_scored_on() -> None:
    from training.evaluate.word_parts import left_out
    from training.run import Run
    from training.train import word_parts
    from training.train.word_pool import WordPool
    from training.zoo.word_small import recipe

    clips = spoken(("one", "two", "three", "four"))
    for name in ("without-A", "takes2", "other0", "other1"):
        part = word_parts.part(name, Run(Path("run")), recipe(), WordPool(clips))
        assert part.heldout.tolist() == np.flatnonzero(left_out(clips, name)).tolist()
        assert not set(part.heldout) & {*part.learn, *part.check}


def test_the_bench_names_what_older_readers_need(tmp_path: Path) -> None:
    from tests.said import write_reader
    from training.bench.words import bench_words, words_table

    model = write_reader(tmp_path / "own.tflite", spoken())
    told = bench_words(model, 0.0, (2, 4), ["word-cnn-lstm"], tmp_path / "kept")
    rows = {(row["model"], row["way"], row["window"]): row for row in told["rows"]}
    assert len(rows) == 6
    older = [rows["word-cnn-lstm", "whole clip, each frame", window] for window in (2, 4)]
    assert older[0]["multiply_accumulates"] < older[1]["multiply_accumulates"]
    own = [rows["own", "frame by frame", window] for window in (2, 4)]
    assert own[0]["multiply_accumulates"] == own[1]["multiply_accumulates"]
    assert all(row["frame_ms"] > 0 for row in rows.values())
    assert "| word-cnn-lstm |" in words_table(told)
    assert (tmp_path / "kept" / "word-cnn-lstm-4.tflite").is_file()
    json.dumps(told)
