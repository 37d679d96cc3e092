"""The board's own camera: what it is asked for, where its pictures lie, and how they are lent."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras import Camera, CameraGone, make_camera, picamera2
from edge.cameras.demo import LOOP_S, SMILES_PER_LOOP, DemoCamera
from edge.cameras.picamera2 import BUFFERS, PiCamera
from edge.errors import SourceError
from edge.frame import Frame, Image, Yuv420
from edge.profiles import Profile, choose
from edge.settings import CameraSettings, Settings
from edge.watch import Watch
from tests import fakes_picamera2 as fake
from tests.conftest import complaint
from tests.fakes import picture
from tests.fakes_picamera2 import NOW_S
from tests.feed import assert_soon

PROFILE = Profile(width=640, height=480, target_fps=25)


@pytest.fixture
def camera(board: fake.Board) -> Iterator[PiCamera]:
    camera = PiCamera(0, PROFILE)
    camera.open()
    yield camera
    camera.close()


def shoot(camera: Camera, board: fake.Board, image: Image, ago_s: float = 0.0) -> Frame:
    """The camera's next frame, of a picture."""
    board.expose(image, NOW_S - ago_s)
    frame = camera.read()
    assert frame is not None
    return frame


def yuv(frame: Frame) -> Yuv420:
    assert isinstance(frame.image, Yuv420)
    return frame.image


