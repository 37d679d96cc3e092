"""`lipwire convert` with real networks: every source, every target, and what is not let through."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.items import load
from edge.cli import main
from edge.crop import FACE
from edge.description import Source, embed, read
from edge.inspect import report
from edge.models import shipped
from edge.operators import multiply_accumulates
from edge.read import SmileReader
from tests.command import Lipwire
from training.crops import Crops, Origin, kept

pytestmark = [
    pytest.mark.training,
    # TensorFlow's own modules use what newer Pythons and numpys warn of.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SIDE = 16
N = 80
SOURCES = ("model.keras", "model.h5", "saved", "graph.pb")


def network(end: Callable[[Any], Any] | None = None, side: int = SIDE, channels: int = 1) -> Any:
    """A network that tells a bright lower half: weights are set, not learned."""
    import keras
    from keras import layers

    pixels = keras.Input((side, side, channels), name="pixels")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="look")(pixels)
    x = layers.Flatten()(x)
    logit = layers.Dense(1, name="logit")(x)
    model = keras.Model(pixels, end(logit) if end else logit)
    look = np.zeros((3, 3, channels, 4), np.float32)
    look[1, 1] = 1
    weights = np.full((side, side, 4), 0.02, np.float32)
    weights[: side // 2] *= -1
    model.get_layer("look").set_weights([look, np.zeros(4, np.float32)])
    model.get_layer("logit").set_weights([weights.reshape(-1, 1), np.full(1, -1.5, np.float32)])
    return model


def write_crops(path: Path, bright: int = 90) -> Path:
    """Crops whose smile is a bright lower half."""
    rng = np.random.default_rng(1)
    smiles = np.arange(N) % 2 == 1
    images = rng.integers(80, 100, (N, kept(FACE).size, kept(FACE).size)).astype(np.uint8)
    images[smiles, images.shape[1] // 2 :] += np.uint8(bright)
    origin = Origin("smile", "drawn", "CC0", FACE.name, ("no smile", "smile"))
    names = np.array([str(i) for i in range(N)])
    folds = np.full(N, -1, np.int8)
    Crops(origin, images, smiles.astype(np.int8), folds, names).save(path)
    return path


def write_graph(path: Path, function: Any) -> Path:
    """A frozen graph of a function, as TensorFlow 1 wrote them."""
    path.write_bytes(function.graph.as_graph_def().SerializeToString())
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One network as each kind of source, and crops."""
    from convert.sources import of_keras

    folder = tmp_path_factory.mktemp("convert")
    model = network()
    model.save(folder / "model.keras")
    model.save(folder / "model.h5")
    model.export(folder / "saved", format="tf_saved_model", verbose=False)
    write_graph(folder / "graph.pb", of_keras(model))
    write_crops(folder / "crops.npz")
    return folder


@pytest.fixture
def convert(folder: Path, tmp_path: Path) -> Callable[..., int]:
    """The command on the crops, into `out.tflite` and `told.json`."""

    def run(model: Path, *more: str) -> int:
        asked = ["convert", str(model), "--task", "smile", "--calibrate", str(folder / "crops.npz")]
        asked += ["--out", str(tmp_path / "out.tflite"), "--json", str(tmp_path / "told.json")]
        return main([*asked, *more])

    return run


def crops_of(folder: Path) -> Any:
    return load(folder / "crops.npz", replace(FACE, size=SIDE), ("no smile", "smile"), None).images


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_becomes_the_file_that_the_device_reads(
    convert: Callable[..., int], folder: Path, tmp_path: Path, name: str
) -> None:
    assert convert(folder / name) == 0
    reader = SmileReader(tmp_path / "out.tflite")
    said = reader.description
    assert (said.task, said.crop, said.crop_size) == ("smile", FACE.name, SIDE)
    assert said.sources == (Source("drawn", "CC0", N),)
    assert (said.input.dtype, said.input.zero_point) == ("int8", -128)
    assert report(tmp_path / "out.tflite")["float_operators"] == ""
    told = [reader(face) > 0.5 for face in crops_of(folder)]
    assert told == [bool(i % 2) for i in range(N)]
    assert {path.name for path in tmp_path.iterdir()} == {"out.tflite", "told.json"}


