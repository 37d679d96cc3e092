"""Sources of frames: real files, a camera's interface, the reading thread and the drawn face."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest

from edge.cameras import CameraGone, demo, make_camera, reader
from edge.cameras.demo import DemoCamera
from edge.cameras.folder import FolderCamera
from edge.cameras.reader import CameraReader, Pace
from edge.cameras.v4l2 import V4L2Camera
from edge.cameras.video import VideoCamera
from edge.detect import BlazeFace
from edge.errors import SourceError
from edge.frame import Frame, Image
from edge.profiles import Profile
from edge.settings import CameraSettings

FPS, FRAMES, SIZE = 15, 30, (160, 120)
PATIENCE_S = 5.0  # for another thread; nothing here takes nearly as long


def picture(index: int = 0) -> Image:
    image = np.full((SIZE[1], SIZE[0], 3), 20 + 5 * index, np.uint8)
    cv2.putText(image, str(index), (20, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 3)
    return image


def film(path: Path, codec: str = "mp4v") -> Path:
    """A real video whose frames grow brighter."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), FPS, SIZE)
    assert writer.isOpened()
    for index in range(FRAMES):
        writer.write(picture(index))
    writer.release()
    return path


def holed(whole: Path, path: Path) -> Path:
    """The same video with two thousand bytes of its pictures gone."""
    content = bytearray(whole.read_bytes())
    middle = content.find(b"moov") // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("video") / "film.mp4")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of three pictures and a file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, name in enumerate(("a.png", "b.jpg", "d.BMP")):
        assert cv2.imwrite(str(folder / name), picture(20 * index))
    (folder / "c.jpg").write_text("not a picture")
    (folder / "notes.txt").write_text("not looked at")
    return folder


def frames(camera: VideoCamera | FolderCamera, most: int = 1000) -> list[Frame]:
    camera.open()
    found: list[Frame] = []
    while len(found) < most and (frame := camera.read()) is not None:
        found.append(frame)
    camera.close()
    return found


def complaint(work: Callable[[], object]) -> str:
    with pytest.raises(SourceError) as refused:
        work()
    line = str(refused.value)
    assert "\n" not in line
    return line


# Video files


def test_a_video_gives_all_its_frames_in_order(video: Path) -> None:
    found = frames(VideoCamera(video, loop=False))
    assert [frame.index for frame in found] == list(range(FRAMES))
    assert all(frame.image.shape == (SIZE[1], SIZE[0], 3) for frame in found)
    brightness = [frame.image.mean() for frame in found]
    assert brightness == sorted(brightness)


def test_a_frame_of_a_video_is_dated_by_its_place_in_the_file(video: Path) -> None:
    before = time.time()
    found = frames(VideoCamera(video, loop=False))
    assert [f.captured_at for f in found] == pytest.approx(
        [i / FPS for i in range(FRAMES)], abs=1e-3
    )
    began = found[0].taken_at
    assert before <= began <= time.time()
    assert [f.taken_at - began for f in found] == pytest.approx([f.captured_at for f in found])


def test_a_video_that_is_looped_goes_on_in_time(video: Path) -> None:
    found = frames(VideoCamera(video, loop=True), most=2 * FRAMES + 5)
    assert [frame.index for frame in found] == list(range(2 * FRAMES + 5))
    steps = np.diff([frame.captured_at for frame in found])
    assert steps == pytest.approx(np.full(steps.size, 1 / FPS), abs=1e-3)
    assert np.array_equal(found[0].image, found[FRAMES].image)


