"""Changes that a face may undergo, and the crops cut from kept ones."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.crop import FACE, KINDS, CropKind, crop
from edge.detection import Keypoints
from training.crops import kept
from training.prepare.mesh import MIRRORED, TAUGHT
from training.train.augment import augment, centre, cut, geometry, moved, straight
from training.train.sheet import Captioned, draw_captioned, draw_changed, draw_unchanged

SIDE = kept(FACE).size


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE), np.uint8)


def dot(x: int, y: int) -> np.ndarray:
    """A kept crop with one bright spot."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[y - 3 : y + 4, x - 3 : x + 4] = 255
    return image


def test_augmentation_is_repeatable_and_differs_by_seed() -> None:
    one, two, other = (augment(noise(), FACE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (64, 64)
    assert one.dtype == np.uint8
    assert (one == two).all()
    assert (one != other).any()


@pytest.mark.parametrize("size", [48, 64, 96, 128])
def test_the_centre_of_a_kept_crop_is_the_models(size: int) -> None:
    kind = replace(FACE, size=size)
    faces = centre(np.stack([noise(1), noise(2)]), kind)
    assert faces.shape == (2, size, size)
    assert (centre(noise(1), kind) == faces[0]).all()


@pytest.mark.parametrize("size", [48, 64, 96, 128])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_spot_lies_in_the_centre_where_the_way_to_it_says(kind: CropKind, size: int) -> None:
    kind = replace(kind, size=size)
    middle = kept(FACE).places()[2] + 3.3  # beside the mouth
    across, down = np.meshgrid(np.arange(192) - middle.real, np.arange(192) - middle.imag)
    spot = (250 * np.exp(-(across**2 + down**2) / 98)).astype(np.uint8)
    face = centre(spot, kind).astype(float)
    found = np.array([(face.sum(axis=axis) @ np.arange(size)) / face.sum() for axis in (0, 1)])
    there = moved(np.array([[middle.real, middle.imag]], np.float32), straight(192, kind))[0]
    assert found == pytest.approx(there, abs=0.06)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kept_crop_gives_every_kind_of_crop_that_the_picture_itself_gives(kind) -> None:
    rng = np.random.default_rng(5)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (600, 600), np.uint8), (0, 0), 6)
    points = Keypoints(complex(252, 250), complex(348, 250), complex(300, 300), complex(300, 354.6))
    wide = crop(picture, points, kept(FACE))
    assert wide is not None
    direct = crop(picture, points, kind)
    assert direct is not None
    assert np.abs(centre(wide, kind).astype(int) - direct).mean() < 2.0


@pytest.mark.parametrize("seed", range(20))
def test_points_move_with_the_picture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    place = rng.integers(70, 122, 2)
    matrix = geometry(SIDE, FACE, rng)
    face = cut(dot(*place), matrix, 64, np.random.default_rng(1))
    rows, columns = np.nonzero(face > 100)
    told = moved(place[None].astype(np.float32), matrix)[0]
    assert told == pytest.approx([columns.mean(), rows.mean()], abs=0.8)


def test_half_of_all_faces_are_mirrored_and_none_leaves_its_crop() -> None:
    rng = np.random.default_rng(3)
    ways = [geometry(SIDE, FACE, rng) for _ in range(400)]
    mirrored = np.mean([np.linalg.det(way[:, :2]) < 0 for way in ways])
    assert 0.4 < mirrored < 0.6
    eyes = np.array([[SIDE / 2 - 24, SIDE * 0.4], [SIDE / 2 + 24, SIDE * 0.4]], np.float32)
    assert all(((moved(eyes, way) > 0) & (moved(eyes, way) < 64)).all() for way in ways)


def test_taught_points_have_each_other_as_mirror_images() -> None:
    assert (MIRRORED[MIRRORED] == np.arange(len(TAUGHT))).all()
    assert 61 in TAUGHT[MIRRORED[TAUGHT == 291]]
    assert len(set(TAUGHT.tolist())) == len(TAUGHT)


def plain(level: int, side: int = SIDE) -> np.ndarray:
    return np.full((side, side), level, np.uint8)


def test_a_sheet_shows_every_class_changed_or_as_it_is() -> None:
    classes = [[plain(40)], [plain(200), plain(210)]]
    sheet = draw_changed(classes, FACE, seed=1)
    assert sheet[20, 20, 0] == 40
    assert sheet[90, 20, 0] == 200
    assert len({int(sheet[90, 20 + 68 * across, 0]) for across in range(9)}) > 1
    sheet = draw_unchanged(classes, FACE)
    assert [int(sheet[down, across, 0]) for down, across in ((20, 20), (90, 20), (90, 94))] == [
        *(40, 200, 210)
    ]


def test_a_sheet_says_something_below_each_face() -> None:
    row = Captioned("a run", [plain(0, 48)] * 3, ["A 0.02", "B", ""])
    sheet = draw_captioned("A closed", [row, row])
    assert sheet.shape[1] > 3 * 96
    dark = (sheet[..., 0] < 100).sum(axis=1)
    assert dark[:18].any()  # what the letters mean
    below = sheet[20 + 20 + 96 : 20 + 20 + 96 + 14, :, 0] < 150
    said = [bool(below[:, left : left + 96].any()) for left in (4, 104, 204)]
    assert said == [True, True, False]
