"""Choosing the camera by what the source looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cameras import make_camera
from edge.cameras.demo import DemoCamera
from edge.cameras.folder import FolderCamera
from edge.cameras.mjpeg import MjpegCamera
from edge.cameras.rtsp import RtspCamera
from edge.cameras.v4l2 import V4L2Camera
from edge.cameras.video import VideoCamera
from edge.errors import SourceError
from edge.profiles import Profile
from edge.settings import CameraSettings
from tests.conftest import complaint
from tests.fakes import film


@pytest.fixture(autouse=True)
def here(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder one stands in, with a film and a folder of pictures."""
    monkeypatch.chdir(pictures.parent)
    film(pictures.parent / "film.mp4")
    return pictures.parent


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("demo", DemoCamera),
        ("0", V4L2Camera),
        ("/dev/video2", V4L2Camera),
        ("film.mp4", VideoCamera),
        ("pictures", FolderCamera),
        ("rtsp://camera/stream", RtspCamera),
        ("rtsps://camera/stream", RtspCamera),
        ("http://camera/video", MjpegCamera),
        ("https://camera/video", MjpegCamera),
    ],
)
def test_a_source_is_known_by_its_looks(source: str, kind: type[object]) -> None:
    assert type(make_camera(CameraSettings(source=source), Profile())) is kind


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("none.mp4", "no such source"),
        ("rtps://camera/stream", "no such source"),
        ("rtsp://:554/stream", "must be scheme://"),
        ("http://camera:99999/video", "must be scheme://"),
        ("http://my camera/video", "must be scheme://"),
        ("Demo", "no such source"),
        ("x" * 300, "no such source"),
        pytest.param("", "no such source", id="not the folder one stands in"),
        ("pictures/a.png", "a single picture; give the folder it lies in"),
        ("pictures/notes.txt", "damaged, or not a video"),
    ],
)
def test_a_source_that_waiting_does_not_help_is_refused(source: str, said: str) -> None:
    line = complaint(lambda: make_camera(CameraSettings(source=source), Profile()), SourceError)
    assert line.startswith(f"{source}: {said}")