def test_a_whole_video_ends_without_a_warning(
    video: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frames(VideoCamera(video, loop=False))
    assert not caplog.records


def test_a_video_cut_off_before_its_index_is_refused(video: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    assert complaint(lambda: VideoCamera(path, loop=False)) == (
        f"{path}: damaged, or not a video that can be read"
    )


def test_a_video_cut_off_after_its_index_gives_what_is_left_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = film(tmp_path / "cut.avi", "MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = frames(VideoCamera(path, loop=False))
    assert FRAMES // 3 < len(found) < FRAMES * 2 // 3
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: ended at frame {len(found)} of {FRAMES}; is it damaged?"
    ]


def test_a_video_with_a_hole_in_it_ends_and_says_so(
    video: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = holed(video, tmp_path / "hole.mp4")
    found = frames(VideoCamera(path, loop=False))
    assert 0 < len(found) <= FRAMES
    steps = np.diff([frame.captured_at for frame in found])
    assert (steps > 0).all()
    assert (len(found) < FRAMES) == ("is it damaged?" in caplog.text)


def test_a_broken_video_is_told_of_in_lines_of_our_own_alone(
    video: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = holed(video, tmp_path / "hole.mp4")
    frames(VideoCamera(path, loop=False))
    path.write_text("not a video")
    complaint(lambda: VideoCamera(path, loop=False))
    assert capfd.readouterr().err.splitlines()[:3] == []


@pytest.mark.parametrize(
    "content",
    [b"", b"not a video\n", np.random.default_rng(1).bytes(5000)],
    ids=["empty", "text", "random"],
)
def test_a_file_that_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    assert complaint(lambda: VideoCamera(path, loop=False)) == (
        f"{path}: damaged, or not a video that can be read"
    )


# Picture folders


def test_pictures_come_in_the_order_of_their_names_at_a_steady_rate(pictures: Path) -> None:
    found = frames(FolderCamera(pictures, fps=10, loop=False))
    assert [round(frame.image[0, 0, 0] / 10) for frame in found] == [2, 12, 22]
    assert [frame.index for frame in found] == [0, 1, 2]
    assert [frame.captured_at for frame in found] == pytest.approx([0, 0.1, 0.2])


def test_a_file_that_is_no_picture_is_left_out_and_named_once(
    pictures: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = frames(FolderCamera(pictures, fps=10, loop=True), most=8)
    assert [frame.index for frame in found] == list(range(8))
    assert np.array_equal(found[0].image, found[3].image)
    assert [record.getMessage() for record in caplog.records] == [
        f"{pictures / 'c.jpg'}: not a picture, left out"
    ]


def test_a_folder_that_is_looped_goes_on_in_time(pictures: Path) -> None:
    found = frames(FolderCamera(pictures, fps=10, loop=True), most=7)
    assert [frame.captured_at for frame in found] == pytest.approx([i / 10 for i in range(7)])


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    said = complaint(lambda: FolderCamera(tmp_path, fps=10, loop=False))
    assert said.startswith(f"{tmp_path}: no pictures in it (.bmp .jpeg .jpg")


@pytest.mark.parametrize("loop", [False, True])
def test_a_folder_of_files_that_only_look_like_pictures_is_refused(
    tmp_path: Path, loop: bool
) -> None:
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).write_text("not a picture")
    camera = FolderCamera(tmp_path, fps=10, loop=loop)
    said = complaint(lambda: frames(camera))
    assert said == f"{tmp_path}: none of its files can be read as a picture"


# Choosing


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("demo", DemoCamera),
        ("0", V4L2Camera),
        ("/dev/video2", V4L2Camera),
        ("film.mp4", VideoCamera),
        ("pictures", FolderCamera),
    ],
)
def test_a_source_is_known_by_its_looks(
    video: Path,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    kind: type[object],
) -> None:
    monkeypatch.chdir(video.parent if source == "film.mp4" else pictures.parent)
    assert type(make_camera(CameraSettings(source=source), Profile())) is kind


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("none.mp4", "no such source"),
        ("rtsp://camera/stream", "no such source"),
        ("Demo", "no such source"),
        ("x" * 300, "no such source"),
        ("pictures/a.png", "a single picture; give the folder it lies in"),
        ("empty", "no pictures in it"),
        ("pictures/notes.txt", "damaged, or not a video"),
    ],
)
def test_a_source_that_waiting_does_not_help_is_refused(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    monkeypatch.chdir(pictures.parent)
    Path("empty").mkdir()
    line = complaint(lambda: make_camera(CameraSettings(source=source), Profile()))
    assert line.startswith(f"{source}: {said}")


def test_an_empty_source_is_not_the_folder_one_stands_in(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures)
    complaint(lambda: make_camera(CameraSettings(source=""), Profile()))


# USB cameras


class FakeCapture:
    """The part of cv2.VideoCapture that is used, over a camera plugged in by a test."""

    plugged: ClassVar[bool] = True
    frames_left: ClassVar[int] = 3
    driver_ms: ClassVar[Callable[[], float]] = staticmethod(lambda: 0.0)
    asked: ClassVar[list[tuple[int, float]]] = []
    opened: ClassVar[list[tuple[str, int]]] = []
    in_use: ClassVar[int] = 0

    def __init__(self, device: str, api: int) -> None:
        FakeCapture.opened.append((device, api))
        self._open = FakeCapture.plugged
        FakeCapture.in_use += self._open

    def isOpened(self) -> bool:
        return self._open

    def set(self, what: int, value: float) -> bool:
        FakeCapture.asked.append((what, value))
        return True

    def get(self, what: int) -> float:
        return FakeCapture.driver_ms() if what == cv2.CAP_PROP_POS_MSEC else 0.0

    def read(self) -> tuple[bool, Image | None]:
        if not self._open or FakeCapture.frames_left == 0:
            return False, None
        FakeCapture.frames_left -= 1
        return True, picture()

    def release(self) -> None:
        FakeCapture.in_use -= self._open
        self._open = False


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> type[FakeCapture]:
    for name, value in {"plugged": True, "frames_left": 3, "in_use": 0}.items():
        monkeypatch.setattr(FakeCapture, name, value)
    monkeypatch.setattr(FakeCapture, "asked", [])
    monkeypatch.setattr(FakeCapture, "opened", [])
    monkeypatch.setattr(FakeCapture, "driver_ms", lambda: 0.0)
    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)
    return FakeCapture


