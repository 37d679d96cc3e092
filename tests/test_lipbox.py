"""THE cut of lip boxes: data sets' boxes, turned boxes of the device, and what models see."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from edge.detection import Box
from edge.frame import Image, Yuv420
from edge.lipbox import (
    HEIGHT,
    KEPT_HEIGHT,
    KEPT_WIDTH,
    LEVEL,
    WIDTH,
    LipBox,
    LipPicture,
    cut_box,
    on_canvas,
    standardised,
)

SIZE = 320, 240
MIDDLE = 150.0, 110.0


def scene(roll: float = 0.0, seed: int = 0) -> Image:
    """Soft patches that are nowhere alike, turned about the middle."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(0, 256, (24, 32)).astype(np.uint8)
    image = cv2.resize(patches, SIZE, interpolation=cv2.INTER_CUBIC)
    turn = cv2.getRotationMatrix2D((MIDDLE[0] - 0.5, MIDDLE[1] - 0.5), -math.degrees(roll), 1)
    return cv2.warpAffine(image, turn, SIZE, flags=cv2.INTER_CUBIC)


def box(width: float = 60.0, height: float = 24.0, roll: float = 0.0) -> LipBox:
    """A box around the middle."""
    return LipBox(MIDDLE[0] - width / 2, MIDDLE[1] - height / 2, width, height, roll)


def cut(picture: Image | Yuv420, of: Box) -> LipPicture:
    lips = cut_box(picture, of)
    assert lips
    return lips


def apart(one: Image, other: Image) -> float:
    """The mean difference in grey levels."""
    return float(np.abs(one.astype(float) - other).mean())


def test_a_whole_picture_is_its_own_box() -> None:
    picture = scene()[:50, :120]
    lips = cut(picture, Box(0, 0, 120, 50))
    assert lips.image.shape == (KEPT_HEIGHT, KEPT_WIDTH)
    assert lips.aspect == 50 / 120
    exact = cv2.resize(picture, (KEPT_WIDTH, KEPT_HEIGHT), interpolation=cv2.INTER_AREA)
    assert np.array_equal(lips.image, exact)


@pytest.mark.parametrize("degrees", [-40, -15, 3, 25])
def test_lips_of_a_head_on_its_side_are_cut_as_if_it_stood_upright(degrees: float) -> None:
    upright = cut(scene(), box())
    roll = math.radians(degrees)
    turned = cut(scene(roll), box(roll=roll))
    assert turned.aspect == upright.aspect == pytest.approx(0.4)
    assert apart(turned.image, upright.image) < 4
    assert apart(cut(scene(roll), box()).image, upright.image) > 10  # not turned


def test_an_upright_box_of_whole_pixels_is_cut_alike_both_ways() -> None:
    whole = Box(120, 98, 60, 24)
    assert apart(cut(scene(), box()).image, cut(scene(), whole).image) < 0.6


def test_half_a_pixel_more_is_seen() -> None:
    low, high = cut(scene(), box(30, 9.0)), cut(scene(), box(30, 9.5))
    assert high.aspect - low.aspect == pytest.approx(0.5 / 30)


def test_colour_and_a_camera_chips_brightness_give_the_same() -> None:
    grey = scene()
    plane = np.full((SIZE[1] // 2, SIZE[0] // 2), 128, np.uint8)
    pictures = (cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), Yuv420(grey, plane, plane))
    for roll in (0.0, 0.3):
        exact = cut(grey, box(roll=roll)).image
        for picture in pictures:
            assert np.array_equal(cut(picture, box(roll=roll)).image, exact)


@pytest.mark.parametrize(
    "outside",
    [
        LipBox(-9, 50, 60, 24),
        LipBox(280, 50, 60, 24),
        LipBox(50, -4, 60, 24),
        LipBox(50, 225, 60, 24),
        LipBox(2, 2, 60, 24, 0.4),  # its corner only
        LipBox(500, 500, 60, 24),
        LipBox(100, 100, 7.5, 4),
        LipBox(100, 100, 40, 1.2),
        Box(400, 100, 60, 24),
        Box(100, 100, 7, 4),
    ],
)
def test_lips_that_are_cut_off_or_too_small_are_none(outside: Box) -> None:
    assert cut_box(scene(), outside) is None


def test_lips_that_touch_the_border_are_lips() -> None:
    assert cut_box(scene(), LipBox(-0.4, -0.4, 60, 24))


def test_what_is_open_is_high_on_the_canvas_and_its_edges_are_drawn_out() -> None:
    lips = np.tile(np.linspace(30, 220, KEPT_HEIGHT)[:, None], (1, KEPT_WIDTH)).astype(np.uint8)
    heights = []
    for aspect in (0.2, 0.4, 0.6):
        canvas = on_canvas(LipPicture(lips, aspect))
        assert canvas.shape == (HEIGHT, WIDTH)
        column = canvas[:, WIDTH // 2].astype(int)
        heights.append(int((np.abs(np.diff(column)) > 1).sum()))
        middle = (HEIGHT - aspect * WIDTH) / 2
        assert (column[: int(middle)] == column[0]).all()
    assert heights == pytest.approx([0.2 * WIDTH, 0.4 * WIDTH, 0.6 * WIDTH], abs=2)


def test_a_change_moves_the_canvas() -> None:
    lips = cut(scene(), box())
    right = np.array([[1, 0, 5], [0, 1, 0], [0, 0, 1.0]])
    moved, still = on_canvas(lips, right), on_canvas(lips)
    assert apart(moved[:, 6:], still[:, 1:-5]) < 8 < apart(moved, still)


def test_light_and_skin_tell_nothing() -> None:
    lips = scene()[:HEIGHT, :WIDTH]
    dark = (lips * 0.35 + 12).astype(np.uint8)
    assert apart(lips, dark) > 30
    assert apart(standardised(lips), standardised(dark)) < 5
    assert standardised(lips).mean() == pytest.approx(LEVEL, abs=4)


def test_noise_alone_is_not_made_to_look_like_lips() -> None:
    noise = np.random.default_rng(0).normal(100, 1, (HEIGHT, WIDTH)).round().astype(np.uint8)
    assert standardised(noise).std() < 10
