"""Damaged pictures: which are refused, when the camera is given up, and that they do no harm."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from edge.assemble import assemble
from edge.cameras import CameraGone, make_camera
from edge.cameras.demo import LOOP_S, SMILES_PER_LOOP, DemoCamera
from edge.cameras.quality import CheckedCamera, Quality, is_dark
from edge.events import FaceArrived, SmileStarted
from edge.frame import Frame, Image, Picture, Yuv420
from edge.profiles import Profile
from edge.settings import CameraSettings, Settings
from tests.conftest import frames
from tests.fakes import ScriptedCamera

FPS = 10
NOISE = np.random.default_rng(1)


def noisy(middle: int = 120, size: tuple[int, int] = (160, 120), contrast: int = 50) -> Image:
    """A picture as a sensor gives it, never twice the same."""
    low, high = max(0, middle - contrast), min(256, middle + contrast)
    return NOISE.integers(low, high, (size[1], size[0], 3), np.uint8)


def grey(image: Image) -> Picture:
    return image[..., 1].copy()


def yuv(image: Image) -> Picture:
    half: Image = image[::2, ::2]
    return Yuv420(image[..., 1].copy(), half[..., 0].copy(), half[..., 2].copy())


def bgr(image: Image) -> Picture:
    return image


KINDS = pytest.mark.parametrize("kind", [bgr, grey, yuv])


def quality(frozen_s: float = 10.0, source: str = "0") -> Quality:
    return Quality(CameraSettings(source=source, frozen_s=frozen_s))


def shown(check: Quality, pictures: list[Any], begin: float = 100.0) -> list[bool]:
    """Which of pictures taken one after the other can be used."""
    return [check(Frame(p, begin + i / FPS, 0.0, i)) for i, p in enumerate(pictures)]


class Broken:
    """Something that a driver might give in place of a picture."""


BAD: list[Any] = [
    None,
    Broken(),
    np.empty((0, 0, 3), np.uint8),
    np.zeros((120, 160, 3), np.float32),
    np.zeros((120, 160, 4), np.uint8),
    np.zeros(1000, np.uint8),
    Yuv420(np.zeros((120, 160), np.uint8), np.zeros((60, 80), np.uint8), np.zeros(0, np.uint8)),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{type(bad).__name__} {np.shape(bad)}")
def test_what_is_no_picture_is_dropped_counted_and_given_back(bad: Any) -> None:
    check, given_back = quality(), []
    assert shown(check, [noisy()]) == [True]
    frame = Frame(bad, 100.1, 0.0, 1, release=lambda: given_back.append(bad))
    assert not check(frame)
    assert check.damaged == len(given_back) == 1
    assert shown(check, [noisy()], 100.2) == [True]


@KINDS
def test_a_picture_of_another_size_is_dropped_and_counted(
    kind: Callable[[Image], Picture],
) -> None:
    check = quality()
    sizes = [(160, 120), (320, 240), (160, 120), (160, 122), (160, 120)]
    assert shown(check, [kind(noisy(size=s)) for s in sizes]) == [True, False, True, False, True]
    assert check.damaged == 2


@KINDS
def test_a_camera_that_keeps_another_size_is_opened_again_and_used_with_it(
    kind: Callable[[Image], Picture],
) -> None:
    check = quality()
    shown(check, [kind(noisy()) for _ in range(5)])
    other = [kind(noisy(size=(320, 240))) for _ in range(20)]
    with pytest.raises(CameraGone, match="gives pictures of 320x240 where they were 160x120"):
        shown(check, other, 100.5)
    assert 9 <= check.damaged <= 11  # about a second
    check.begin()
    assert shown(check, other, 200) == [True] * 20


def test_a_camera_that_never_gives_a_picture_is_given_up() -> None:
    with pytest.raises(CameraGone, match="gives damaged pictures"):
        shown(quality(), [None] * 20)


def test_a_few_damaged_pictures_far_apart_are_no_reason_to_give_up() -> None:
    check = quality()
    assert sum(shown(check, [None if i % 3 else noisy() for i in range(300)])) == 100


@KINDS
def test_the_very_same_picture_for_long_means_that_the_camera_hangs(
    kind: Callable[[Image], Picture],
) -> None:
    check = quality(frozen_s=10)
    still = kind(noisy())
    assert all(shown(check, [kind(noisy()) for _ in range(20)] + [still] * 100))
    with pytest.raises(CameraGone, match=r"same picture for 10 s and hangs.*frozen_s = 0"):
        shown(check, [still] * 3, 112)


def test_a_camera_that_still_hangs_after_it_was_opened_shows_nothing_of_it() -> None:
    check, still = quality(frozen_s=2), noisy()
    with pytest.raises(CameraGone):
        shown(check, [still] * 40)
    check.begin()
    with pytest.raises(CameraGone):
        shown(check, [still] * 40, 200)
    check.begin()
    assert shown(check, [still, noisy(), noisy()], 300) == [False, True, True]


def test_noise_anywhere_in_the_picture_shows_that_it_is_alive() -> None:
    check, image = quality(frozen_s=2), noisy(size=(640, 480))
    for _ in range(60):
        rows = NOISE.integers(0, 480, 60)
        image[rows, 320] ^= 1  # one bit in every eighth row
        assert check(Frame(image, time.monotonic(), 0.0, 0))


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080)])
@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_a_clock_written_into_a_corner_shows_that_it_is_alive(
    size: tuple[int, int], corner: tuple[int, int]
) -> None:
    check, image = quality(frozen_s=2), noisy(size=size)
    letters = size[1] // 24  # pixels high and wide
    top, left = (
        (0 if end == 0 else side - letters) for end, side in zip(corner, size[::-1], strict=True)
    )
    for second in range(6):
        image[top : top + letters, left : left + letters] = 40 * second
        assert all(shown(check, [image] * FPS, 100 + second))


@pytest.mark.parametrize(
    "still",
    [np.zeros((120, 160, 3), np.uint8), np.full((120, 160, 3), 255, np.uint8)],
    ids=["covered", "blinded"],
)
def test_a_picture_with_nothing_on_it_may_stand_still(still: Image) -> None:
    assert all(shown(quality(frozen_s=2), [still] * 100))


def test_a_picture_may_stand_still_where_that_is_allowed_and_longer_in_the_network() -> None:
    still = noisy()
    assert all(shown(quality(frozen_s=0), [still] * 1000))
    assert all(shown(quality(frozen_s=2, source="rtsp://cam/"), [still] * 119))
    with pytest.raises(CameraGone):
        shown(quality(frozen_s=2, source="rtsp://cam/"), [still] * 125)


@KINDS
def test_darkness_and_light_are_said_once_each(
    kind: Callable[[Image], Picture], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    check = quality()
    light = [kind(noisy()) for _ in range(30)]
    covered = [kind(noisy(6, contrast=6)) for _ in range(100)]
    shown(check, light)
    assert not check.dark
    assert all(shown(check, covered, 110))
    assert check.dark
    assert is_dark(covered[0])
    shown(check, light, 130)
    assert not check.dark
    assert [record.getMessage() for record in caplog.records] == [
        "the camera's picture is dark: is its lens covered, or the light off?",
        "the camera sees light again",
    ]


def test_a_moment_of_darkness_or_a_lamp_in_the_night_is_nothing_to_say() -> None:
    check = quality()
    shown(check, [noisy()] * 10 + [noisy(5, contrast=5)] * 15 + [noisy()] * 10)
    assert not check.dark
    night = noisy(6, contrast=6)
    cv2.rectangle(night, (20, 20), (60, 60), (200, 220, 230), -1)
    shown(check, [night] * 60, 200)
    assert not check.dark


def test_only_a_live_camera_is_held_to_one_size_and_to_moving() -> None:
    check = quality(frozen_s=1)
    files = [Frame(noisy(size=s), i * 10.0, 0.0, i) for i, s in enumerate([(160, 120), (80, 60)])]
    assert frames(ScriptedCamera(files, live=False)) == files
    demo = make_camera(CameraSettings(source="demo"), Profile(), quality=check)
    assert isinstance(demo, DemoCamera)


def test_a_checked_camera_leaves_out_what_cannot_be_used_and_begins_anew_when_opened() -> None:
    check = quality()
    sizes = [(160, 120), (320, 240), (160, 120)]
    shots = [Frame(noisy(size=s), i / FPS, 0.0, i) for i, s in enumerate(sizes)]
    assert [f.index for f in frames(CheckedCamera(ScriptedCamera(shots), check))] == [0, 2]
    assert [f.index for f in frames(CheckedCamera(ScriptedCamera(shots[1:2]), check))] == [1]
    assert check.damaged == 1


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080)])
def test_a_look_at_a_picture_costs_nearly_nothing(size: tuple[int, int]) -> None:
    check, image = quality(), noisy(size=size)
    took = []
    for i in range(200):
        image[:, size[0] // 2] ^= 1
        began = time.perf_counter()
        check(Frame(image, i / FPS, 0.0, i))
        took.append(time.perf_counter() - began)
    assert np.median(took) < 0.0005  # a tenth of that where nothing else runs


def torn(image: Image, other: Image, how: str) -> Image:
    """A picture whose lower part is of another moment, or was lost."""
    spoiled = image.copy()
    half = len(image) // 2
    if how == "another moment":
        spoiled[half:] = np.roll(other, 60, axis=1)[half:]
    else:
        spoiled[half:] = {"grey": (128, 128, 128), "green": (0, 135, 0)}[how]
    return spoiled


@pytest.mark.usefixtures("face_model")
@pytest.mark.parametrize("how", ["another moment", "grey", "green"])
def test_a_torn_picture_now_and_then_loses_no_visit_and_adds_no_smile(how: str) -> None:
    camera = DemoCamera(640, 480, 15)
    pipeline = assemble(Settings(), Profile(width=640, height=480), None).pipeline
    happened, before = [], camera.read()
    while (frame := camera.read()).captured_at < LOOP_S:
        spoils = math.floor(frame.captured_at * 15) % 15 == 0  # one a second
        assert isinstance(frame.image, np.ndarray)
        assert isinstance(before.image, np.ndarray)
        image = torn(frame.image, before.image, how) if spoils else frame.image
        shot = Frame(image, frame.captured_at, frame.taken_at, frame.index)
        happened += pipeline(shot).events
        before = frame
    happened += pipeline.reset("stopped")
    assert sum(isinstance(event, FaceArrived) for event in happened) == 1
    assert sum(isinstance(event, SmileStarted) for event in happened) == SMILES_PER_LOOP
