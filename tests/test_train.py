"""`lipwire train` with TensorFlow, on a problem that is quickly learned."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.description import read
from edge.read import SmileReader
from training.crops import Crops, Origin
from training.prepare.mesh import POINTS
from training.train.augment import centre

pytestmark = [
    pytest.mark.training,
    # TensorFlow's own modules use what newer Pythons and numpys warn of.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

CLASSES = ("no smile", "smile")
FOLDS = ("fold0", "fold1", "fold2", "fold3")  # of the set that has folds
SHORT = ("--epochs", "3", "--pictures", "960", "--points", "0")


def write_crops(path: Path, n: int, folded: bool, labels: Sequence[int] = (0, 1)) -> Path:
    """Crops whose smile is a bright lower half: a stand-in that a model learns in seconds."""
    rng = np.random.default_rng(n)
    smiles = rng.choice(labels, n).astype(np.int8)
    images = rng.integers(60, 120, (n, 192, 192)).astype(np.uint8)
    images[smiles == 1, 104:140, 60:132] += 90
    folds = np.arange(n) % len(FOLDS) if folded else np.full(n, -1)
    origin = Origin("smile", path.stem, "drawn", "aligned-face", CLASSES)
    files = np.array([f"{number}.png" for number in range(n)])
    Crops(origin, images, smiles, folds.astype(np.int8), files).save(path)
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "edge", "train", "smile", *map(str, arguments)]


def train(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the real command to its end."""
    return subprocess.run(
        command(*arguments), check=False, timeout=600, capture_output=True, text=True
    )


def refused(*arguments: object) -> str:
    """The one line with which the command ends."""
    done = train(*arguments)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("lipwire: ")]
    assert len(lines) == 1
    assert "Traceback" not in done.stderr
    return lines[0]


def losses(run: Path, part: str) -> list[float]:
    with (run / part / "history.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def scalars(folder: Path) -> dict[str, list[float]]:
    """What TensorBoard itself reads from its logs."""
    from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
        EventAccumulator,
    )
    from tensorboard.util.tensor_util import make_ndarray  # type: ignore[import-untyped]

    events = EventAccumulator(str(folder))
    events.Reload()
    return {
        name: [float(make_ndarray(each.tensor_proto)) for each in events.Tensors(name)]
        for name in events.Tags()["tensors"]
    }


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("crops")
    return [
        write_crops(folder / "genki4k.npz", 400, folded=True),
        write_crops(folder / "smiles.npz", 300, folded=False),
    ]


