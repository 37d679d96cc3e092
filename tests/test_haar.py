"""OpenCV's cascade finds faces much as BlazeFace does, and says so where it cannot be had."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.demo import LOOP_S, SMILES_PER_LOOP, DemoCamera
from edge.crop import MOUTH_BELOW_EYES
from edge.detection import Detection
from edge.detectors.blazeface import BlazeFace
from edge.detectors.haar import Haar
from edge.errors import ModelError
from edge.frame import Image, Yuv420
from tests.command import ALONE, Lipwire
from tests.conftest import complaint, need

MIN_SCORE = 0.5


def drawn(at: float = 1.0, width: int = 640, height: int = 480) -> Image:
    return DemoCamera(width, height, 15).draw(at)


def apart(one: Detection, other: Detection) -> float:
    """How far the middles of two boxes are from each other, in box widths."""
    return abs(complex(*one.box.centre) - complex(*other.box.centre)) / other.box.width


def eyes_apart(one: Detection, other: Detection) -> float:
    """How far the eyes are from each other, on average, in eye distances."""
    a, b = one.keypoints, other.keypoints
    off = abs(a.right_eye - b.right_eye) + abs(a.left_eye - b.left_eye)
    return off / 2 / b.eye_distance


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (1280, 720), (480, 640)])
def test_the_drawn_face_is_found_where_blazeface_finds_it(
    detector: BlazeFace, size: tuple[int, int]
) -> None:
    for at in np.arange(0, LOOP_S, 2.5):
        image = drawn(float(at), *size)
        (face,), (known,) = Haar(MIN_SCORE)(image), detector(image)
        assert apart(face, known) < 0.2
        assert face.box.width == pytest.approx(known.box.width, rel=0.3)
        assert eyes_apart(face, known) < 0.4


def test_the_points_have_the_proportions_of_a_face() -> None:
    (face,) = Haar(MIN_SCORE)(drawn())
    points = face.keypoints
    eyes = (points.right_eye + points.left_eye) / 2
    assert points.right_eye.real < points.nose.real < points.left_eye.real
    assert eyes.imag < points.nose.imag < points.mouth.imag
    assert (points.mouth - eyes) / points.eye_distance == pytest.approx(
        complex(0, MOUTH_BELOW_EYES), abs=0.05
    )


@pytest.mark.parametrize("half", [0.9, 1.2, 1.9])
def test_a_look_at_its_surroundings_finds_the_same_face(half: float) -> None:
    image = drawn(1.0, 1280, 720)
    (face,) = Haar(MIN_SCORE)(image)
    x, y = face.box.centre
    reach = half * face.box.width
    part = (
        *(max(0, int(x - reach)), max(0, int(y - reach))),
        *(min(1280, int(x + reach)), min(720, int(y + reach))),
    )
    (near,) = Haar(MIN_SCORE).look(image, part)
    assert apart(near, face) < 0.15
    assert eyes_apart(near, face) < 0.2


def test_two_faces_are_two_detections() -> None:
    both = np.concatenate([drawn(1.0, 320, 240), drawn(1.0, 320, 240)], axis=1)
    assert len(Haar(MIN_SCORE)(both)) == 2


def test_pictures_of_every_format_give_the_same_face() -> None:
    image = drawn()
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    half = np.full((240, 320), 128, np.uint8)
    detect = Haar(MIN_SCORE)
    assert detect(image) == detect(grey) == detect(Yuv420(grey, half, half)) != []


@pytest.mark.parametrize("shape", [(480, 640, 3), (1, 1), (2, 700)])
def test_an_empty_picture_has_no_face(shape: tuple[int, ...]) -> None:
    detect = Haar(MIN_SCORE)
    image = np.full(shape, 127, np.uint8)
    assert detect(image) == []
    assert detect.look(image, (0, 0, shape[1], shape[0])) == []


def test_only_faces_with_the_least_score_are_given() -> None:
    image = cv2.GaussianBlur(drawn(), (0, 0), 6)  # hard to see
    (face,) = Haar(0.05)(image)
    assert 0.05 <= face.score < 1
    assert Haar(face.score)(image) == [face]
    assert Haar(face.score + 0.0001)(image) == []


@pytest.mark.parametrize("missing", ["data", "CascadeClassifier"])
def test_an_opencv_without_cascades_is_named_with_one_that_has_them(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delattr(cv2, missing)
    line = complaint(lambda: Haar(MIN_SCORE), ModelError)
    assert cv2.__version__ in line
    assert line.endswith("pip install 'opencv-python-headless>=4.10,<5'")


def test_the_daemon_counts_the_demos_smiles_without_any_fetched_model(lipwire: Lipwire) -> None:
    run = ["run", "--detector", "haar", "--pace", "max", "--duration", str(LOOP_S)]
    result = lipwire(*run, *ALONE, "--events", "-")
    assert result.returncode == 0, result.stderr
    kinds = [json.loads(line)["event_type"] for line in result.stdout.splitlines()]
    assert kinds.count("smile_started") == SMILES_PER_LOOP
    assert kinds.count("face_arrived") == 1


def test_the_doctor_names_the_detector_that_is_asked_for(lipwire: Lipwire) -> None:
    result = lipwire("doctor", "--detector", "haar", "--broker", "none")
    (line,) = (line for line in result.stdout.splitlines() if " models " in line)
    assert line.startswith("ok    models       faces (haar) and smiles, loaded in ")


def test_real_faces_are_found_with_their_eyes_about_where_they_are(detector: BlazeFace) -> None:
    folder = Path(os.environ.get("LIPWIRE_DATA", "nowhere")) / "genki4k/files"
    need("data", not folder.is_dir(), "set LIPWIRE_DATA to the folder that holds genki4k/")
    detect, known, off, strange = Haar(MIN_SCORE), 0, [], 0
    for path in sorted(folder.glob("*.jpg"))[::14]:
        image = cv2.imread(str(path))
        assert image is not None
        faces, theirs = detect(image), detector(image)
        known += len(theirs)
        for face in faces:
            near = min(theirs, key=lambda other: apart(face, other), default=None)
            if near is not None and apart(face, near) < 0.4:
                off.append(eyes_apart(face, near))
            else:
                strange += 1
    assert known > 200
    assert len(off) > 0.92 * known
    assert strange < 0.03 * known
    assert float(np.median(off)) < 0.1
    assert float(np.quantile(off, 0.9)) < 0.2
