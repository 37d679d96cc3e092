"""The camera's own thread: which frames it hands over, and how it waits for a lost camera."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import pytest

from edge.cameras import Camera, CameraGone, reader
from edge.cameras.reader import CameraReader, Pace
from edge.errors import SourceError
from edge.frame import Frame
from tests.fakes import ScriptedCamera, picture
from tests.feed import assert_soon

PATIENCE_S = 5.0  # for another thread; nothing here takes nearly as long

Started = Callable[[Camera, bool], CameraReader]


@pytest.fixture
def started() -> Iterator[Started]:
    """Starts readers, which stop with the test."""
    readers: list[CameraReader] = []

    def start(camera: Camera, lossless: bool) -> CameraReader:
        readers.append(CameraReader(camera, lossless))
        readers[-1].start()
        return readers[-1]

    yield start
    for each in readers:
        each.stop()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(reader, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(reader, "LONGEST_PAUSE_S", 0.04)
    caplog.set_level(logging.INFO)


class LiveCamera:
    """A camera that goes on giving frames, as fast as a real one."""

    live = True

    def __init__(self) -> None:
        self.is_open = False
        self.times_opened = self.given = 0

    def open(self) -> None:
        self.is_open = True
        self.times_opened += 1

    def read(self) -> Frame | None:
        assert self.is_open
        time.sleep(0.01)
        self.given += 1
        return Frame(picture(), float(self.given), float(self.given), self.given)

    def close(self) -> None:
        self.is_open = False


def shots(count: int, step_s: float = 0.0) -> list[Frame]:
    return [Frame(picture(), i * step_s, i * step_s, i) for i in range(count)]


def taken(camera: CameraReader) -> list[int]:
    """The numbers of all frames until the end."""
    found = []
    while (frame := camera.take(PATIENCE_S)) is not None:
        found.append(frame.index)
    assert camera.ended
    return found


def pauses(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = [record.getMessage() for record in caplog.records]
    return [line.rpartition("again in ")[2] for line in lines if "again in" in line]


def test_the_newest_frame_is_handed_over_and_the_others_are_counted(started: Started) -> None:
    camera = ScriptedCamera(shots(10))
    read = started(camera, False)
    assert camera.at_end.wait(PATIENCE_S)
    assert taken(read) == [9]
    assert read.dropped == 9


def test_without_loss_every_frame_is_handed_over(started: Started) -> None:
    read = started(ScriptedCamera(shots(10), live=False), True)
    assert taken(read) == list(range(10))
    assert read.dropped == 0


def test_a_source_without_frames_ends_at_once(started: Started) -> None:
    assert taken(started(ScriptedCamera([]), False)) == []


def test_no_frame_in_time_is_no_end() -> None:
    read = CameraReader(ScriptedCamera(shots(1)), lossless=False)
    assert read.take(0.0) is None
    assert not read.ended


def test_a_file_is_shown_at_its_own_pace(started: Started) -> None:
    began = time.monotonic()
    read = started(ScriptedCamera(shots(4, step_s=0.03), live=False), False)
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
    read = started(ScriptedCamera(shots(1), absent=5), False)
    frame = read.take(PATIENCE_S)
    assert frame is not None
    assert pauses(caplog) == ["0.01 s", "0.02 s", "0.04 s", "0.04 s", "0.04 s"]
    assert read.reopened == 5
    assert not read.missing
    assert "camera is back" in caplog.text


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize(
    ("steady_s", "expected"),
    [(0.0, ["0.01 s"] * 4), (60.0, ["0.01 s", "0.02 s", "0.04 s", "0.04 s"])],
)
def test_a_camera_that_comes_back_has_its_next_pause_short_only_if_it_worked_for_a_while(
    started: Started,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    steady_s: float,
    expected: list[str],
) -> None:
    monkeypatch.setattr(reader, "STEADY_S", steady_s)
    one, two, three = shots(3)
    gone = [CameraGone("pulled out") for _ in range(4)]
    read = started(ScriptedCamera([one, *gone[:3], two, gone[3], three]), True)
    assert taken(read) == [0, 1, 2]
    assert pauses(caplog) == expected
    assert read.reopened == 4


def test_a_camera_that_is_waited_for_is_called_missing_and_can_be_stopped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    read = CameraReader(ScriptedCamera([], absent=10**6), lossless=False)
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
@pytest.mark.parametrize("kind", [SourceError, RuntimeError], ids=["useless", "unforeseen"])
def test_what_makes_the_source_fail_reaches_the_taker_after_the_last_frame(
    started: Started, kind: type[Exception], lossless: bool
) -> None:
    (one,) = shots(1)
    read = started(ScriptedCamera([one, kind("film.mp4: damaged")], live=False), lossless)
    assert read.take(PATIENCE_S) == one
    with pytest.raises(kind, match="damaged"):
        read.take(PATIENCE_S)


def test_a_live_camera_that_fails_in_an_unforeseen_way_is_opened_again(
    started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = shots(2)
    read = started(ScriptedCamera([one, RuntimeError("driver bug"), two]), True)
    assert taken(read) == [0, 1]
    assert "driver bug; trying again" in caplog.text


def test_a_reader_that_stops_closes_its_camera() -> None:
    camera = ScriptedCamera(shots(5))
    read = CameraReader(camera, lossless=True)  # waits for a taker that never comes
    read.start()
    assert read.take(PATIENCE_S) is not None
    read.stop()
    assert not camera.is_open


def test_a_pause_closes_a_live_camera_and_its_end_opens_it_again(started: Started) -> None:
    camera = LiveCamera()
    read = started(camera, False)
    assert read.take(PATIENCE_S) is not None
    read.pause()
    assert_soon(lambda: not camera.is_open)
    read.resume()
    frame = read.take(PATIENCE_S)
    assert frame is not None
    assert camera.times_opened == 2
    assert not read.missing
    assert read.reopened == 0


def test_no_frame_is_handed_over_while_paused_not_even_one_that_lay_ready(started: Started) -> None:
    camera = LiveCamera()
    read = started(camera, False)
    assert_soon(lambda: camera.given > 2)
    last = camera.given
    read.pause()
    assert read.take(0.0) is None
    assert_soon(lambda: not camera.is_open)
    assert read.take(0.05) is None
    read.resume()
    frame = read.take(PATIENCE_S)
    assert frame is not None
    assert frame.index > last  # what was read before is not shown afterwards


def test_a_live_camera_that_is_paused_before_it_starts_is_not_opened() -> None:
    camera = LiveCamera()
    read = CameraReader(camera, lossless=False)
    read.pause()
    read.start()
    assert read.take(0.05) is None
    assert camera.times_opened == 0
    read.resume()
    assert read.take(PATIENCE_S) is not None
    read.stop()


def test_a_paused_reader_can_be_stopped(started: Started) -> None:
    camera = LiveCamera()
    read = started(camera, False)
    read.pause()
    assert_soon(lambda: not camera.is_open)
    read.stop()
    assert not read._thread.is_alive()


@pytest.mark.usefixtures("short_pauses")
def test_a_camera_that_is_missing_when_paused_is_not_looked_for(started: Started) -> None:
    read = started(ScriptedCamera([], absent=10**6), False)
    assert_soon(lambda: read.missing)
    read.pause()
    read.take(0.1)  # a try that was under way may still end
    tried = read.reopened
    assert read.take(0.1) is None
    assert read.reopened == tried
    read.resume()
    assert_soon(lambda: read.reopened > tried)


def test_a_file_that_is_read_without_loss_loses_no_frame_over_a_pause(started: Started) -> None:
    read = started(ScriptedCamera(shots(30), live=False), True)
    found = []
    for _ in range(10):
        found.append(read.take(PATIENCE_S))
        read.pause()
        assert read.take(0.0) is None
        read.resume()
    assert [frame.index for frame in found if frame] + taken(read) == list(range(30))
    assert read.dropped == 0


def test_the_last_frame_of_a_file_waits_for_the_end_of_a_pause(started: Started) -> None:
    camera = ScriptedCamera(shots(1), live=False)
    read = started(camera, True)
    assert camera.at_end.wait(PATIENCE_S)
    read.pause()
    assert read.take(0.0) is None
    assert not read.ended
    read.resume()
    assert taken(read) == [0]


def test_what_a_file_shows_after_a_pause_was_taken_later_by_the_pause(started: Started) -> None:
    read = started(ScriptedCamera(shots(200, step_s=0.01), live=False), False)
    first = read.take(PATIENCE_S)
    assert first is not None
    assert first.taken_at == first.captured_at
    read.pause()
    paused_at = time.monotonic()
    assert read.take(0.2) is None
    read.resume()
    paused_s = time.monotonic() - paused_at
    assert_soon(lambda: (read.take(PATIENCE_S) or first).taken_at > first.captured_at + paused_s)
    after = read.take(PATIENCE_S)
    assert after is not None
    assert after.captured_at < paused_s  # the film itself stood still
    assert after.taken_at - after.captured_at == pytest.approx(paused_s, abs=0.05)
