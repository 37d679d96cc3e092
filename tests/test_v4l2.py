"""USB cameras: what they are asked for, how their frames are dated, and what it is to be gone."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import pytest

from edge.cameras import CameraGone
from edge.cameras.v4l2 import V4L2Camera
from tests.fakes import FakeCapture, FakeUsb, picture


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> FakeUsb:
    usb = FakeUsb()
    monkeypatch.setattr(cv2, "VideoCapture", usb.capture)
    return usb


@pytest.fixture
def camera(usb: FakeUsb) -> V4L2Camera:
    return V4L2Camera("/dev/video3", 640, 480, 25)


def test_the_fake_capture_has_no_method_that_the_real_one_lacks() -> None:
    used = {name for name in vars(FakeCapture) if not name.startswith("_")}
    assert used
    assert used <= set(dir(cv2.VideoCapture))


def test_a_usb_camera_is_asked_for_mjpg_first_and_for_the_profiles_size(
    camera: V4L2Camera, usb: FakeUsb
) -> None:
    camera.open()
    assert usb.opened == [("/dev/video3", cv2.CAP_V4L2)]
    # A format set after the size would set the size back.
    assert usb.asked[0] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    asked = dict(usb.asked)
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert asked[cv2.CAP_PROP_FRAME_HEIGHT] == 480
    assert asked[cv2.CAP_PROP_FPS] == 25


def test_a_usb_frame_is_dated_by_its_driver(camera: V4L2Camera, usb: FakeUsb) -> None:
    taken = time.monotonic() - 0.25
    usb.driver_ms = lambda: taken * 1000
    camera.open()
    frame = camera.read()
    assert frame is not None
    assert frame.captured_at == pytest.approx(taken)
    age = time.monotonic() - taken
    assert time.time() - frame.taken_at == pytest.approx(age, abs=0.05)
    assert (frame.index, frame.image.shape) == (0, picture().shape)


@pytest.mark.parametrize(
    "driver_ms",
    [
        lambda: 0.0,
        lambda: -1.0,
        lambda: float("nan"),
        lambda: time.time() * 1000,
        lambda: (time.monotonic() + 60) * 1000,
        lambda: (time.monotonic() - 60) * 1000,
    ],
    ids=["none", "negative", "no number", "another clock", "to come", "long gone"],
)
def test_a_time_of_the_driver_that_cannot_be_is_replaced_by_now(
    camera: V4L2Camera, usb: FakeUsb, driver_ms: Callable[[], float]
) -> None:
    usb.driver_ms = driver_ms
    camera.open()
    before = time.monotonic()
    frame = camera.read()
    assert frame is not None
    assert before <= frame.captured_at <= time.monotonic()


def test_a_usb_camera_that_is_not_there_may_come_back(camera: V4L2Camera, usb: FakeUsb) -> None:
    usb.plugged = False
    with pytest.raises(CameraGone, match="/dev/video3: no camera there"):
        camera.open()
    usb.plugged = True
    camera.open()
    assert camera.read() is not None


def test_a_usb_camera_that_is_pulled_out_is_gone_and_may_come_back(
    camera: V4L2Camera, usb: FakeUsb
) -> None:
    camera.open()
    assert [camera.read() is not None for _ in range(3)] == [True] * 3
    with pytest.raises(CameraGone, match="/dev/video3: gives no more frames"):
        camera.read()
    camera.close()
    assert usb.in_use == 0
    usb.frames_left = 1
    camera.open()
    frame = camera.read()
    assert frame is not None
    assert frame.index == 3


def test_a_usb_camera_that_is_not_open_is_gone(camera: V4L2Camera) -> None:
    with pytest.raises(CameraGone):
        camera.read()
    camera.close()
