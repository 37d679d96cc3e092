"""`lipwire bench detectors`: finders give boxes where faces are, or say how they are got."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.demo import DemoCamera
from edge.detection import Box
from edge.detectors.blazeface import BlazeFace
from edge.errors import SourceError
from edge.frame import Image
from tests.command import Lipwire
from tests.conftest import complaint, need
from tests.onnx_file import constant, node, write_model
from training.bench.detectors import agree, wilson
from training.bench.finders import finders
from training.bench.yolo import Yolo, decoded, fitted

SIDE = 64  # of the tiny YOLO's input
CANDIDATES = 20
SHARE = np.array([1.0, 0.0, 0.0])  # of red: the brighter, the surer


def tiny_yolo(path: Path, rows: list[list[float]], columns: bool = True) -> Path:
    """Gives these candidates for every picture; the first one's score is how red it is."""
    values = np.zeros((CANDIDATES, len(rows[0])))
    values[: len(rows)] = rows
    laid = values.T if columns else values
    place = 4 * CANDIDATES if columns else 4
    weights = np.zeros((laid.size, 3, 1, 1))
    weights[place, :, 0, 0] = SHARE
    biases = laid.ravel().copy()
    biases[place] = 0
    return write_model(
        path,
        (1, 3, SIDE, SIDE),
        [
            node("GlobalAveragePool", ["input"], "mean"),
            node("Conv", ["mean", "weights", "biases"], "flat", kernel_shape=[1, 1]),
            node("Reshape", ["flat", "shape"], "output"),
        ],
        [
            constant("weights", weights),
            constant("biases", biases),
            constant("shape", np.array([1, *laid.shape])),
        ],
        ["output"],
    )


def tiny_yunet(path: Path) -> Path:
    """Sees a face four cells wide in the middle of every white cell of eight pixels."""
    nodes, constants, names = [], [], []
    for stride in (8, 16, 32):
        ints = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes.append(node("AveragePool", ["input"], f"mean_{stride}", **ints))
        for name, size in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            weights, biases = np.zeros((size, 3, 1, 1)), np.zeros(size)
            if name == "cls":
                biases[:] = 1
            if name == "obj" and stride == 8:
                weights[:] = 1 / 765
            if name == "bbox":
                biases[:] = 0.5, 0.5, np.log(4), np.log(4)
            own = f"{name}_{stride}"
            nodes += [
                node("Conv", [f"mean_{stride}", f"w_{own}", f"b_{own}"], f"c_{own}"),
                node("Transpose", [f"c_{own}"], f"t_{own}", perm=[0, 2, 3, 1]),
                node("Reshape", [f"t_{own}", f"s_{own}"], own),
            ]
            constants += [
                constant(f"w_{own}", weights),
                constant(f"b_{own}", biases),
                constant(f"s_{own}", np.array([1, -1, size])),
            ]
            names.append(own)
    return write_model(path, (1, 3, SIDE, SIDE), nodes, constants, names)


def plain(blue: int, green: int, red: int, width: int = 128, height: int = 96) -> Image:
    return np.full((height, width, 3), (blue, green, red), np.uint8)


FACE = [32.0, 24.0, 16.0, 20.0, 0.0]


def test_a_yolos_candidates_become_boxes_in_the_pictures_pixels(tmp_path: Path) -> None:
    again, unsure = [33.0, 24.0, 16.0, 20.0, 0.8], [10.0, 10.0, 8.0, 8.0, 0.4]
    other = [50.0, 40.0, 10.0, 10.0, 0.7]
    find = Yolo(tiny_yolo(tmp_path / "v8.onnx", [FACE, again, unsure, other]), SIDE)
    # Twice as large as the model's input; red, so that the first one is surest.
    assert find(plain(0, 0, 255)) == [Box(48, 28, 32, 40), Box(90, 70, 20, 20)]
    # As blue as it was red: the first one is nothing, the one that it hid comes forth.
    assert find(plain(255, 0, 0)) == [Box(50, 28, 32, 40), Box(90, 70, 20, 20)]


def test_the_score_of_the_class_counts_where_there_is_one(tmp_path: Path) -> None:
    def row(place: float, of_class: float) -> list[float]:
        return [place, 20.0, 10.0, 10.0, 0.9, *[0.0] * 10, of_class]

    rows = [row(10, 1.0), row(30, 0.9), row(50, 0.1)]
    find = Yolo(tiny_yolo(tmp_path / "v5.onnx", rows, columns=False), SIDE)
    assert [round(box.left) for box in find(plain(0, 0, 255, SIDE, SIDE))] == [5, 25]


def test_a_model_that_is_no_such_yolo_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    assert complaint(lambda: Yolo(file, SIDE), SourceError) == f"{file}: no such file"
    file.write_text("no model")
    line = complaint(lambda: Yolo(file, SIDE), SourceError)
    assert line.startswith(f"{file}: not a model that OpenCV reads: ")
    line = complaint(lambda: decoded(file, np.zeros((1, 80, 40, 40), np.float32)), SourceError)
    assert line.startswith(f"{file}: gives (1, 80, 40, 40), not x, y, width, height, score")


