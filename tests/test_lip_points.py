"""The live lip box, on drawn faces: tight around the lips, with them as they open, turn and go."""

from __future__ import annotations

import cmath
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.demo import DemoCamera, shape_times
from edge.detection import Keypoints
from edge.errors import ModelError
from edge.frame import Image
from edge.lip_points import LipFinder
from edge.lipbox import LipBox
from tests.conftest import complaint
from training.faces import Thorough, load_detector, main_face

SIZE = 320, 240


@pytest.fixture(scope="module")
def find(face_model: Path) -> LipFinder:
    return LipFinder(face_model.parent)


def drawn(shape: str) -> Image:
    """A drawn face that shows a shape."""
    end = next(end for name, _, end in shape_times() if name == shape)
    return DemoCamera(*SIZE, 25).draw(end - 0.05)


@pytest.fixture(scope="module")
def detector(find: LipFinder) -> Thorough:
    return load_detector(find.interpreter.path.parent)


@pytest.fixture(scope="module")
def points(detector: Thorough) -> Keypoints:
    """Of the drawn face whose mouth is open."""
    return points_of(drawn("open"), detector)


def points_of(image: Image, detector: Thorough) -> Keypoints:
    face = main_face(detector, image)
    assert face
    return face.keypoints


def box_of(find: LipFinder, image: Image, points: Keypoints) -> LipBox:
    box = find(image, points)
    assert box
    return box


def moved(
    image: Image, points: Keypoints, turn: complex, shift: complex
) -> tuple[Image, Keypoints]:
    """The same face elsewhere: every point p comes to lie at turn * p + shift."""
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    there = [turn * p + shift for p in (points.right_eye, points.left_eye, points.nose)]
    picture = cv2.warpAffine(image, matrix, SIZE, borderMode=cv2.BORDER_REPLICATE)
    return picture, Keypoints(*there, turn * points.mouth + shift)


def test_the_box_is_as_high_as_the_mouth_is_open(find: LipFinder, detector: Thorough) -> None:
    aspects = []
    for shape in ("closed", "open", "wide_open"):
        box = box_of(find, drawn(shape), points_of(drawn(shape), detector))
        aspects.append(box.height / box.width)
    assert 0.15 < aspects[0] < aspects[1] < aspects[2]
    assert aspects[2] > 1.3 * aspects[0]


def test_the_box_lies_around_the_mouth(find: LipFinder, detector: Thorough) -> None:
    points = points_of(drawn("wide_open"), detector)
    box = box_of(find, drawn("wide_open"), points)
    assert abs(complex(*box.centre) - points.mouth) < 0.25 * points.eye_distance
    assert 0.4 * points.eye_distance < box.width < 1.6 * points.eye_distance


def test_the_box_goes_with_the_face(find: LipFinder, points: Keypoints) -> None:
    image, shift = drawn("open"), 21 - 13j
    here = box_of(find, image, points)
    there = box_of(find, *moved(image, points, 1, shift))
    assert complex(there.left - here.left, there.top - here.top) == pytest.approx(shift, abs=0.1)
    assert there.width == pytest.approx(here.width, abs=0.1)


@pytest.mark.parametrize("degrees", [-20, 20])
def test_the_box_turns_with_the_head(find: LipFinder, points: Keypoints, degrees: float) -> None:
    image, turn = drawn("open"), cmath.rect(1, math.radians(degrees))
    here = box_of(find, image, points)
    there = box_of(find, *moved(image, points, turn, points.nose - turn * points.nose))
    assert math.degrees(there.roll - here.roll) == pytest.approx(degrees, abs=0.5)
    assert there.height / there.width == pytest.approx(here.height / here.width, abs=0.01)


def test_nothing_is_carried_from_frame_to_frame(find: LipFinder, points: Keypoints) -> None:
    closed, wide = drawn("closed"), drawn("wide_open")
    alone = [box_of(find, image, points) for image in (closed, wide)]
    assert alone[0] != alone[1]
    assert [find(image, points) for image in (wide, closed, wide)] == [alone[1], *alone]


def test_where_no_face_is_there_are_no_lips(find: LipFinder, points: Keypoints) -> None:
    assert find(np.full((240, 320, 3), 120, np.uint8), points) is None


def test_lips_that_the_picture_cuts_off_are_none(find: LipFinder, points: Keypoints) -> None:
    image = drawn("open")
    box = box_of(find, image, points)
    assert find(image[: int(box.top + box.height / 2)], points) is None


def test_a_face_too_small_to_be_cropped_has_no_lips(find: LipFinder) -> None:
    small = Keypoints(100 + 100j, 106 + 100j, 103 + 104j, 103 + 107j)
    assert find(drawn("open"), small) is None


def test_a_missing_mesh_is_told_in_one_line(
    tmp_path: Path, nowhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("edge.models.find_spec", lambda name: None)
    assert "lipwire models fetch" in complaint(LipFinder, ModelError)
