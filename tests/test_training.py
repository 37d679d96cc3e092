"""Training and conversion with TensorFlow, on a problem that is quickly learned."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.description import read
from edge.errors import CheckFailed
from edge.read import SmileReader

pytestmark = [
    pytest.mark.training,
    # TensorFlow's own modules use what newer Pythons and numpys warn of.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

FOLDS = 4


def write_crops(path: Path, n: int, folded: bool) -> None:
    """Crops whose smile is a bright lower half: a stand-in that a model learns in seconds."""
    from training.prepare import Crops

    rng = np.random.default_rng(n)
    smiles = rng.random(n) < 0.5
    images = rng.integers(60, 120, (n, 96, 96)).astype(np.uint8)
    images[smiles, 52:70, 30:66] += 90
    folds = np.arange(n) % FOLDS if folded else np.full(n, -1)
    Crops(images, smiles, folds.astype(np.int8), np.array([str(i) for i in range(n)])).save(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the real command."""
    folder = tmp_path_factory.mktemp("training")
    write_crops(folder / "genki4k.npz", 400, folded=True)
    write_crops(folder / "smiles.npz", 300, folded=False)
    command = [sys.executable, "-m", "edge", "train", "smile", "--out", str(folder / "run")]
    command += [str(folder / "genki4k.npz"), str(folder / "smiles.npz"), "--epochs", "3"]
    subprocess.run(command, check=True, timeout=900)
    return folder / "run"


def test_a_run_has_a_file_for_each_fold_and_one_for_all(run: Path) -> None:
    assert {p.stem for p in run.glob("*.tflite")} == {"fold0", "fold1", "fold2", "fold3", "all"}
    settings = json.loads((run / "run.json").read_text())
    assert settings["recipe"]["epochs"] == 3
    assert [s["name"] for s in settings["sources"]] == ["genki4k", "smiles"]


def test_the_files_are_int8_described_and_read_by_the_device(run: Path) -> None:
    for path in run.glob("*.tflite"):
        description = read(path)
        assert (description.input.dtype, description.input.zero_point) == ("int8", -128)
        assert description.output.dtype == "int8"
        assert path.stat().st_size < 600_000
        SmileReader(path)


def test_the_files_have_learned_what_was_shown(run: Path) -> None:
    reader = SmileReader(run / "all.tflite")
    rng = np.random.default_rng(99)
    right = 0
    for i in range(60):
        image = rng.integers(60, 120, (64, 64)).astype(np.uint8)
        if i % 2:
            image[36:54, 14:50] += 90
        right += (reader(image) > 0.5) == bool(i % 2)
    assert right >= 57


def test_int8_answers_as_the_float_model_does(run: Path) -> None:
    import keras

    from training.smile import as_input

    model = keras.models.load_model(run / "all.keras")
    reader = SmileReader(run / "all.tflite")
    faces = np.random.default_rng(3).integers(0, 256, (40, 64, 64)).astype(np.uint8)
    exact = np.asarray(model(as_input(faces)))[:, 0]
    given = np.array([reader.logit(face) for face in faces])
    span = max(exact.max() - exact.min(), 1)
    assert np.abs(exact - given).max() < 0.15 * span


def test_a_finished_run_is_not_trained_again(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.glob("*.tflite")}
    (run / "fold2.tflite").unlink()
    command = [sys.executable, "-m", "edge", "train", "smile", "--out", str(run), "--epochs", "3"]
    command += [str(run.parent / "genki4k.npz"), str(run.parent / "smiles.npz")]
    done = subprocess.run(command, check=True, timeout=300, capture_output=True, text=True)
    assert "Epoch" not in done.stdout
    after = {path: path.stat().st_mtime_ns for path in run.glob("*.tflite")}
    assert after.keys() == before.keys()
    assert [p.stem for p in before if before[p] != after[p]] == ["fold2"]


def test_a_fold_learns_from_none_of_its_own_pictures(run: Path) -> None:
    from training.prepare import Crops
    from training.smile import Recipe, split

    crops = Crops.read(run.parent / "genki4k.npz")
    for fold in range(FOLDS):
        learn, check = split(crops, fold, Recipe())
        assert not set(crops.folds[learn]) & {fold}
        assert not set(crops.folds[check]) & {fold}
        assert not set(learn) & set(check)
    learn, check = split(crops, None, Recipe())
    assert set(learn) | set(check) == set(range(len(crops.images)))


def test_a_model_whose_input_is_not_pixels_less_128_is_refused(tmp_path: Path) -> None:
    import keras

    from convert.int8 import check_input, convert
    from edge.interpreter import Interpreter

    pixels = keras.Input((8, 8, 1))
    model = keras.Model(pixels, keras.layers.Dense(1)(keras.layers.Flatten()(pixels)))
    grey = np.full((4, 8, 8, 1), 0.5, np.float32)
    convert(model, grey, tmp_path / "good.tflite")
    with pytest.raises(CheckFailed, match="not pixels less 128"):
        convert(model, grey * 6, tmp_path / "bad.tflite")
    with pytest.raises(CheckFailed, match="not pixels less 128"):
        check_input(Interpreter(tmp_path / "bad.tflite"))