@pytest.mark.parametrize(
    ("target", "taken", "types"),
    [
        ("int8", "int8", {"int8"}),
        ("float32", "float32", {"float32"}),
        ("float16", "float32", {"float32"}),
        ("dynamic", "float32", {"float32", "float32, weights int8"}),
    ],
)
def test_every_target_is_what_its_name_says(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    target: str,
    taken: str,
    types: set[str],
) -> None:
    assert convert(folder / "model.keras", "--to", target) == 0
    told = report(tmp_path / "out.tflite")
    assert told["inputs"][0]["dtype"] == told["description"]["input"]["dtype"] == taken
    assert {row["types"] for row in told["operators"]} == types
    columns = {c["name"]: c for c in json.loads((tmp_path / "told.json").read_text())["columns"]}
    assert set(columns) == {"source", "float32", target}
    if target != "float32":
        assert columns[target]["bytes"] < columns["float32"]["bytes"]


def test_the_comparison_tells_what_the_networks_themselves_answer(
    convert: Callable[..., int], folder: Path, tmp_path: Path
) -> None:
    import keras

    assert convert(folder / "model.keras") == 0
    told = json.loads((tmp_path / "told.json").read_text())
    source, float32, int8 = told["columns"]
    faces = crops_of(folder)
    model = keras.models.load_model(folder / "model.keras")
    exact = model.predict(faces[..., None] / np.float32(255), verbose=0)[:, 0]
    reader = SmileReader(tmp_path / "out.tflite")
    given = np.array([reader.logit(face) for face in faces])
    assert int8["largest_difference"] == pytest.approx(np.abs(given - exact).max(), rel=1e-3)
    assert float32["largest_difference"] < 1e-4 < int8["largest_difference"]
    assert told["source_range"] == pytest.approx([exact.min(), exact.max()], rel=1e-4)
    assert (told["n"], told["test"]["n"], told["labelled"], told["passed"]) == (N, N, True, True)
    assert [column["accuracy"] for column in told["columns"]] == [1, 1, 1]
    assert int8["multiply_accumulates"] == SIDE**2 * 9 * 4 + SIDE**2 * 4
    assert int8["bytes"] == (tmp_path / "out.tflite").stat().st_size
    assert all(column["run_ms"] > 0 for column in told["columns"])
    assert source["bytes"] == (folder / "model.keras").stat().st_size


def coarse(folder: Path, path: Path) -> Path:
    """A network whose two huge weights cancel each other out, and take all the room of int8."""
    import keras

    model = keras.models.load_model(folder / "model.keras")
    flat, bias = model.get_layer("logit").get_weights()
    flat[0], flat[1] = 3000, -3000  # of the same pixel
    model.get_layer("logit").set_weights([flat, bias])
    model.save(path)
    return path


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "points of accuracy lost over 80 items, the bound is 0.5 (--bound)"),
        (("--bound", "3.5"), "the bound is 3.5"),
        (("--labels", "calm,merry"), "points of decisions changed over 80 items"),
    ],
)
def test_a_file_that_answers_worse_than_the_bound_is_not_written(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    said: str,
) -> None:
    (tmp_path / "out.tflite").write_text("as it was")
    assert convert(coarse(folder, tmp_path / "coarse.keras"), *more) == 1
    out, err = capsys.readouterr()
    assert "same decision" in out
    assert err.splitlines()[-1].startswith(f"lipwire: {tmp_path / 'out.tflite'}: not written: ")
    assert said in err
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["passed"], told["loss"] > 3.5) == (False, True)
    assert (tmp_path / "out.tflite").read_text() == "as it was"
    assert not list(tmp_path.glob("*.part"))


def test_a_bound_that_allows_it_lets_the_file_through(
    convert: Callable[..., int], folder: Path, tmp_path: Path
) -> None:
    assert convert(coarse(folder, tmp_path / "coarse.keras"), "--bound", "100") == 0
    SmileReader(tmp_path / "out.tflite")


def refusal(run: Callable[[], int], capsys: pytest.CaptureFixture[str], status: int = 2) -> str:
    """The one line with which the command ends."""
    assert run() == status
    err = capsys.readouterr().err
    assert "Traceback" not in err
    last = err.splitlines()[-1]
    assert last.startswith("lipwire: ")
    return last


