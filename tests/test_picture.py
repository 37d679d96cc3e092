"""What detectors get of a picture: alike from every format, in its right place, without waste."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.cameras.demo import DemoCamera
from edge.frame import Image, Picture, Yuv420
from edge.picture import Fit, Grey, memory, rgb, size

SIDE = 128
SIZES = pytest.mark.parametrize("width,height", [(640, 480), (641, 479), (321, 241), (96, 127)])


def yuv(image: Image) -> Yuv420:
    """A BGR picture as camera chips give it; odd sizes have one more half-sized pixel."""
    height, width = image.shape[:2]
    even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    y, v, u = cv2.split(cv2.cvtColor(even, cv2.COLOR_BGR2YCrCb))
    half = [cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for p in (u, v)]
    return Yuv420(np.ascontiguousarray(y[:height, :width]), *half)


def grey(image: Image) -> Image:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def drawn(width: int, height: int) -> Image:
    """The drawn face, softened as colour is at half the size."""
    return cv2.GaussianBlur(DemoCamera(width, height, 15).draw(3.0), (0, 0), 3)


def ramps() -> Image:
    """Blue that grows to the right and red that grows downwards, by much from pixel to pixel."""
    image = np.full((32, 32, 3), 100, np.uint8)
    image[..., 0], image[..., 2] = 8 * np.arange(32)[None], 8 * np.arange(32)[:, None]
    return image


def square(picture: Picture, part: tuple[int, int, int, int], side: int = SIDE) -> Image:
    fit = Fit(side)
    fit(picture, *part)
    return fit.square


def parts(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """All of a picture, parts at its borders and inside, even and odd, wide and high."""
    return [
        (0, 0, width, height),
        (1, 1, width - 1, height - 1),
        (0, 0, 9, 9),
        (width - 31, height - 33, width, height),
        (width - 30, 0, width, 77),
        (0, height - 40, 91, height),
        (width // 3, height // 4, width // 3 + 30, height // 4 + 60),
        (width // 3, height // 4, width // 3 + 8, height // 4 + 8),
    ]


@SIZES
def test_a_chips_own_format_gives_what_the_colour_picture_gives(width: int, height: int) -> None:
    image = drawn(width, height)
    for part in parts(width, height):
        off = square(yuv(image), part).astype(int) - square(image, part)
        assert np.abs(off).mean() < 2, part
        assert np.abs(off).max() < 32, part


@pytest.mark.parametrize("side", [16, 24, 64, 128])
@pytest.mark.parametrize(
    ("part", "most"),
    [
        ((0, 0, 32, 32), 1.2),
        ((4, 4, 28, 28), 1.2),
        ((5, 5, 27, 27), 1.2),
        ((4, 4, 27, 27), 3.2),  # half a pixel's colour is outside
        ((5, 5, 28, 28), 3.2),
    ],
)
def test_its_colours_lie_where_its_brightness_lies(
    part: tuple[int, int, int, int], most: float, side: int
) -> None:
    """Here, colour that lies one pixel aside is eight levels off."""
    off = square(yuv(ramps()), part, side).astype(int) - square(ramps(), part, side)
    inner = slice(side // 5, -side // 5)
    assert np.abs(off[inner, inner].mean(axis=(0, 1))).max() < most


@SIZES
def test_a_grey_picture_is_shown_in_grey_as_a_coloured_one_without_colour(
    width: int, height: int
) -> None:
    image = grey(drawn(width, height))
    half = np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8)
    for part in parts(width, height):
        shown = square(image, part)
        assert shown.std() > 0
        assert (shown == square(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), part)).all()
        assert (shown == square(Yuv420(image, half, half), part)).all()
        assert (shown[..., 0] == shown[..., 2]).all()


def test_the_square_is_red_green_blue_and_black_around_the_part() -> None:
    image = np.full((40, 80, 3), (200, 100, 50), np.uint8)
    for picture in (image, yuv(image)):
        fit = Fit(64)
        fit(np.full((50, 50, 3), 255, np.uint8), 0, 0, 50, 50)  # what was there before is gone
        fit(picture, 10, 5, 70, 35)
        assert np.abs(fit.square[18:46, 2:62].astype(int) - (50, 100, 200)).max() <= 2
        assert fit.square[:14].max() == fit.square[50:].max() == 0


def marked(width: int, height: int, place: complex, wide: float) -> Image:
    """A soft white spot; places count from the picture's corner, so pixels have their middle at
    a half."""
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    far = (x - place.real) ** 2 + (y - place.imag) ** 2
    spot = 255 * np.exp(-far / (2 * wide**2))
    return cv2.cvtColor(np.rint(spot).astype(np.uint8), cv2.COLOR_GRAY2BGR)


@pytest.mark.parametrize("convert", [lambda image: image, grey, yuv], ids=["bgr", "grey", "yuv"])
@pytest.mark.parametrize("side", [128, 192])
@pytest.mark.parametrize(
    ("whole", "part"),
    [
        ((640, 480), (0, 0, 640, 480)),
        ((480, 640), (0, 0, 480, 640)),
        ((641, 479), (0, 0, 641, 479)),
        ((640, 480), (261, 153, 400, 260)),
        ((640, 480), (270, 170, 331, 250)),
        ((640, 480), (265, 177, 320, 240)),
        ((1280, 720), (100, 0, 1280, 719)),
    ],
)
def test_what_is_seen_in_the_square_is_found_back_in_the_picture(
    convert: Callable[[Image], Picture],
    side: int,
    whole: tuple[int, int],
    part: tuple[int, int, int, int],
) -> None:
    step = max(part[2] - part[0], part[3] - part[1]) / side
    place = complex(301.3, 208.6)
    fit = Fit(side)
    there = fit(convert(marked(*whole, place, 1.5 * max(step, 1))), *part)
    weights = fit.square[..., 1].astype(float)
    middles = np.arange(side) + 0.5
    seen = [(weights * middles).sum(), (weights * middles[:, None]).sum()] / weights.sum()
    x, y, width, height, *points = there.back(np.array([*seen, 10, 20, *seen], np.float32))
    for found in (complex(x, y), complex(*points)):
        assert found == pytest.approx(place, abs=0.05 * max(step, 1))
    assert (width, height) == pytest.approx((10 * step, 20 * step))


def test_the_whole_part_is_as_large_in_the_square_as_fits() -> None:
    there = Fit(128)(np.zeros((480, 640), np.uint8), 0, 0, 640, 480)
    assert there.scale == 128 / 640
    assert there.margins.tolist() == [0, 16]


@SIZES
def test_a_part_in_colour_is_the_same_from_either_format(width: int, height: int) -> None:
    image = drawn(width, height)
    for left, top, right, bottom in parts(width, height):
        part = rgb(image, left, top, right, bottom)
        assert (part == image[top:bottom, left:right, ::-1]).all()
        off = rgb(yuv(image), left, top, right, bottom).astype(int) - part
        assert np.abs(off).mean() < 2


def test_a_part_of_a_grey_picture_is_three_times_the_same() -> None:
    image = grey(drawn(96, 127))
    part = rgb(image, 10, 20, 50, 70)
    assert part.shape == (50, 40, 3)
    assert (part == image[20:70, 10:50, None]).all()


def test_grey_and_the_chips_own_format_have_their_brightness_already() -> None:
    image = drawn(96, 127)
    without, own = grey(image), yuv(image)
    assert Grey()(without) is without
    assert Grey()(own) is own.y


def test_the_brightness_of_a_colour_picture_is_written_to_the_same_memory_again() -> None:
    convert = Grey()
    first = convert(drawn(96, 127))
    assert (first == grey(drawn(96, 127))).all()
    black = np.zeros((127, 96, 3), np.uint8)
    assert convert(black) is first
    assert first.max() == 0
    other = convert(drawn(127, 96))
    assert other.shape == (96, 127)
    assert convert(drawn(127, 96)) is other


@SIZES
def test_size_and_memory_are_those_of_the_picture(width: int, height: int) -> None:
    image = drawn(width, height)
    halves = ((width + 1) // 2) * ((height + 1) // 2)
    for picture, many in (
        (image, 3 * width * height),
        (grey(image), width * height),
        (yuv(image), width * height + 2 * halves),
    ):
        assert size(picture) == (width, height)
        assert memory(picture) == many


def allocated(work: Callable[[], object]) -> int:
    """The most bytes that fifty calls, after some first ones, hold at any moment."""
    tracemalloc.start()
    try:
        for _ in range(3):
            work()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for _ in range(50):
            work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("convert", [lambda image: image, grey, yuv], ids=["bgr", "grey", "yuv"])
@pytest.mark.parametrize("part", [(0, 0, 640, 480), (101, 53, 260, 200)])
def test_no_array_is_made_from_call_to_call(
    convert: Callable[[Image], Picture], part: tuple[int, int, int, int]
) -> None:
    picture, fit, brightness = convert(drawn(640, 480)), Fit(SIDE), Grey()
    assert allocated(lambda: np.empty(SIDE * SIDE, np.uint8)) >= SIDE * SIDE  # it would be seen
    assert allocated(lambda: fit(picture, *part)) < 3000
    assert allocated(lambda: brightness(picture)) < 3000