@pytest.fixture
def camera(usb: type[FakeCapture]) -> V4L2Camera:
    return V4L2Camera("/dev/video3", 640, 480, 25)


def test_the_fake_capture_has_no_method_that_the_real_one_lacks() -> None:
    used = {name for name in vars(FakeCapture) if callable(getattr(FakeCapture, name))}
    own = {"driver_ms", "__init__"}
    assert used - own <= set(dir(cv2.VideoCapture))


def test_a_usb_camera_is_asked_for_mjpg_first_and_for_the_profiles_size(
    camera: V4L2Camera, usb: type[FakeCapture]
) -> None:
    camera.open()
    assert usb.opened == [("/dev/video3", cv2.CAP_V4L2)]
    # A format set after the size would set the size back.
    assert usb.asked[0] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    asked = dict(usb.asked)
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert asked[cv2.CAP_PROP_FRAME_HEIGHT] == 480
    assert asked[cv2.CAP_PROP_FPS] == 25


def test_a_usb_frame_is_dated_by_its_driver(
    camera: V4L2Camera, usb: type[FakeCapture], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = time.monotonic() - 0.25
    monkeypatch.setattr(usb, "driver_ms", lambda: taken * 1000)
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
    camera: V4L2Camera,
    usb: type[FakeCapture],
    monkeypatch: pytest.MonkeyPatch,
    driver_ms: Callable[[], float],
) -> None:
    monkeypatch.setattr(usb, "driver_ms", driver_ms)
    camera.open()
    before = time.monotonic()
    frame = camera.read()
    assert frame is not None
    assert before <= frame.captured_at <= time.monotonic()