def test_operators_that_stay_float_are_named_and_can_be_allowed(
    convert: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from keras import layers

    path = tmp_path / "elu.keras"
    network(lambda logit: layers.Dense(1, name="last")(layers.ELU()(logit))).save(path)
    line = refusal(lambda: convert(path), capsys, 1)
    assert line.endswith("left in float, having no int8 form: ELU; go on with --allow-float")
    assert not (tmp_path / "out.tflite").exists()
    assert convert(path, "--allow-float", "--bound", "100") == 0
    assert json.loads((tmp_path / "told.json").read_text())["float_operators"] == "ELU"
    assert report(tmp_path / "out.tflite")["float_operators"] == "ELU"


def test_an_input_that_is_not_pixels_less_128_is_refused(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import keras
    import tensorflow as tf

    from convert.sources import of_keras

    inner = of_keras(keras.models.load_model(folder / "model.keras"))

    @tf.function
    def wide(pixels: Any) -> Any:
        return inner(tf.quantization.fake_quant_with_min_max_args(pixels, -1.0, 1.0))

    shape = tf.TensorSpec((1, SIDE, SIDE, 1), tf.float32)
    path = write_graph(tmp_path / "wide.pb", wide.get_concrete_function(shape))
    line = refusal(lambda: convert(path), capsys, 1)
    assert "input quantised by 0.0078" in line
    assert "not pixels less 128" in line
    assert not (tmp_path / "out.tflite").exists()


def test_a_model_that_takes_0_to_255_is_told_so(
    convert: Callable[..., int], folder: Path, tmp_path: Path
) -> None:
    import keras

    pixels = keras.Input((SIDE, SIDE, 1))
    inner = keras.models.load_model(folder / "model.keras")
    path = tmp_path / "whole.keras"
    keras.Model(pixels, inner(keras.layers.Rescaling(1 / 255)(pixels))).save(path)
    assert convert(path, "--white", "255") == 0
    reader = SmileReader(tmp_path / "out.tflite")
    assert reader.description.input.scale == pytest.approx(1, rel=1e-3)
    assert [reader(face) > 0.5 for face in crops_of(folder)] == [bool(i % 2) for i in range(N)]


def test_a_last_sigmoid_is_taken_off_whatever_the_source(
    convert: Callable[..., int], folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import keras

    caplog.set_level("INFO")
    model = network(keras.layers.Activation("sigmoid"))
    model.save(tmp_path / "sure.keras")
    model.export(tmp_path / "sure", format="tf_saved_model", verbose=False)
    ends = [keras.layers.Activation("sigmoid"), keras.layers.Reshape((1,))]
    network(keras.Sequential(ends)).save(tmp_path / "shaped.keras")
    assert convert(folder / "model.keras") == 0
    usual = json.loads((tmp_path / "told.json").read_text())["source_range"]
    for name in ("sure.keras", "sure", "shaped.keras"):
        caplog.clear()
        assert convert(tmp_path / name) == 0
        assert "sigmoid taken off the end" in caplog.text
        told = json.loads((tmp_path / "told.json").read_text())
        assert told["source_range"] == pytest.approx(usual, rel=1e-4)
        names = [row["name"] for row in report(tmp_path / "out.tflite")["operators"]]
        assert "LOGISTIC" not in names


def test_a_description_beside_the_source_is_taken_over(
    convert: Callable[..., int], folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / "model.keras", tmp_path / "mine.keras")
    assert (
        convert(tmp_path / "mine.keras", "--temperature", "2.5", "--thresholds", "0.8", "0.3") == 0
    )
    first = read(tmp_path / "out.tflite")
    assert (first.temperature, first.on_threshold, first.off_threshold) == (2.5, 0.8, 0.3)
    shutil.copy(tmp_path / "out.tflite", tmp_path / "mine.tflite")
    assert convert(tmp_path / "mine.keras", "--to", "float32") == 0
    second = read(tmp_path / "out.tflite")
    assert (second.temperature, second.on_threshold, second.off_threshold) == (2.5, 0.8, 0.3)
    assert second.input.dtype == "float32"


def test_figures_of_another_file_are_not_taken_over(
    convert: Callable[..., int], folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / "model.keras", tmp_path / "mine.keras")
    beside = shutil.copy(shipped("smile"), tmp_path / "mine.tflite")
    said = replace(read(beside), crop_size=SIDE)
    assert said.metrics
    embed(beside, said)
    assert convert(tmp_path / "mine.keras") == 0
    taken = read(tmp_path / "out.tflite")
    assert (taken.temperature, taken.sources) == (said.temperature, said.sources)
    assert taken.metrics == ()


def test_saved_models_with_several_outputs_need_a_name(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import tensorflow as tf

    loaded = tf.saved_model.load(folder / "saved")

    class Two(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            self.inner = loaded

        @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32)])
        def serve(self, x: Any) -> Any:
            logit = tf.reshape(self.inner.serve(x), (-1, 1))
            return {"zero": 0 * logit, "answer": logit}

    two = Two()
    tf.saved_model.save(two, tmp_path / "two", signatures={"serving_default": two.serve})
    line = refusal(lambda: convert(tmp_path / "two"), capsys)
    assert line.endswith("name its output (--outputs): answer, zero")
    assert convert(tmp_path / "two", "--outputs", "answer") == 0
    assert json.loads((tmp_path / "told.json").read_text())["columns"][2]["accuracy"] == 1


def test_saved_models_and_graphs_of_tensorflow_1_are_read(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        pixels = v1.placeholder(tf.float32, (None, SIDE, SIDE, 1), name="pixels")
        weights = np.full((SIDE, SIDE), 0.05, np.float32)
        weights[: SIDE // 2] *= -1
        kept_weights = v1.get_variable("w", initializer=weights.reshape(-1, 1), use_resource=False)
        logit = tf.subtract(
            tf.matmul(tf.reshape(pixels, (-1, SIDE**2)), kept_weights), 1.0, "logit"
        )
        tf.identity(logit, "copy")
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(
            session, str(tmp_path / "old"), {"seen": pixels}, {"said": logit}
        )
        (tmp_path / "loose.pb").write_bytes(session.graph_def.SerializeToString())
        frozen = v1.graph_util.convert_variables_to_constants(
            session, session.graph_def, ["logit", "copy"]
        )
    (tmp_path / "old.pb").write_bytes(frozen.SerializeToString())
    assert convert(tmp_path / "old") == 0
    assert convert(tmp_path / "old.pb", "--outputs", "logit") == 0
    assert convert(tmp_path / "old.pb", "--inputs", "pixels:0", "--outputs", "copy:0") == 0
    capsys.readouterr()
    line = refusal(lambda: convert(tmp_path / "old.pb", "--outputs", "none"), capsys)
    assert line.endswith("has no 'none'")
    line = refusal(lambda: convert(tmp_path / "loose.pb"), capsys)
    assert line.endswith("not frozen: 1 variables, such as w")


@pytest.mark.parametrize("name", ["code.keras", "code.h5"])
def test_code_in_a_file_is_never_run(
    convert: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    import keras

    monkeypatch.chdir(tmp_path)
    harm = keras.layers.Lambda(lambda x: (__import__("pathlib").Path("proof").touch(), x)[1])
    network(harm).save(name)
    Path("proof").unlink()  # it was run when it was built
    line = refusal(lambda: convert(Path(name)), capsys)
    assert "holds a Lambda layer, whose code is never run from a file" in line
    assert not Path("proof").exists()


def own_layer() -> Any:
    import keras

    class Mine(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return 2 * x

    return network(Mine())


def sized(side: int, channels: int = 1) -> Callable[[], Any]:
    return lambda: network(side=side, channels=channels)


def two_logits() -> Any:
    import keras

    return network(keras.layers.Dense(2))


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("own.keras", own_layer, "holds what this Keras does not know, Mine"),
        ("own.h5", own_layer, "holds what this Keras does not know, Mine"),
        ("colour.keras", sized(16, 3), "takes any x 16 x 16 x 3, not grey square crops"),
        ("small.keras", sized(8), "takes any x 8 x 8 x 1, not grey square crops"),
        ("two.keras", two_logits, "gives 2 numbers, which do not tell no smile, smile apart"),
    ],
)
def test_networks_that_do_not_fit_are_refused(
    convert: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    make: Callable[[], Any],
    said: str,
) -> None:
    make().save(tmp_path / name)
    line = refusal(lambda: convert(tmp_path / name), capsys)
    assert line.startswith(f"lipwire: {tmp_path / name}: {said}")
    assert not (tmp_path / "out.tflite").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.onnx", b"x", "not a kind of model that is known"),
        ("missing.keras", None, "no such file or folder"),
        ("model.keras", b"not a zip", "damaged, or not a Keras model"),
        ("model.h5", b"not HDF5", "damaged, or not a Keras model"),
        ("model.pb", b"hello, I am no graph", "not a TensorFlow graph"),
        ("empty.pb", b"", "not a TensorFlow graph, or an empty one"),
        ("saved_model.pb", b"x", "part of a SavedModel; give its folder"),
    ],
)
def test_files_that_hold_no_network_are_refused(
    convert: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes | None,
    said: str,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    line = refusal(lambda: convert(tmp_path / name), capsys)
    assert line.startswith(f"lipwire: {tmp_path / name}: {said}")


def test_damaged_folders_and_truncated_files_are_refused(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    assert "no saved_model.pb in it" in refusal(lambda: convert(tmp_path / "empty"), capsys)
    broken = tmp_path / "broken"
    shutil.copytree(folder / "saved", broken)
    for part in (broken / "variables").iterdir():
        part.write_bytes(part.read_bytes()[:40])
    assert f"{broken}: cannot be loaded: " in refusal(lambda: convert(broken), capsys)
    for name in ("model.keras", "model.h5", "graph.pb"):
        content = (folder / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        line = refusal(lambda name=name: convert(tmp_path / name), capsys)
        assert f"{tmp_path / name}: " in line


def test_where_nothing_can_be_written_no_work_is_begun(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("out.tflite.part", "out.tflite"):
        (tmp_path / name).mkdir()
        line = refusal(lambda: convert(folder / "model.keras"), capsys)
        assert line.endswith("out.tflite: cannot be written: Is a directory")
        assert not (tmp_path / "told.json").exists()
        (tmp_path / name).rmdir()


def test_a_file_never_takes_the_place_of_what_it_is_made_from(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = Path(shutil.copy(folder / "model.keras", tmp_path))
    crops = Path(shutil.copy(folder / "crops.npz", tmp_path))
    for out in (model, crops):
        before = out.read_bytes()
        more = ("--calibrate", str(crops), "--out", str(out))
        line = refusal(lambda more=more: convert(model, *more), capsys)
        assert line.endswith("is what it would be made from; give another name")
        assert out.read_bytes() == before


def test_a_full_disk_leaves_the_old_file_and_says_so(
    convert: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name.endswith("out.tflite.part") and content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    (tmp_path / "out.tflite").write_text("as it was")
    monkeypatch.setattr(Path, "write_bytes", full)
    line = refusal(lambda: convert(folder / "model.keras"), capsys, 1)
    assert line.endswith("out.tflite: cannot be written: No space left on device")
    assert (tmp_path / "out.tflite").read_text() == "as it was"
    assert not list(tmp_path.glob("*.part"))


def test_the_command_keeps_tensorflows_chatter_to_itself(lipwire: Lipwire, folder: Path) -> None:
    asked = ["convert", folder / "saved", "--task", "smile", "--out", "new/out.tflite"]
    result = lipwire(*asked, "--calibrate", folder / "crops.npz")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0].split() == ["source", "float32", "int8"]
    assert "int8 against its source: accuracy +0.00 points" in result.stdout
    SmileReader(lipwire.home / "new/out.tflite")


def test_the_cost_of_every_kind_of_product_is_counted(tmp_path: Path) -> None:
    import keras
    from keras import layers

    from convert.sources import of_keras
    from convert.targets import tflite

    def cost(shape: tuple[int, ...], *parts: Any) -> int:
        x = pixels = keras.Input(shape)
        for part in parts:
            x = part(x)
        path = tmp_path / "part.tflite"
        path.write_bytes(tflite(of_keras(keras.Model(pixels, x)), "float32"))
        return multiply_accumulates(path)

    picture = (16, 16, 4)
    assert cost(picture, layers.Conv2D(8, 3, strides=2, padding="same")) == 8 * 8 * 8 * 3 * 3 * 4
    assert cost(picture, layers.Conv2D(8, 3, groups=2)) == 14 * 14 * 8 * 3 * 3 * 2
    assert cost(picture, layers.DepthwiseConv2D(3, depth_multiplier=2)) == 14 * 14 * 8 * 3 * 3
    assert cost(picture, layers.Conv2DTranspose(3, 2, strides=2)) == 16 * 16 * 4 * 2 * 2 * 3
    assert cost((4, 8, 8, 1), layers.Conv3D(3, 3)) == 2 * 6 * 6 * 3 * 3 * 3 * 3
    up = layers.Conv3DTranspose(3, 2, strides=2)
    assert cost((4, 8, 8, 2), up) == 4 * 8 * 8 * 2 * 2 * 2 * 2 * 3
    assert cost((5, 7), layers.Dense(3)) == math.prod((5, 7, 3))
    assert cost((5, 7), lambda x: layers.Dot((2, 2))([x, x])) == 5 * 5 * 7
    assert cost(picture, layers.MaxPooling2D(), layers.ReLU(), layers.Flatten()) == 0
