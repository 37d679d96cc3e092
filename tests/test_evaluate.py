"""`lipwire evaluate smile`: from pictures to figures."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge import models
from edge.cameras.demo import DemoCamera
from edge.crop import FACE, MOUTH, crop
from edge.description import embed, read
from edge.detectors.blazeface import BlazeFace
from edge.errors import MissingExtraError, ModelError, SettingsError, SourceError
from tests.command import Lipwire
from tests.conftest import complaint
from tests.runs import write_model, write_run
from tests.sets import drawn, write_genki, write_picture
from training.evaluate import smile as evaluating
from training.evaluate.figures import Values
from training.evaluate.readers import Faces, Reader, load_reader
from training.evaluate.slices import (
    CHANGES,
    Change,
    by_cheeks,
    by_pose,
    cheek_brightness,
    pose_of_points,
)
from training.evaluate.smile import Extras, evaluate, evaluate_cross, evaluate_folds, table
from training.faces import main_face

N = 8  # of the drawn set; the fourth has no face, the sixth is no picture: both do not smile


@pytest.fixture
def genki(tmp_path: Path) -> Path:
    return write_genki(tmp_path / "genki", N)


def change(slice_: str, value: str) -> Change:
    return next(c for c in CHANGES if (c.slice, c.value) == (slice_, value))


def answering(logit: float, kind: int = FACE.size) -> Reader:
    """A reader that always gives the same answer."""

    def logits(faces: Faces) -> Values:
        assert faces.shape[1:] == (kind, kind)
        return np.full(len(faces), logit)

    return Reader(Path("fake"), replace(FACE, size=kind), 1.0, {}, logits)


def test_undetected_faces_count_as_wrong(genki: Path, detector: BlazeFace) -> None:
    figures = evaluate("genki4k", genki, models.shipped("smile"), detector)
    assert (figures["n"], figures["undetected"]) == (N, 2)
    assert figures["accuracy"] == 0.75
    assert figures["balanced_accuracy"] == 0.75
    assert figures["auc"] == 1.0
    low, high = figures["interval"]
    assert low < 0.75 < high
    assert sum(part["n"] for part in figures["reliability"]) == N - 2


def test_a_file_scored_on_what_it_learned_from_says_so(
    genki: Path, detector: BlazeFace, tmp_path: Path
) -> None:
    assert evaluate("genki4k", genki, models.shipped("smile"), detector)["trained_on"] is True
    other = write_model(tmp_path / "other.tflite", ("smiles",))
    assert evaluate("genki4k", genki, other, detector)["trained_on"] is False


def test_only_a_part_that_was_left_out_is_no_data_it_learned_from(
    tmp_path: Path, detector: BlazeFace
) -> None:
    root, demo = tmp_path / "own", DemoCamera(320, 240, 15)
    for number in range(20):
        path = root / ("smile" if number % 2 else "other") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), demo.draw(3.0 if number % 2 else 1.0))
    file = write_model(tmp_path / "own.tflite", ("labelled-pictures",))

    def figures(only: str) -> dict[str, Any]:
        return evaluate("labelled-pictures", root, file, detector, Extras(only=only))

    assert (figures("test")["n"], figures("test")["trained_on"]) == (4, True)
    (source,) = read(file).sources
    embed(file, replace(read(file), sources=(replace(source, left_out="test"),)))
    assert (figures("test")["n"], figures("test")["trained_on"]) == (4, False)
    assert (figures("")["n"], figures("")["trained_on"]) == (20, True)
    assert figures("train")["trained_on"] is True
    said = complaint(lambda: figures("validation"), SettingsError)
    assert said == "labelled-pictures has no part 'validation'; it has ['test', 'train']"


def test_each_fold_is_scored_by_its_own_file(
    genki: Path, detector: BlazeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"fold0": 1.0, "fold1": 1.0, "fold2": 1.0, "fold3": -1.0}
    monkeypatch.setattr(evaluating, "load_reader", lambda path: answering(told[path.stem]))
    figures = evaluate_folds("genki4k", genki, Path("run"), detector)
    # Files 4 and 8 are of fold 0: one without a face, and one that does not smile.
    assert figures["per_fold"] == [0.0, 1.0, 0.0, 0.0]
    assert figures["accuracy"] == 0.25
    assert (figures["protocol"], figures["trained_on"]) == ("folds", False)


def test_a_run_that_learned_nothing_of_the_set_is_scored_on_all_of_it(
    genki: Path, detector: BlazeFace, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run")
    figures = evaluate_cross("genki4k", genki, run, detector)
    assert (figures["protocol"], figures["n"], figures["trained_on"]) == ("cross", N, False)
    write_model(run / "cross.tflite", ("smiles", "genki4k"))
    line = complaint(lambda: evaluate_cross("genki4k", genki, run, detector), SettingsError)
    assert "learned from genki4k" in line


def test_runs_that_cannot_be_scored_are_refused(
    genki: Path, detector: BlazeFace, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", ("fold0", "fold1", "fold2"))
    line = complaint(lambda: evaluate_folds("genki4k", genki, run, detector), ModelError)
    assert "fold3.tflite" in line
    faces = tmp_path / "smiles"
    for place in ("positives/positives7/a.jpg", "negatives/negatives7/b.jpg"):
        write_picture(faces / place)
    line = complaint(lambda: evaluate_folds("smiles", faces, run, detector), SettingsError)
    assert "no folds" in line
    line = complaint(
        lambda: evaluate("kaggle-keypoints", genki, run / "fold0.tflite", detector), SourceError
    )
    assert "no labels for smile" in line


def test_a_set_without_any_face_is_no_test(
    genki: Path, detector: BlazeFace, tmp_path: Path
) -> None:
    for path in (genki / "files").iterdir():
        shutil.copy(genki / "files/file0004.jpg", path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
    shipped = models.shipped("smile")
    line = complaint(lambda: evaluate("genki4k", genki, shipped, detector), SourceError)
    assert "no face found in any of 8" in line


def test_slices_say_how_many_and_how_sure(genki: Path, detector: BlazeFace) -> None:
    shipped = models.shipped("smile")
    figures = evaluate("genki4k", genki, shipped, detector, Extras(slices=True))
    rows = {(row["slice"], row["value"]): row for row in figures["slices"]}
    # The set's own labels: yaw 0.1, pitch -0.2, roll 0.3 radians of every picture.
    assert rows["yaw", "5-10"]["n"] == N
    assert rows["pitch", "10-20"]["undetected"] == 2
    assert rows["roll", "10-20"]["accuracy"] == 0.75
    # A picture without a face has no face width, one that is none has no brightness.
    assert rows["face width", "48"]["n"] == N - 2
    assert rows["face width", "48"]["as_it_is"] == 1.0
    assert rows["brightness", "0.7"]["n"] == N - 1
    assert rows["brightness", "0.7"]["undetected"] >= 1
    assert sum(row["n"] for (name, _), row in rows.items() if name == "cheek brightness") == N - 2
    for row in rows.values():
        low, high = row["interval"]
        assert low <= row["accuracy"] <= high
    assert "limited" not in table(figures)
    assert "16-235" in table(figures)


def test_reading_mirror_images_too_leaves_the_headline_as_it_is(
    genki: Path, detector: BlazeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def logits(faces: Faces) -> Values:
        """Sure of a smile where the left border is dark; the mirror image says the contrary."""
        faces = faces.astype(float)
        return faces[:, :, -8:].mean(axis=(1, 2)) - faces[:, :, :8].mean(axis=(1, 2)) + 1e-6

    reader = replace(answering(0), logits=logits)
    monkeypatch.setattr(evaluating, "load_reader", lambda path: reader)
    plain = evaluate("genki4k", genki, Path("fake"), detector)
    told = evaluate("genki4k", genki, Path("fake"), detector, Extras(mirrored=True))
    assert {key: told[key] for key in plain} == plain
    # The mean of both always says smile, by a hair: right for the four that do.
    assert told["mirrored"]["accuracy"] == 0.5
    assert told["mirrored"]["gain"] == pytest.approx(0.5 - plain["accuracy"])


def test_a_shrunk_picture_has_a_face_of_the_width_it_is_named_for(detector: BlazeFace) -> None:
    image = cv2.resize(drawn(smile=True), None, fx=2, fy=2)
    face = main_face(detector, image)
    assert face
    for width in (24, 48, 64):
        shrunk = change("face width", str(width)).make(image, face)
        assert shrunk is not None
        again = main_face(detector, shrunk)
        assert again
        assert again.box.width == pytest.approx(width, rel=0.1)
    narrow = replace(face, box=replace(face.box, width=40))
    assert change("face width", "48").make(image, narrow) is None


def test_light_and_levels_are_changed_as_a_camera_would() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    limited = change("luma", "16-235").make(image, None)
    assert limited is not None
    assert (limited.min(), limited.max()) == (16, 235)
    bright = change("brightness", "2").make(image, None)
    assert bright is not None
    assert bright.ravel()[[10, 127, 128, 255]].tolist() == [20, 254, 255, 255]


def test_cheeks_are_below_the_eyes_whatever_the_size_of_the_crop() -> None:
    for size in (64, 128):
        kind = replace(FACE, size=size)
        face = np.full((size, size), 50, np.uint8)
        eye = round(kind.places()[0].real)
        face[round(0.50 * size) : round(0.62 * size), :] = 200
        assert cheek_brightness(face, kind) == 200
        face[:, eye - size // 8 : eye + size // 8] = 100  # the right one alone
        assert cheek_brightness(face, kind) == 150


def test_pictures_fall_into_slices_by_size_of_the_angle_and_by_quarters() -> None:
    poses = np.array([[-12.0, 1.0, np.nan], [12.0, -4.9, 3.0], [30.0, 5.0, 0.0]])
    kinds = {(kind.slice, kind.value): kind.rows.tolist() for kind in by_pose(poses)}
    assert kinds["yaw", "10-20"] == [True, True, False]
    assert kinds["yaw", "over 20"] == [False, False, True]
    assert kinds["pitch", "5-10"] == [False, False, True]
    assert kinds["roll", "0-5"] == [False, True, True]
    quarters = by_cheeks(np.array([10.0, 20, 30, 40, 50, 60, 70, 80, np.nan]))
    assert [kind.rows.sum() for kind in quarters] == [2, 2, 2, 2]
    assert not any(kind.rows[-1] for kind in quarters)


def test_a_turn_and_a_tilt_are_told_from_the_points(detector: BlazeFace) -> None:
    image = drawn(smile=True)
    straight = main_face(detector, image)
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -15, 1)
    tilted = main_face(detector, cv2.warpAffine(image, turn, (width, height)))
    assert straight
    assert tilted
    before, after = pose_of_points(straight.keypoints), pose_of_points(tilted.keypoints)
    assert after[2] - before[2] == pytest.approx(15, abs=4)
    eyes = straight.keypoints.left_eye - straight.keypoints.right_eye
    moved = replace(straight.keypoints, nose=straight.keypoints.nose + 0.25 * eyes)
    assert pose_of_points(moved)[0] - before[0] == pytest.approx(15)


def test_a_keras_model_without_keras_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fold0.keras"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "keras", None)
    assert "pip install '.[training]'" in complaint(lambda: load_reader(path), MissingExtraError)


def test_the_command_prints_json_and_refuses_in_one_line(
    ready: Lipwire, genki: Path, tmp_path: Path
) -> None:
    asked = ("evaluate", "smile", "--dataset", "genki4k", "--root", genki)
    done = ready(*asked, "--json", "-")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["accuracy"] == 0.75
    assert figures["trained_on"] is True
    run = write_run(tmp_path / "run", ("cross",))
    done = ready(*asked, "--run", run, "--part", "cross", "--slices")
    assert done.returncode == 0, done.stderr
    assert "face width" in done.stdout
    assert "no such model file" in ready.complaint(*asked, "--run", run)
    words = tmp_path / "words.tflite"
    shutil.copy(models.shipped("smile"), words)
    embed(words, replace(read(words), task="word"))
    assert "made for word" in ready.complaint(*asked, "--model", words)
    assert "no such model file" in ready.complaint(*asked, "--model", tmp_path / "none.keras")


@pytest.mark.training
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_keras_model_is_scored_like_its_int8_file(
    genki: Path, detector: BlazeFace, tmp_path: Path
) -> None:
    import keras

    pixels = keras.Input((96, 96, 1))
    mean = keras.layers.GlobalAveragePooling2D()(pixels)
    told = keras.layers.Dense(1, kernel_initializer="ones", bias_initializer="zeros")(mean)
    keras.Model(pixels, told).save(tmp_path / "fold0.keras")
    line = complaint(lambda: load_reader(tmp_path / "fold0.keras"), ModelError)
    assert "says what it learned from" in line
    recipe = {"crop": "aligned-mouth"}
    config = {"task": "smile", "recipe": recipe, "sources": [{"dataset": "genki4k"}]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    reader = load_reader(tmp_path / "fold0.keras")
    assert (reader.crop_kind, reader.sources) == (replace(MOUTH, size=96), {"genki4k": ""})
    faces = np.full((2, 96, 96), 51, np.uint8)
    assert reader.logits(faces).tolist() == pytest.approx([0.2, 0.2], rel=1e-4)
    figures = evaluate("genki4k", genki, tmp_path / "fold0.keras", detector)
    assert (figures["accuracy"], figures["trained_on"]) == (0.5, True)
    write_model(tmp_path / "fold0.tflite", ("smiles",))
    assert load_reader(tmp_path / "fold0.keras").sources == {"smiles": ""}
    keras.Model(pixels, mean[:, :0]).save(tmp_path / "other.keras")
    assert "not a smile model" in complaint(
        lambda: load_reader(tmp_path / "other.keras"), ModelError
    )
    (tmp_path / "broken.keras").write_bytes(b"no zip")
    assert "not a usable Keras model" in complaint(
        lambda: load_reader(tmp_path / "broken.keras"), ModelError
    )


def test_the_crop_that_is_read_is_the_device_s(detector: BlazeFace, genki: Path) -> None:
    image = cv2.imread(str(genki / "files/file0001.jpg"))
    face = main_face(detector, image)
    assert face
    reader = load_reader(models.shipped("smile"))
    cut = crop(image, face.keypoints, reader.crop_kind)
    assert cut is not None
    (logit,) = reader.logits(cut[None])
    (mirrored,) = reader.mirrored_logits(cut[None])
    assert mirrored == reader.logits(np.fliplr(cut)[None].copy())[0]
    assert logit / reader.temperature > 0
