"""THE crop function: eyes and mouth come to lie at their places, whatever the head does."""

from __future__ import annotations

import cmath
import math

import cv2
import numpy as np
import pytest

from edge.cameras.demo import DemoCamera
from edge.crop import FACE, KINDS, MOUTH, SMALLEST_EYE_DISTANCE_PX, CropKind, crop, similarity
from edge.detection import Keypoints
from edge.detectors.blazeface import BlazeFace
from edge.frame import Image
from edge.interpreter import Array


def scene(points: Keypoints, size: tuple[int, int] = (640, 480)) -> Image:
    """A grey picture with a soft bright spot at each of a face's points."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    spread = 0.1 * points.eye_distance
    image: Array = np.full((size[1], size[0]), 20.0)
    for p in (points.right_eye, points.left_eye, points.mouth):
        image += 200 * np.exp(-((x - p.real) ** 2 + (y - p.imag) ** 2) / (2 * spread**2))
    return np.clip(image, 0, 255).astype(np.uint8)


def face(centre: complex, eye_distance: float, degrees: float = 0) -> Keypoints:
    """A face of the template's own proportions, so that all its points can be met exactly."""
    right, left, mouth = FACE.places()
    middle, unit = (right + left + mouth) / 3, abs(left - right)
    turn = cmath.rect(eye_distance / unit, math.radians(degrees))
    right, left, mouth = (centre + turn * (p - middle) for p in (right, left, mouth))
    return Keypoints(right, left, (right + left + mouth) / 3, mouth)


def spot(image: Array, place: complex, reach: float) -> complex:
    """The centre of brightness near a place."""
    x, y = np.meshgrid(np.arange(image.shape[1]), np.arange(image.shape[0]))
    near = (abs(x - place.real) < reach) & (abs(y - place.imag) < reach)
    weight = np.where(near, image.astype(float) - 20, 0).clip(0)
    return complex((x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum())


@pytest.mark.parametrize("degrees", [-40, -15, 0, 10, 30])
@pytest.mark.parametrize("eye_distance", [12, 24.3, 40, 90, 170])
def test_eyes_and_mouth_come_to_their_places(eye_distance: float, degrees: float) -> None:
    points = face(320 + 250j, eye_distance, degrees)
    cut = crop(scene(points), points, FACE)
    assert cut is not None
    assert (cut.shape, cut.dtype) == ((64, 64), np.uint8)
    for place in FACE.places():
        assert spot(cut, place, 8) == pytest.approx(place, abs=0.7)


def test_the_mouth_crop_has_the_mouth_in_its_middle() -> None:
    points = face(320 + 250j, 80, 20)
    cut = crop(scene(points), points, MOUTH)
    assert cut is not None
    assert spot(cut, 32 + 32j, 20) == pytest.approx(32 + 32j, abs=0.7)


def test_colour_and_grey_pictures_give_the_same_crop() -> None:
    points = face(320 + 250j, 80, 5)
    grey = scene(points)
    one, two = crop(grey, points, FACE), crop(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), points, FACE)
    assert one is not None
    assert two is not None
    assert np.abs(one.astype(int) - two.astype(int)).max() <= 1


def test_a_face_at_the_border_is_cropped_with_the_border_held() -> None:
    points = face(45 + 60j, 60)
    cut = crop(scene(points), points, FACE)
    assert cut is not None
    for place in FACE.places():
        assert spot(cut, place, 8) == pytest.approx(place, abs=0.7)
    assert cut[:, 0].max() < 60  # held background, no black and no wrap-around


@pytest.mark.parametrize("centre", [-20 + 200j, 320 - 20j, 650 + 200j, 320 + 500j])
def test_a_face_whose_eyes_or_mouth_lie_outside_is_not_cropped(centre: complex) -> None:
    points = face(centre, 60)
    assert crop(np.zeros((480, 640), np.uint8), points, FACE) is None


def test_a_face_below_the_stated_size_is_not_cropped() -> None:
    image = np.zeros((480, 640), np.uint8)
    assert crop(image, face(300 + 200j, SMALLEST_EYE_DISTANCE_PX * 0.99), FACE) is None
    assert crop(image, face(300 + 200j, SMALLEST_EYE_DISTANCE_PX * 1.01), FACE) is not None


def test_points_that_coincide_give_no_crop() -> None:
    assert crop(np.zeros((480, 640), np.uint8), Keypoints(9j, 9j, 9j, 9j), FACE) is None


def test_a_large_face_is_not_sampled_with_holes() -> None:
    """A fine chequerboard becomes its mean grey, not a pattern of its own."""
    points = face(320 + 240j, 190)
    image = np.indices((480, 640)).sum(axis=0).astype(np.uint8) % 2 * 255
    cut = crop(image, points, FACE)
    assert cut is not None
    assert cut[8:-8, 8:-8].std() < 12


def test_a_wider_crop_holds_the_same_face_in_its_middle() -> None:
    points = face(320 + 250j, 60, 12)
    narrow, wide = (crop(scene(points), points, kind) for kind in (FACE, FACE.widened(1.5)))
    assert narrow is not None
    assert wide is not None
    assert wide.shape == (96, 96)
    difference = np.abs(wide[16:80, 16:80].astype(int) - narrow.astype(int))
    assert difference.mean() < 2


def test_the_similarity_is_exact_where_one_exists() -> None:
    points = (1 + 2j, 5 + 3j, 2 + 9j)
    turn, shift = similarity(points, tuple(p * (0.3 - 1.1j) + 7 for p in points))
    assert turn == pytest.approx(0.3 - 1.1j)
    assert shift == pytest.approx(7)


def test_points_that_are_no_faces_never_raise() -> None:
    rng = np.random.default_rng(1)
    image = np.zeros((480, 640), np.uint8)
    given = 0
    for _ in range(5000):
        points = [complex(x, y) for x, y in rng.uniform((0, 0), (640, 480), (3, 2))]
        cut = crop(image, Keypoints(points[0], points[1], 0j, points[2]), FACE)
        assert cut is None or cut.shape == (64, 64)
        given += cut is not None
    assert given > 1000


@pytest.mark.parametrize("size", [(4000, 3), (3, 4000), (40_000, 300)], ids=str)
def test_a_picture_of_an_odd_shape_never_raises(size: tuple[int, int]) -> None:
    width, height = size
    image = np.zeros((height, width), np.uint8)
    one, two = complex(width * 0.4, height * 0.4), complex(width * 0.6, height * 0.6)
    cut = crop(image, Keypoints(one, two, one, complex(width * 0.5, height * 0.9)), FACE)
    assert cut is None or cut.shape == (64, 64)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_found_face_gives_a_full_crop(kind: CropKind, detector: BlazeFace) -> None:
    image = DemoCamera(640, 480, 15).draw(1.0)
    (found,) = detector(image)
    cut = crop(image, found.keypoints, kind)
    assert cut is not None
    assert cut.shape == (kind.size, kind.size)
    assert cut.std() > 20