@pytest.fixture(scope="module")
def run(crops: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the real command."""
    folder = tmp_path_factory.mktemp("training") / "run"
    done = train(*crops, "--out", folder, *SHORT, "--parts", *FOLDS, "all", "cross")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_run_has_a_model_for_each_fold_one_for_all_and_one_without_the_set(run: Path) -> None:
    parts = {*FOLDS, "all", "cross"}
    assert {path.stem for path in run.glob("*.tflite")} == parts
    assert {path.stem for path in run.glob("*.keras")} == parts
    config = json.loads((run / "config.json").read_text())
    assert config["recipe"]["phases"][0]["epochs"] == 3
    assert [source["dataset"] for source in config["sources"]] == ["genki4k", "smiles"]
    assert (run / "sheet.png").stat().st_size > 10_000
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "<span>folds, int8</span>" in page
    assert "of 5 folds" not in page
    assert [len(losses(run, part)) for part in sorted(parts)] == [3] * len(parts)
    assert not list(run.glob("**/epoch-*.keras"))


def test_the_files_are_int8_described_and_read_by_the_device(run: Path) -> None:
    for path in run.glob("*.tflite"):
        description = read(path)
        assert (description.input.dtype, description.input.zero_point) == ("int8", -128)
        assert description.output.dtype == "int8"
        assert path.stat().st_size < 600_000
        learned = [source.name for source in description.sources]
        assert learned == (["smiles"] if path.stem == "cross" else ["genki4k", "smiles"])
        SmileReader(path)


def test_the_files_have_learned_what_was_shown(run: Path) -> None:
    reader = SmileReader(run / "all.tflite")
    rng = np.random.default_rng(99)
    right = 0
    for i in range(60):
        image = rng.integers(60, 120, (192, 192)).astype(np.uint8)
        if i % 2:
            image[104:140, 60:132] += 90
        right += (reader(centre(image, reader.crop_kind)) > 0.5) == bool(i % 2)
    assert right >= 57


def test_what_is_held_out_is_answered_by_both_forms_alike(run: Path) -> None:
    files = set()
    for part in FOLDS:
        with np.load(run / part / "heldout.npz") as data:
            files |= set(data["files"].tolist())
            logits, exact = data["logits"], data["float_logits"]
            right = (logits > 0) == (data["labels"] == 1)
        assert right.mean() > 0.9
        assert np.abs(logits - exact).max() < 0.15 * (exact.max() - exact.min())
    assert len(files) == 400
    with np.load(run / "cross" / "heldout.npz") as data:
        assert len(data["labels"]) == 400


def test_a_finished_run_is_not_trained_again(run: Path, crops: list[Path]) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.glob("*.tflite")}
    (run / "fold2.tflite").unlink()
    done = train(*crops, "--out", run, *SHORT)
    assert done.returncode == 0, done.stderr
    assert "epoch" not in done.stderr
    after = {path: path.stat().st_mtime_ns for path in run.glob("*.tflite")}
    assert after.keys() == before.keys()
    assert [path.stem for path in before if before[path] != after[path]] == ["fold2"]


def test_a_run_begun_with_something_else_is_refused(run: Path, crops: list[Path]) -> None:
    other = refused(*crops, "--out", run, *SHORT, "--seed", 7)
    assert "begun with recipe.seed 1, not 7; choose another --out" in other
    fewer = refused(crops[0], "--out", run, *SHORT)
    assert "begun with sources.1" in fewer
    unet = refused(*crops, "--out", run, *SHORT, "--model", "smile-unet")
    assert "begun with recipe.model smile-small, not smile-unet" in unet


def test_a_killed_training_goes_on_as_if_nothing_had_been(
    crops: list[Path], tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    options = [*crops, *SHORT, "--parts", "fold1", "--out"]
    assert train(*options, whole).returncode == 0
    with subprocess.Popen(command(*options, cut), stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 240
        while not (cut / "fold1" / "epoch-001.keras").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert not (cut / "fold1.keras").exists()
    done = train(*options, cut)
    assert done.returncode == 0, done.stderr
    assert "fold1: going on after epoch" in done.stderr
    assert losses(cut, "fold1") == pytest.approx(losses(whole, "fold1"), rel=2e-3)


def test_a_damaged_checkpoint_is_named(crops: list[Path], tmp_path: Path) -> None:
    (tmp_path / "run" / "fold0").mkdir(parents=True)
    checkpoint = tmp_path / "run" / "fold0" / "epoch-002.keras"
    checkpoint.write_bytes(b"PK\x03\x04 no model")
    said = refused(*crops, *SHORT, "--out", tmp_path / "run")
    assert f"{checkpoint}: damaged checkpoint" in said


def test_crops_that_cannot_teach_are_refused(crops: list[Path], tmp_path: Path) -> None:
    out = ("--points", "0", "--out", tmp_path / "run")
    empty = write_crops(tmp_path / "own.npz", 40, folded=False, labels=(0,))
    assert "own: no picture of class 'smile'" in refused(crops[0], empty, *out)
    assert "needs a set with folds and one without" in refused(crops[0], *out, "--parts", "cross")
    said = refused(crops[1], *out, "--parts", "fold0")
    assert "no set among the crops has such a fold" in said
    assert "no such file" in refused(tmp_path / "missing.npz", *out)
    broken = tmp_path / "broken.npz"
    broken.write_bytes(crops[0].read_bytes()[:5000])
    assert "not crops of lipwire prepare" in refused(broken, *out)
    other = "--share fer2013: no such set among the crops (genki4k, smiles)"
    assert other in refused(*crops, *out, "--share", "fer2013=1")
    taught = Crops.read(crops[0])
    points = np.zeros((len(taught), POINTS, 2), np.float16)
    replace(taught, points=points).save(tmp_path / "taught.npz")
    mouths = Crops.read(crops[0])
    mouths = replace(mouths, origin=replace(mouths.origin, kind="aligned-mouth"))
    mouths.save(tmp_path / "mouths.npz")
    assert "are cut as aligned-mouth" in refused(tmp_path / "mouths.npz", *out)
    unet = ("--model", "smile-unet", "--points", "1")
    assert "cannot be taught points" in refused(tmp_path / "taught.npz", *out, *unet)
    assert "smile-small is not built with --base" in refused(*crops, *out, "--base", "vgg16")
    assert not (tmp_path / "run").exists()


def test_a_student_learns_from_another_run(run: Path, crops: list[Path], tmp_path: Path) -> None:
    student = tmp_path / "student"
    asked = (*crops, *SHORT, "--parts", "fold0")
    refusal = refused(*asked, "--out", tmp_path / "orphan", "--teacher", tmp_path)
    assert "has no fold0.keras" in refusal
    done = train(*asked, "--out", student, "--teacher", run, "--tensorboard")
    assert done.returncode == 0, done.stderr
    assert scalars(student / "fold0" / "tensorboard")["loss"] == pytest.approx(
        losses(student, "fold0")
    )
    with np.load(student / "fold0" / "heldout.npz") as data:
        assert ((data["logits"] > 0) == (data["labels"] == 1)).mean() > 0.9
