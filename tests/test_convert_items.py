"""The crops on which a conversion is calibrated and compared: read without TensorFlow."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.items import Items, load
from edge.cameras.demo import DemoCamera
from edge.crop import FACE, MOUTH, crop
from edge.errors import SourceError
from tests.conftest import complaint
from tests.stills import NEUTRAL, SMILING
from tests.test_imports import COMMAND, run_without
from training.crops import Crops, Origin, kept
from training.faces import load_detector, main_face
from training.train.augment import centre

LABELS = ("no smile", "smile")


@pytest.fixture
def models(fetched: Path) -> Path:
    return fetched


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two smiling and one neutral face in folders of their labels, and two files without a face."""
    demo = DemoCamera(320, 240, 15)
    pictures = {
        "smile/a.png": demo.draw(SMILING),
        "smile/b.png": demo.draw(SMILING + 0.3),
        "no_smile/c.png": demo.draw(NEUTRAL),
        "no_smile/wall.png": np.full((240, 320, 3), 120, np.uint8),
    }
    for name, image in pictures.items():
        (tmp_path / "people" / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(tmp_path / "people" / name), image)
    (tmp_path / "people/smile/broken.jpg").write_text("not a picture")
    (tmp_path / "people/notes.txt").write_text("not looked at")
    return tmp_path / "people"


def prepared(path: Path, classes: tuple[str, ...] = LABELS, kind: str = FACE.name) -> Path:
    """A file of `lipwire prepare` with four crops."""
    side = kept(FACE).size
    images = np.random.default_rng(0).integers(0, 256, (4, side, side), np.uint8)
    labels, files = np.array([0, 1, 1, 0], np.int8), np.array(list("abcd"))
    origin = Origin("smile", "somewhere", "CC0", kind, classes)
    Crops(origin, images, labels, np.full(4, -1, np.int8), files).save(path)
    return path


def test_faces_in_pictures_are_cut_as_the_device_cuts_them(people: Path, models: Path) -> None:
    items = load(people, FACE, LABELS, models)
    image = cv2.imread(str(people / "no_smile/c.png"))
    face = main_face(load_detector(models), image)
    assert face is not None
    assert len(items) == 3
    np.testing.assert_array_equal(items.images[0], crop(image, face.keypoints, FACE))


def test_models_of_other_sizes_get_the_same_cut_in_their_size(people: Path, models: Path) -> None:
    items = load(people, replace(FACE, size=96), LABELS, models)
    assert items.images.shape == (3, 96, 96)
    small = cv2.resize(items.images[0], (64, 64), interpolation=cv2.INTER_AREA)
    usual = load(people, FACE, LABELS, models).images[0]
    assert np.abs(small.astype(int) - usual).mean() < 3


def test_folders_named_for_the_labels_say_what_is_shown(people: Path, models: Path) -> None:
    items = load(people, FACE, LABELS, models)
    assert items.labels is not None
    assert items.labels.tolist() == [0, 1, 1]  # no_smile/c, smile/a, smile/b
    (people / "smile").rename(people / "happy")
    assert load(people, FACE, LABELS, models).labels is None


def test_what_is_left_out_is_listed_with_the_reason(
    people: Path, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        items = load(people, FACE, LABELS, models)
    assert items.skipped == {
        "no face found": ["no_smile/wall.png"],
        "not a readable picture": ["smile/broken.jpg"],
    }
    assert "1 left out, no face found: no_smile/wall.png" in caplog.text


def test_crops_of_the_models_size_are_taken_as_they_are(tmp_path: Path) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (3, 64, 64), np.uint8)
    for index, image in enumerate(crops):
        assert cv2.imwrite(str(tmp_path / f"{index}.png"), image)
    items = load(tmp_path, FACE, LABELS, tmp_path / "no models needed")
    np.testing.assert_array_equal(items.images, crops)


def test_of_prepared_crops_the_centre_is_taken(tmp_path: Path) -> None:
    path = prepared(tmp_path / "crops.npz")
    items = load(path, FACE, LABELS, None)
    np.testing.assert_array_equal(items.images, centre(Crops.read(path).images, FACE))
    assert load(path, replace(FACE, size=96), LABELS, None).images.shape == (4, 96, 96)
    source = items.source
    assert (source.name, source.licence, source.pictures) == ("somewhere", "CC0", 4)


def test_labels_are_matched_by_name(tmp_path: Path) -> None:
    def labels(items: Items) -> list[int] | None:
        return None if items.labels is None else items.labels.tolist()

    same = load(prepared(tmp_path / "a.npz"), FACE, LABELS, None)
    turned = load(prepared(tmp_path / "b.npz", LABELS[::-1]), FACE, LABELS, None)
    other = load(prepared(tmp_path / "c.npz", ("closed", "open")), FACE, LABELS, None)
    assert labels(same) == [0, 1, 1, 0]
    assert labels(turned) == [1, 0, 0, 1]
    assert labels(other) is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.mkdir(), "no pictures in it"),
        (lambda path: path.write_text("x"), "neither a folder of pictures nor a .npz"),
        (lambda path: None, "neither a folder of pictures nor a .npz"),
    ],
)
def test_what_holds_no_items_is_refused(tmp_path: Path, make: object, said: str) -> None:
    path = tmp_path / "items"
    make(path)  # type: ignore[operator]
    assert said in complaint(lambda: load(path, FACE, LABELS, None), SourceError)


def test_crops_cut_otherwise_are_refused(tmp_path: Path) -> None:
    path = prepared(tmp_path / "crops.npz", kind=MOUTH.name)
    line = complaint(lambda: load(path, FACE, LABELS, None), SourceError)
    assert "holds crops 'aligned-mouth', not 'aligned-face'" in line


def test_a_folder_without_any_face_is_refused(people: Path, models: Path) -> None:
    (people / "no_smile/c.png").unlink()
    line = complaint(lambda: load(people / "no_smile", FACE, LABELS, models), SourceError)
    assert "no face found in any of 1 pictures" in line


def test_without_tensorflow_the_command_says_what_it_needs(tmp_path: Path) -> None:
    asked = ["convert", "m.keras", "--task", "smile", "--calibrate", "d", "--out", "f.tflite"]
    done = run_without(("tensorflow", "keras"), COMMAND, *asked)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "lipwire: lipwire convert needs: pip install '.[training]'\n"
    assert not list(Path.cwd().glob("f.tflite*"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--bound", "-1"], "--bound: must be points from 0 to 100"),
        (["--white", "nan"], "--white: must be a number above 0"),
        (["--labels", "smile"], "--labels: must be two or more names"),
        (["--to", "int4"], "--to: invalid choice"),
    ],
)
def test_options_that_make_no_sense_are_refused(more: list[str], said: str) -> None:
    asked = ["convert", "m.keras", "--task", "smile", "--calibrate", "d", "--out", "f.tflite"]
    done = run_without((), COMMAND, *asked, *more)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line