def test_a_picture_is_fitted_without_being_bent() -> None:
    square, scale = fitted(plain(9, 9, 9, 100, 50), 40)
    assert (scale, square.shape) == (0.4, (40, 40, 3))
    assert (square[:20] == 9).all()
    assert (square[20:] == 114).all()


def finder(name: str, **files: Path) -> Callable[[Image], list[Box]]:
    known = finders(None, files.get("yunet"), files.get("yolo"), SIDE)
    return next(each for each in known if each.name == name).make()


def test_yunet_sees_what_its_file_sees(tmp_path: Path) -> None:
    image = plain(0, 0, 0, 160, 96)
    image[24:32, 40:48] = 255
    (box,) = finder("YuNet", yunet=tiny_yunet(tmp_path / "yunet.onnx"))(image)
    assert box.centre == pytest.approx((44, 28), abs=0.1)
    assert (box.width, box.height) == pytest.approx((32, 32), abs=0.1)
    file = tmp_path / "other.onnx"
    file.write_text("no model")
    line = complaint(lambda: finder("YuNet", yunet=file), SourceError)
    assert line.startswith(f"{file}: not a YuNet")


@pytest.mark.parametrize(
    ("name", "module", "how"),
    [
        ("BlazeFace short-range", "", ""),
        ("BlazeFace full-range", "", ""),
        ("Lipwire auto", "", ""),
        ("Lipwire haar", "", ""),
        ("Haar, OpenCV default", "", ""),
        ("mediapipe package", "mediapipe", "make mediapipe"),
        ("dlib HOG", "dlib", "pip install dlib-bin"),
        ("MTCNN", "mtcnn", "pip install mtcnn tensorflow"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_finder_finds_the_drawn_face(
    name: str, module: str, how: str, fetched: Path, detector: BlazeFace
) -> None:
    if module:
        need(module, find_spec(module) is None, how)
    image = DemoCamera(640, 480, 15).draw(1.0)
    (truth,) = detector(image)
    boxes = finder(name)(image)
    assert any(agree(truth.box, box) for box in boxes) or name in NOT_THE_DRAWN
    assert finder(name)(np.zeros((480, 640, 3), np.uint8)) == []


NOT_THE_DRAWN = ("dlib HOG", "Haar, OpenCV default")  # they want real faces


def test_two_boxes_agree_where_each_holds_the_others_middle() -> None:
    face = Box(10, 10, 20, 20)
    assert agree(face, Box(12, 4, 20, 30))
    assert not agree(face, Box(0, 0, 200, 200))
    assert not agree(face, Box(28, 10, 20, 20))


def test_an_interval_is_wider_than_nothing_where_all_are_found() -> None:
    assert wilson(40, 40) == pytest.approx((0.912, 1.0), abs=0.001)
    assert wilson(45, 50) == pytest.approx((0.786, 0.957), abs=0.001)


@pytest.fixture
def genki(tmp_path: Path) -> Path:
    """Three pictures of the demo's face and one of a wall, laid out as GENKI-4K."""
    root = tmp_path / "genki"
    (root / "files").mkdir(parents=True)
    for number in range(1, 5):
        drawn = DemoCamera(320, 240, 15).draw(number / 2)
        image = drawn if number < 4 else np.full_like(drawn, 90)
        assert cv2.imwrite(str(root / "files" / f"file{number:04}.jpg"), image)
    (root / "labels.txt").write_text("1 0 0 0\n" * 4)
    return root


def test_the_command_tells_speed_finds_and_what_is_missing(ready: Lipwire, genki: Path) -> None:
    only = ("--only", "BlazeFace short-range", "--only", "YOLO", "--seconds", "0.2")
    result = ready("bench", "detectors", *only, "--genki", genki, "--json", "-")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert figures["n"] == 4
    found, missing = figures["rows"]
    assert found["fps_350x350"] > 0
    assert found["fps_640x480"] > 0
    assert (found["found"], found["agrees"], found["note"]) == (0.75, 0.75, "")
    assert missing["fps_350x350"] is None
    assert missing["note"].startswith("give its file: --yolo ")
    result = ready("bench", "detectors", *only)
    assert "BlazeFace short-range" in result.stdout
    assert "give its file: --yolo " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "Viola"), "--only 'Viola': not one of BlazeFace short-range, "),
        (("--yolo", "no.onnx"), "no.onnx: no such file"),
        (("--yolo", "no.onnx", "--yolo-side", "0"), "--yolo-side must be a number of pixels above"),
        (("--pictures", "3"), "--pictures is a number above 0, of those in --genki"),
        (("--genki", "nowhere"), "nowhere: no"),
    ],
)
def test_what_cannot_be_benched_is_refused(
    ready: Lipwire, arguments: tuple[str, ...], said: str
) -> None:
    assert ready.complaint("bench", "detectors", *arguments).startswith(f"lipwire: {said}")
