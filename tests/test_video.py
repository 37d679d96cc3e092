"""Video files: frames dated by their place in the file, and what is said of a damaged one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.cameras.video import VideoCamera
from edge.errors import SourceError
from tests.conftest import complaint, frames
from tests.fakes import FPS, FRAMES, SIZE, film


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("video") / "film.mp4")


def test_a_video_gives_all_its_frames_in_order_and_no_warning(
    video: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = frames(VideoCamera(video, loop=False))
    assert [frame.index for frame in found] == list(range(FRAMES))
    assert all(frame.image.shape == (SIZE[1], SIZE[0], 3) for frame in found)
    brightness = [frame.image.mean() for frame in found]
    assert brightness == sorted(brightness)
    assert not caplog.records


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


def test_a_video_with_a_hole_in_it_ends_and_says_so_in_a_line_of_our_own(
    video: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    content = bytearray(video.read_bytes())
    middle = content.find(b"moov") // 2
    content[middle : middle + 2000] = bytes(2000)
    path = tmp_path / "hole.mp4"
    path.write_bytes(content)
    found = frames(VideoCamera(path, loop=False))
    assert 0 < len(found) <= FRAMES
    steps = np.diff([frame.captured_at for frame in found])
    assert (steps > 0).all()
    assert (len(found) < FRAMES) == ("is it damaged?" in caplog.text)
    assert capfd.readouterr().err.splitlines()[:3] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda _: b"",
        lambda _: b"not a video\n",
        lambda _: np.random.default_rng(1).bytes(5000),
    ],
    ids=["cut off before its index", "empty", "text", "random"],
)
def test_a_file_that_is_no_whole_video_is_refused_in_a_line_of_our_own(
    video: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    spoil: Callable[[bytes], bytes],
) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(spoil(video.read_bytes()))
    said = complaint(lambda: VideoCamera(path, loop=False), SourceError)
    assert said == f"{path}: damaged, or not a video that can be read"
    assert capfd.readouterr().err.splitlines()[:3] == []
