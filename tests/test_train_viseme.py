"""`lipwire train viseme` with TensorFlow, on drawn mouths that are quickly learned."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.cli import main
from edge.description import read
from edge.inspect import report
from edge.read import TwoClassReader, VisemeReader
from edge.shapes import SHAPES
from tests import mouth_crops
from tests.test_train import losses
from training.crops import Crops
from training.evaluate.figures import auc
from training.train.augment import centre

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SHORT = ("--epochs", "4", "--pictures", "240", "--width", "50", "--frames", "6")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mouths")


@pytest.fixture(scope="module")
def crops(folder: Path) -> list[str]:
    return [str(path) for path in mouth_crops.write_sets(folder)]


def train(*arguments: object) -> int:
    return main(["train", "viseme", *map(str, arguments)])


@pytest.fixture(scope="module")
def run(folder: Path, crops: list[str]) -> Path:
    """A finished run of one fold, and of all but GRID."""
    path = folder / "run"
    assert train(*crops, "--out", path, *SHORT, "--parts", "fold1", "cross") == 0
    return path


@pytest.fixture(scope="module")
def open_run(folder: Path, crops: list[str]) -> Path:
    """A finished run of the classifier of open and closed mouths."""
    path = folder / "open"
    asked = ("--model", "viseme-tf", "--epochs", "2", "--parts", "fold1")
    assert train(*crops, "--out", path, *asked) == 0
    return path


def held(run: Path, part: str) -> dict[str, np.ndarray]:
    with np.load(run / part / "heldout.npz") as data:
        return dict(data)


def test_a_run_has_int8_files_that_the_device_reads(run: Path) -> None:
    assert {path.stem for path in run.glob("*.tflite")} == {"fold1", "cross"}
    for path in run.glob("*.tflite"):
        said = read(path)
        assert (said.labels, said.crop, said.crop_size) == (SHAPES, "aligned-mouth", 48)
        assert said.votes_s == (-0.08, -0.04, 0.0, 0.04, 0.08)
        assert 0 < said.off_threshold < 0.095 < said.on_threshold
        learned = [source.name for source in said.sources]
        assert learned == (["keypoints68"] if path.stem == "cross" else ["keypoints68", "grid"])
        ballot = VisemeReader(path)(np.full((48, 48), 128, np.uint8))
        assert ballot.votes.shape == (5, len(SHAPES))
    assert not list(run.glob("**/epoch-*.keras"))


def test_what_is_left_out_is_answered_by_both_forms_alike(run: Path) -> None:
    fold = held(run, "fold1")
    assert set(fold["sets"].tolist()) == {"keypoints68", "grid"}
    assert set(fold["people"][fold["sets"] == "grid"].tolist()) == {"clip1", "clip6"}
    measured = np.isfinite(fold["gaps"])
    assert (measured == (fold["sets"] == "keypoints68")).all()
    assert auc(fold["openings"][measured], fold["gaps"][measured] > 0.1) > 0.9
    exact = fold["float_answers"]
    assert np.abs(fold["openings"] - exact[:, 0] / 10).max() < 0.1
    assert fold["votes"].reshape(len(exact), -1) == pytest.approx(exact[:, 1:], abs=0.5)
    assert set(held(run, "cross")["sets"].tolist()) == {"grid"}


def test_the_page_and_the_sheet_show_shapes(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    for words in ("1 of 5 folds", "A clip over time", "told puckered", "opening, loss", "cross"):
        assert words in page
    assert "Grad-CAM" in page
    assert (run / "sheet.png").stat().st_size > 20_000
    assert json.loads((run / "config.json").read_text())["folds"] == [
        *("fold0", "fold1", "fold2", "fold3", "fold4")
    ]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "edge", "train", "viseme", *map(str, arguments)]


def test_a_killed_training_goes_on_as_if_nothing_had_been(
    run: Path, crops: list[str], tmp_path: Path
) -> None:
    options = [*crops, *SHORT, "--parts", "fold1", "--out", tmp_path / "cut"]
    with subprocess.Popen(command(*options), stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 240
        while not list(tmp_path.glob("cut/fold1/epoch-*.keras")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "cut" / "fold1.keras").exists()
    done = subprocess.run(command(*options), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "fold1: going on after epoch" in done.stderr
    assert losses(tmp_path / "cut", "fold1") == pytest.approx(losses(run, "fold1"), rel=2e-3)


def test_a_teacher_tells_openings_beside_what_was_measured(run: Path, crops: list[str]) -> None:
    from training.run import Run
    from training.train.pool import Pool
    from training.train.viseme import MouthShapes, openings
    from training.zoo import module

    pool = Pool([Crops.read(Path(path)) for path in crops])
    recipe = replace(module("viseme-small").recipe(), teacher=str(run), teacher_weight=0.75)
    MouthShapes().check(pool, recipe, ["fold1"])
    part = MouthShapes().part("fold1", Run(run), recipe, pool)
    told, fold = openings(part), held(run, "fold1")
    seen = fold["float_answers"][:, 0] / 10
    measured = np.isfinite(fold["gaps"])
    mixed = 0.25 * fold["gaps"] + 0.75 * seen
    assert told[part.heldout] == pytest.approx(np.where(measured, mixed, seen), abs=1e-5)
    plain = replace(part, recipe=replace(recipe, teacher=""))
    assert (openings(plain) == pool.gaps).all()


def test_clear_cases_alone_teach_open_from_closed(open_run: Path) -> None:
    said = read(open_run / "fold1.tflite")
    assert (said.task, said.labels, said.crop_size) == ("viseme", ("closed", "open"), 64)
    assert [source.name for source in said.sources] == ["keypoints68"]
    assert report(open_run / "fold1.tflite")["float_operators"] == ""
    fold = held(open_run, "fold1")
    assert ((fold["logits"] > 0) == (fold["labels"] == 1)).mean() > 0.9
    spread = np.ptp(fold["float_logits"])
    assert np.abs(fold["logits"] - fold["float_logits"]).max() < 0.1 * spread
    TwoClassReader(open_run / "fold1.tflite", "viseme")
    assert "told open" in (open_run / "report.html").read_text(encoding="utf-8")


def test_its_pictures_are_standardised_by_those_it_learned_from(open_run: Path) -> None:
    import keras

    model = keras.models.load_model(open_run / "fold1.keras")
    crops = mouth_crops.keypoints()
    kind = TwoClassReader(open_run / "fold1.tflite", "viseme").crop_kind
    pixels = centre(crops.images[crops.folds != 1], kind) / 255
    layer = model.get_layer("standardised")
    assert float(layer.mean.numpy().item()) == pytest.approx(pixels.mean(), abs=0.02)
    assert float(layer.variance.numpy().item()) == pytest.approx(pixels.var(), rel=0.2)


def test_own_labels_say_open_or_closed_and_a_gap_that_was_only_seen_does_not() -> None:
    from training.masks import CLOSED, OPEN, mask
    from training.train.open_mouths import OpenMouths
    from training.train.pool import Pool

    own = mouth_crops.labelled(5)
    shapes = np.array([CLOSED, OPEN, mask("narrow"), mask("puckered"), 0], np.uint8)
    own = replace(own, shapes=shapes)
    points = mouth_crops.keypoints(3)
    points = replace(points, gaps=np.array([0.04, 0.1, 0.15], np.float32))
    truth = OpenMouths().truth(Pool([own, points, mouth_crops.grid(1, 2)]))
    assert truth.tolist() == [0, 1, -1, -1, -1, 0, -1, 1, -1, -1]


def test_people_of_a_fold_are_not_learned_from_in_another_set(crops: list[str]) -> None:
    from training.run import Run
    from training.train.open_mouths import OpenMouths
    from training.train.pool import Pool
    from training.train.viseme import MouthShapes
    from training.zoo import module

    same = mouth_crops.labelled()
    smiles = replace(same, origin=replace(same.origin, dataset="smiles"))
    pool = Pool([mouth_crops.keypoints(), smiles])
    learned = {}
    for name in ("fold0", "all"):
        recipe = module("viseme-small").recipe()
        recipe = replace(recipe, validation_share=0.2)
        learned[name] = MouthShapes().part(name, Run(Path("run")), recipe, pool).learn
    assert not (pool.sets[learned["fold0"]] == 1).any()
    assert (pool.sets[learned["all"]] == 1).any()
    part = OpenMouths().part("fold0", Run(Path("run")), module("viseme-tf").recipe(), pool)
    assert not (pool.sets[part.learn] == 1).any()


def empty(crops: Crops) -> Crops:
    """Crops of which nothing is said."""
    unknown = np.zeros(len(crops), np.uint8)
    return replace(crops, shapes=unknown, gaps=np.full(len(crops), np.nan, np.float32))


SETS: dict[str, Callable[[], Crops]] = {
    "points": mouth_crops.keypoints,
    "clips": mouth_crops.grid,
    "own": mouth_crops.labelled,
    "smiles": mouth_crops.smiles,
    "nothing": lambda: empty(mouth_crops.labelled()),
}


@pytest.mark.parametrize(
    ("sets", "asked", "said"),
    [
        ("smiles", "", "crops of own are for smile"),
        ("points nothing", "", "labelled-pictures: nothing is said of any mouth"),
        ("own", "--points 0 --parts fold0", "no set among the crops has such a fold"),
        ("points", "--parts cross", "--parts cross: needs grid, and another set"),
        ("clips", "--points 0 --parts cross", "--parts cross: needs grid, and another set"),
        ("own", "", "the crops were prepared without points: use --points 0"),
        ("points", "--share genki4k=1", "--share genki4k: no such set among the crops"),
        ("points", "--batch 5", "viseme-small does not learn by --batch"),
        ("points", "--mixup 1 --set-bias", "does not learn by --set-bias, --mixup"),
        ("points", "--pictures 10", "--pictures must be at least 48, what a batch shows"),
        ("points", "--base vgg16", "viseme-small is not built with --base"),
        ("points", "--model smile-small", "smile-small is no model for viseme: viseme-small"),
        ("points", "--model viseme-tf --lips 2", "viseme-tf does not learn by --lips"),
        ("points", "--model viseme-tf --size 48", "viseme-tf is not built with --size"),
        ("points", "--model viseme-tf --points 1", "it has no layer 'features'"),
        ("points", "--model viseme-tf --share points=1", "--share needs --pictures"),
        ("clips", "--model viseme-tf", "no mouth that is clearly open or closed"),
        ("points clips", "--model viseme-tf --parts cross", "nothing is left out to look at"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(
    sets: str, asked: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = []
    for name in sets.split():
        paths.append(tmp_path / f"{name}.npz")
        SETS[name]().save(paths[-1])
    assert train(*paths, "--out", tmp_path / "run", *asked.split()) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("lipwire: ")
    assert said in line
    assert not (tmp_path / "run").exists()


def test_a_run_of_another_kind_and_a_teacher_that_tells_no_opening_are_refused(
    run: Path, open_run: Path, crops: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = (*crops, *SHORT, "--parts", "fold1", "--out")
    assert train(*asked, tmp_path / "a", "--teacher", open_run) == 2
    assert "viseme-tf tells something else" in capsys.readouterr().err
    assert train(*crops, *SHORT, "--parts", "fold2", "--out", tmp_path / "a", "--teacher", run) == 2
    assert "it has no fold2.keras" in capsys.readouterr().err
    smiles = tmp_path / "smiles.npz"
    mouth_crops.smiles().save(smiles)
    assert main(["train", "smile", str(smiles), "--points", "0", "--out", str(run)]) == 2
    assert "begun with task viseme, not smile" in capsys.readouterr().err
    assert main(["train", "smile", str(smiles), "--lips", "1", "--out", str(tmp_path / "a")]) == 2
    assert "smile-small does not learn by --lips" in capsys.readouterr().err
    assert main(["report", str(run), str(open_run), "--out", str(tmp_path / "a")]) == 2
    assert "no table compares them" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()