def noise(width: int, height: int, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def assert_shows(frame: Frame, image: Image) -> None:
    """Whether each plane is the picture's, to the last byte."""
    expected = fake.full_range_planes(image)
    for plane, right in zip((yuv(frame).y, yuv(frame).u, yuv(frame).v), expected, strict=True):
        assert np.array_equal(plane, right)


@pytest.mark.parametrize(
    ("size", "alignment", "stride"),
    [
        ((640, 480), 64, 640),
        ((480, 360), 64, 512),
        ((320, 240), 128, 384),
        ((334, 250), 64, 384),
        ((333, 251), 64, 384),
        ((641, 480), 2, 642),
    ],
)
@pytest.mark.parametrize("preview", [False, True])
def test_the_planes_are_cut_out_of_padded_rows(
    board: fake.Board, size: tuple[int, int], alignment: int, stride: int, preview: bool
) -> None:
    board.alignment, board.adjusted_size = alignment, size
    camera = PiCamera(0, PROFILE, preview=preview)
    camera.open()
    image = noise(*size)
    frame = shoot(camera, board, image)
    assert_shows(frame, image)
    assert (yuv(frame).y.strides[0], yuv(frame).u.strides[0]) == (stride, stride // 2)
    camera.close()


def test_the_picture_is_neither_copied_nor_can_it_be_written_to(
    camera: PiCamera, board: fake.Board
) -> None:
    first = shoot(camera, board, noise(640, 480, 0))
    first.release()
    for seed in range(1, BUFFERS + 1):  # until the same memory is used again
        later = shoot(camera, board, noise(640, 480, seed))
        later.release()
    assert_shows(first, noise(640, 480, BUFFERS))
    planes = (yuv(first).y, yuv(first).u, yuv(first).v)
    assert not any(plane.flags.owndata or plane.flags.writeable for plane in planes)


def test_without_a_preview_there_is_one_cheap_stream(camera: PiCamera, board: fake.Board) -> None:
    asked = board.camera.camera_configuration()
    assert (asked["main"]["format"], asked["main"]["size"]) == ("YUV420", (640, 480))
    assert (asked["lores"], asked["raw"]) == (None, None)
    assert shoot(camera, board, picture()).preview is None


def test_the_camera_is_asked_for_full_range_the_whole_view_and_the_profiles_rate(
    camera: PiCamera, board: fake.Board
) -> None:
    asked = board.camera.camera_configuration()
    assert asked["colour_space"] == fake.ColorSpace.Sycc()
    assert asked["sensor"] == {"output_size": (1640, 1232)}
    assert asked["controls"] == {"FrameDurationLimits": (40_000, 40_000)}
    assert asked["transform"] == fake.Transform()


def test_a_lens_that_can_focus_is_told_to(board: fake.Board) -> None:
    board.controls += ("AfMode",)
    camera = PiCamera(0, PROFILE)
    camera.open()
    assert board.camera.camera_configuration()["controls"]["AfMode"] == 2
    camera.close()


def test_a_preview_is_a_colour_picture_of_its_own(board: fake.Board) -> None:
    camera = PiCamera(0, PROFILE, preview=True)
    camera.open()
    frame = shoot(camera, board, noise(640, 480))
    assert_shows(frame, noise(640, 480))
    assert frame.preview is not None
    frame.release()
    for _ in range(BUFFERS):
        shoot(camera, board, picture()).release()
    assert np.array_equal(frame.preview, noise(640, 480))
    assert frame.preview.flags.owndata
    camera.close()


def test_a_frame_is_dated_by_the_sensor(camera: PiCamera, board: fake.Board) -> None:
    frames = [shoot(camera, board, picture(), ago_s) for ago_s in (0.25, 0.125)]
    assert [frame.captured_at for frame in frames] == [NOW_S - 0.25, NOW_S - 0.125]
    assert [frame.index for frame in frames] == [0, 1]
    assert time.time() - frames[1].taken_at == pytest.approx(0.125, abs=0.1)


@pytest.mark.parametrize("ago_s", [-1.0, 60.0, NOW_S])
def test_a_time_of_the_sensor_that_cannot_be_is_replaced_by_now(
    camera: PiCamera, board: fake.Board, ago_s: float
) -> None:
    assert shoot(camera, board, picture(), ago_s).captured_at == NOW_S


def test_lent_memory_is_not_written_over_until_it_is_given_back(
    camera: PiCamera, board: fake.Board
) -> None:
    held = [shoot(camera, board, noise(640, 480, seed)) for seed in range(BUFFERS)]
    board.expose(picture(), NOW_S)
    assert board.lost == 1
    for seed, frame in enumerate(held):
        assert_shows(frame, noise(640, 480, seed))
    with held[2]:
        pass
    assert_shows(shoot(camera, board, picture_of(640, 480)), picture_of(640, 480))
    assert board.lost == 1


def picture_of(width: int, height: int) -> Image:
    return cv2.resize(picture(), (width, height))


def test_giving_back_twice_gives_back_once(camera: PiCamera, board: fake.Board) -> None:
    with shoot(camera, board, picture()) as frame:
        frame.release()
    frame.release()
    assert len(board.camera.queued) == BUFFERS


def test_a_frame_outlives_its_camera_and_holds_up_nothing(
    camera: PiCamera, board: fake.Board
) -> None:
    given_back = shoot(camera, board, noise(640, 480, 1))
    given_back.release()
    looked_at = shoot(camera, board, noise(640, 480, 2))
    files = len(fake.open_files())
    camera.close()
    assert board.camera is None
    assert len(fake.open_files()) < files
    assert_shows(given_back, noise(640, 480, 1))
    assert_shows(looked_at, noise(640, 480, 2))
    camera.open()
    looked_at.release()
    assert len(board.camera.queued) == BUFFERS  # none of the old ones among the new
    assert shoot(camera, board, picture()).index == 2


def test_a_silent_camera_is_gone_and_may_come_back(camera: PiCamera, board: fake.Board) -> None:
    with pytest.raises(CameraGone, match=r"picamera2:0: no picture for 0\.05 s"):
        camera.read()
    camera.close()
    camera.open()
    assert_shows(shoot(camera, board, picture_of(640, 480)), picture_of(640, 480))


def test_a_camera_that_is_not_there_is_gone_and_may_come_back(board: fake.Board) -> None:
    cameras, board.cameras = board.cameras, []
    camera = PiCamera(0, PROFILE)
    with pytest.raises(CameraGone, match="picamera2:0: no camera there, 0 found"):
        camera.open()
    with pytest.raises(CameraGone, match="picamera2:0: is not open"):
        camera.read()
    camera.close()
    board.cameras = cameras
    camera.open()
    assert camera.live
    shoot(camera, board, picture())
    camera.close()


def test_a_camera_in_use_by_another_is_tried_again_without_using_anything_up(
    board: fake.Board,
) -> None:
    board.in_use = True
    camera, files = PiCamera(0, PROFILE), len(fake.open_files())
    for _ in range(20):
        with pytest.raises(CameraGone, match="broken: Failed to acquire camera: Device"):
            camera.open()
    assert len(fake.open_files()) == files


@pytest.mark.parametrize("step", ["__init__", "configure", "start"])
def test_a_camera_that_fails_half_way_into_its_start_is_let_go(
    board: fake.Board, step: str
) -> None:
    board.fails = {step}
    camera, files = PiCamera(0, PROFILE), len(fake.open_files())
    for _ in range(3):
        with pytest.raises(CameraGone, match=f"{step} failed"):
            camera.open()
        assert board.camera is None
    assert len(fake.open_files()) == files
    board.fails.clear()
    camera.open()
    shoot(camera, board, picture())
    camera.close()


def test_a_driver_that_fails_at_the_end_is_only_noted(
    camera: PiCamera, board: fake.Board, caplog: pytest.LogCaptureFixture
) -> None:
    frame = shoot(camera, board, picture())
    board.fails = {"queue_request", "close"}
    frame.release()
    camera.close()
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "the camera takes no memory back any more: queue_request failed",
        "the camera cannot be closed: close failed",
    ]


def test_a_usb_camera_is_for_another_adapter(board: fake.Board) -> None:
    board.cameras = [{"Id": "/base/scb/pcie@7d500000/usb@0,0-1.3:1.0-046d:0825", "Num": 0}]
    line = complaint(PiCamera(0, PROFILE).open, SourceError)
    assert line == "picamera2:0: a USB camera; give it as 0 or /dev/video0"


def test_a_format_that_was_not_asked_for_is_refused(board: fake.Board) -> None:
    board.given_format = "NV12"
    assert "NV12" in complaint(PiCamera(0, PROFILE).open, SourceError)
    assert board.camera is None


@pytest.mark.parametrize("missing", ["libcamera", "picamera2"])
def test_a_missing_package_is_one_clear_line(
    board: fake.Board, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    line = complaint(PiCamera(0, PROFILE).open, SourceError)
    assert "sudo apt install python3-picamera2" in line
    assert "--system-site-packages" in line


def test_a_package_made_for_another_numpy_is_one_clear_line(
    board: fake.Board, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = "numpy.dtype size changed, may indicate binary incompatibility"
    (tmp_path / "picamera2.py").write_text(f"raise ValueError({said!r} + '\\nand more')")
    monkeypatch.delitem(sys.modules, "picamera2")
    monkeypatch.syspath_prepend(tmp_path)
    line = complaint(PiCamera(0, PROFILE).open, SourceError)
    assert line == f"picamera2 cannot be loaded: {said}; see docs/camera.md"


@pytest.mark.parametrize(("source", "number"), [("picamera2", 0), ("picamera2:1", 1)])
def test_a_source_names_the_number_of_the_camera(
    board: fake.Board, source: str, number: int
) -> None:
    camera = make_camera(CameraSettings(source=source), PROFILE)
    assert isinstance(camera, PiCamera)
    board.cameras = []
    with pytest.raises(CameraGone, match=f"^picamera2:{number}: no camera there"):
        camera.open()


@pytest.mark.parametrize("source", ["picamera2:", "picamera2:x", "picamera2:-1", "picamera2:1:2"])
def test_a_source_that_names_no_number_is_refused(source: str) -> None:
    line = complaint(lambda: make_camera(CameraSettings(source=source), PROFILE), SourceError)
    assert line == f"{source}: must be picamera2, or picamera2:N for camera number N"


@pytest.mark.parametrize("rotate", [90, 180, 270])
@pytest.mark.parametrize("preview", [False, True])
def test_pictures_are_turned_and_their_memory_is_given_back(
    board: fake.Board, rotate: int, preview: bool
) -> None:
    camera = make_camera(CameraSettings(source="picamera2", rotate=rotate), PROFILE, preview)
    camera.open()
    image = cv2.resize(noise(8, 6), (640, 480), interpolation=cv2.INTER_NEAREST)
    frame = shoot(camera, board, image)
    turned = np.rot90(image, -rotate // 90)
    assert_shows(frame, turned)
    assert (frame.preview is not None) == preview
    if frame.preview is not None:
        assert np.array_equal(frame.preview, turned)
    frame.release()
    assert len(board.camera.queued) == BUFFERS
    assert fake.Transform(rotate == 180, rotate == 180) == board.camera.camera_config["transform"]
    camera.close()


def test_every_smile_of_the_drawn_face_is_counted_from_the_cameras_own_format(
    board: fake.Board, face_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile, fps = replace(choose("pi-4"), target_fps=12.0), 12
    moment = NOW_S
    monkeypatch.setattr(picamera2, "_boot_time_s", lambda: moment)
    monkeypatch.setattr(picamera2, "SILENCE_S", 30.0)
    watch = Watch(Settings(camera=CameraSettings(source="picamera2")), profile, face_model.parent)
    watch.load(lambda: 1)
    watch.start()
    assert_soon(lambda: board.camera is not None and board.camera.started)
    film = DemoCamera(profile.width, profile.height, fps)
    kinds = []
    for index in range(int(LOOP_S * fps)):
        moment = NOW_S + index / fps
        board.expose(film.draw(index / fps), moment)
        frame = watch.take(5.0)
        assert frame is not None
        assert isinstance(frame.image, Yuv420)
        with frame:
            kinds += [event.event_type for event in watch.look(frame)]
    board.expose(picture(), moment)  # ends the reader's wait
    kinds += [event.event_type for event in watch.stop()]
    assert board.lost == 0
    assert kinds.count("smile_started") == kinds.count("smile_ended") == SMILES_PER_LOOP
    assert (kinds[0], kinds[-1], kinds.count("face_arrived")) == ("face_arrived", "face_left", 1)