def test_a_usb_camera_that_is_not_there_may_come_back(
    camera: V4L2Camera, usb: type[FakeCapture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usb, "plugged", False)
    with pytest.raises(CameraGone, match="/dev/video3: no camera there"):
        camera.open()
    monkeypatch.setattr(usb, "plugged", True)
    camera.open()
    assert camera.read() is not None


def test_a_usb_camera_that_is_pulled_out_is_gone_and_may_come_back(
    camera: V4L2Camera, usb: type[FakeCapture], monkeypatch: pytest.MonkeyPatch
) -> None:
    camera.open()
    assert [camera.read() is not None for _ in range(3)] == [True] * 3
    with pytest.raises(CameraGone, match="/dev/video3: gives no more frames"):
        camera.read()
    camera.close()
    assert usb.in_use == 0
    monkeypatch.setattr(usb, "frames_left", 1)
    camera.open()
    frame = camera.read()
    assert frame is not None
    assert frame.index == 3


def test_a_usb_camera_that_is_not_open_is_gone(camera: V4L2Camera) -> None:
    with pytest.raises(CameraGone):
        camera.read()
    camera.close()


# The reading thread


class Script:
    """A camera whose every `read` does the next thing of a list; an empty list is the end."""

    def __init__(self, happens: Sequence[Frame | Exception], absent: int = 0, live: bool = True):
        self.live = live
        self._happens, self._absent = list(happens), absent
        self.at_end = threading.Event()
        self.is_open = False

    def open(self) -> None:
        if self._absent:
            self._absent -= 1
            raise CameraGone("no camera")
        self.is_open = True

    def read(self) -> Frame | None:
        assert self.is_open
        if not self._happens:
            self.at_end.set()
            return None
        happens = self._happens.pop(0)
        if isinstance(happens, Exception):
            raise happens
        return happens

    def close(self) -> None:
        self.is_open = False


def shots(count: int, step_s: float = 0.0) -> list[Frame]:
    return [Frame(picture(), i * step_s, i * step_s, i) for i in range(count)]


@pytest.fixture
def started() -> Iterator[Callable[[Script, bool], CameraReader]]:
    """Starts readers, which stop with the test."""
    readers: list[CameraReader] = []

    def start(camera: Script, lossless: bool) -> CameraReader:
        readers.append(CameraReader(camera, lossless))
        readers[-1].start()
        return readers[-1]

    yield start
    for each in readers:
        each.stop()


Started = Callable[[Script, bool], CameraReader]


def taken(camera: CameraReader) -> list[int]:
    """The numbers of all frames until the end."""
    found = []
    while (frame := camera.take(PATIENCE_S)) is not None:
        found.append(frame.index)
    assert camera.ended
    return found


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(reader, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(reader, "LONGEST_PAUSE_S", 0.04)
    caplog.set_level(logging.INFO)


def pauses(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = [record.getMessage() for record in caplog.records]
    return [line.rpartition("again in ")[2] for line in lines if "again in" in line]


def test_the_newest_frame_is_handed_over_and_the_others_are_counted(started: Started) -> None:
    camera = Script(shots(10))
    read = started(camera, False)
    assert camera.at_end.wait(PATIENCE_S)
    assert taken(read) == [9]
    assert read.dropped == 9


def test_without_loss_every_frame_is_handed_over(started: Started) -> None:
    read = started(Script(shots(10), live=False), True)
    assert taken(read) == list(range(10))
    assert read.dropped == 0


def test_a_source_without_frames_ends_at_once(started: Started) -> None:
    assert taken(started(Script([]), False)) == []


def test_no_frame_in_time_is_no_end() -> None:
    read = CameraReader(Script(shots(1)), lossless=False)
    assert read.take(0.0) is None
    assert not read.ended


def test_a_file_is_shown_at_its_own_pace(started: Started) -> None:
    began = time.monotonic()
    read = started(Script(shots(4, step_s=0.03), live=False), False)
    assert taken(read)[-1] == 3
    assert time.monotonic() - began >= 0.09


def test_the_pace_counts_from_the_first_frame() -> None:
    pace = Pace()
    assert pace.rest(100.0) == pytest.approx(0, abs=0.05)
    assert pace.rest(160.0) == pytest.approx(60, abs=0.5)
    assert pace.rest(99.0) < 0


@pytest.mark.usefixtures("short_pauses")
def test_a_camera_that_is_not_there_is_waited_for_with_growing_pauses(
    started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    read = started(Script(shots(1), absent=5), False)
    frame = read.take(PATIENCE_S)
    assert frame is not None
    assert pauses(caplog) == ["0.01 s", "0.02 s", "0.04 s", "0.04 s", "0.04 s"]
    assert read.reopened == 5
    assert not read.missing
    assert "camera is back" in caplog.text


@pytest.mark.usefixtures("short_pauses")
def test_a_camera_that_goes_away_comes_back_and_its_next_pause_is_short_again(
    started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    one, two, three = shots(3)
    gone = [CameraGone("pulled out") for _ in range(4)]
    read = started(Script([one, gone[0], gone[1], gone[2], two, gone[3], three]), True)
    assert taken(read) == [0, 1, 2]
    assert pauses(caplog) == ["0.01 s", "0.02 s", "0.04 s", "0.01 s"]
    assert read.reopened == 4


def test_a_camera_that_is_waited_for_is_called_missing_and_can_be_stopped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    read = CameraReader(Script([], absent=10**6), lossless=False)
    began = time.monotonic()
    read.start()
    while not read.missing and time.monotonic() < began + PATIENCE_S:
        assert read.take(0.01) is None
    assert read.missing
    began = time.monotonic()
    read.stop()
    assert time.monotonic() - began < reader.FIRST_PAUSE_S
    assert pauses(caplog) == ["1 s"]


@pytest.mark.parametrize("lossless", [False, True])
def test_what_makes_the_source_fail_reaches_the_taker_after_the_last_frame(
    started: Started, lossless: bool
) -> None:
    (one,) = shots(1)
    camera = Script([one, SourceError("film.mp4: damaged")])
    read = started(camera, lossless)
    assert read.take(PATIENCE_S) == one
    with pytest.raises(SourceError, match="damaged"):
        read.take(PATIENCE_S)


def test_a_fault_of_a_camera_reaches_the_taker_too(started: Started) -> None:
    read = started(Script([RuntimeError("driver")]), False)
    with pytest.raises(RuntimeError, match="driver"):
        read.take(PATIENCE_S)


def test_a_reader_that_stops_closes_its_camera() -> None:
    camera = Script(shots(5))
    read = CameraReader(camera, lossless=True)  # waits for a taker that never comes
    read.start()
    assert read.take(PATIENCE_S) is not None
    read.stop()
    assert not camera.is_open


# The drawn face


def moments(fps: float = 15) -> list[float]:
    return [i / fps for i in range(round(demo.LOOP_S * fps))]


def test_the_drawn_face_is_the_same_for_the_same_seed() -> None:
    one, same, other = (DemoCamera(320, 240, 15, seed) for seed in (4, 4, 5))
    for _ in range(5):
        image = one.read().image
        assert np.array_equal(image, same.read().image)
        assert not np.array_equal(image, other.read().image)


def test_the_drawn_face_keeps_the_profiles_size_and_rate() -> None:
    camera = DemoCamera(320, 240, 12)
    camera.open()
    found = [camera.read() for _ in range(13)]
    assert {frame.image.shape for frame in found} == {(240, 320, 3)}
    assert {frame.image.dtype for frame in found} == {np.dtype(np.uint8)}
    assert [frame.captured_at for frame in found] == pytest.approx([i / 12 for i in range(13)])
    assert found[12].taken_at - found[0].taken_at == pytest.approx(1)


def test_the_drawn_mouth_smiles_when_the_script_says() -> None:
    half = demo.CHANGE_S / 2  # a shape is half reached by then
    times = demo.smile_times()
    assert len(times) == demo.SMILES_PER_LOOP > 1
    for at in moments(50):
        due = any(start + half < at < end + half for start, end in times)
        edge = any(abs(at - bound - half) < 0.02 for pair in times for bound in pair)
        assert edge or due == (demo.mouth_at(at).smile > 0.5), at


def test_the_script_is_repeated_without_end() -> None:
    for at in moments(5):
        assert demo.mouth_at(at).smile == pytest.approx(demo.mouth_at(at + 3 * demo.LOOP_S).smile)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (320, 240)])
def test_the_detector_finds_the_drawn_face(detector: BlazeFace, width: int, height: int) -> None:
    camera = DemoCamera(width, height, 15)
    found = [detector(camera.draw(at)) for at in moments()]
    assert sum(len(faces) == 1 for faces in found) >= 0.95 * len(found)
    for faces in found:
        for face in faces:
            x, y = face.box.centre
            assert abs(x - width / 2) < width / 5
            assert abs(y - height / 2) < height / 5
            assert face.keypoints.right_eye.real < face.keypoints.left_eye.real
            assert face.keypoints.mouth.imag > face.keypoints.nose.imag
