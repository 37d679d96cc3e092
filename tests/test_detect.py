"""BlazeFace on the TFLite runtime finds drawn faces where they were drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.cameras.demo import DemoCamera
from edge.detectors.blazeface import BlazeFace
from edge.frame import Image


def drawn(width: int = 640, height: int = 480) -> Image:
    return DemoCamera(width, height, 15).draw(1.0)


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (1280, 720), (480, 640)])
def test_one_face_is_found_in_pictures_of_every_shape(
    detector: BlazeFace, size: tuple[int, int]
) -> None:
    (face,) = detector(drawn(*size))
    points = face.keypoints
    assert face.score > 0.7
    assert points.right_eye.real < points.nose.real < points.left_eye.real
    assert points.right_eye.imag < points.nose.imag < points.mouth.imag
    x, y = face.box.centre
    assert x == pytest.approx(size[0] / 2, abs=0.12 * size[0])
    assert 0 < y < size[1]


def test_a_face_moves_with_the_picture(detector: BlazeFace) -> None:
    image = drawn()
    moved = cv2.warpAffine(
        image, np.array([[1.0, 0, 60], [0, 1, 20]]), (640, 480), borderMode=cv2.BORDER_REPLICATE
    )
    (before,), (after,) = detector(image), detector(moved)
    assert after.keypoints.nose - before.keypoints.nose == pytest.approx(60 + 20j, abs=5)


def test_two_faces_are_two_detections(detector: BlazeFace) -> None:
    both = np.concatenate([drawn(320, 240), drawn(320, 240)], axis=1)
    assert len(detector(both)) == 2


def test_grey_and_colour_pictures_give_nearly_the_same_face(detector: BlazeFace) -> None:
    image = drawn()
    (colour,), (grey,) = detector(image), detector(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    assert abs(complex(*colour.box.centre) - complex(*grey.box.centre)) < 0.05 * colour.box.width
    assert grey.box.width == pytest.approx(colour.box.width, rel=0.1)


def test_an_empty_picture_has_no_face(detector: BlazeFace) -> None:
    assert detector(np.full((480, 640, 3), 127, np.uint8)) == []
    assert detector(np.zeros((1, 1), np.uint8)) == []
