"""Sources of frames: one Protocol, one adapter a file, opened by what the source looks like."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edge.cameras.address import is_network, shown
from edge.errors import SourceError
from edge.frame import Frame
from edge.profiles import Profile
from edge.settings import CameraSettings

if TYPE_CHECKING:
    from edge.cameras.quality import Quality


class CameraGone(Exception):
    """The camera does not answer now and may come back."""


class Camera(Protocol):
    """A source of frames; `open` and `read` raise `CameraGone` where waiting may help and
    `SourceError` where it will not."""

    live: bool  # frames come when they are taken, whether anyone reads them or not

    def open(self) -> None: ...

    def read(self) -> Frame | None:
        """The next frame, or None at the end of a file."""

    def close(self) -> None: ...


PICTURE_ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


def make_camera(
    settings: CameraSettings,
    profile: Profile,
    preview: bool = False,
    quality: Quality | None = None,
) -> Camera:
    """The adapter for a source; what cannot become usable by waiting is refused here. With
    `preview`, its frames carry a picture for people; `quality` looks at those of a live camera."""
    camera = _adapter(settings, profile, preview)
    if quality and camera.live:
        from edge.cameras.quality import CheckedCamera

        camera = CheckedCamera(camera, quality)
    # The board's own camera turns its pictures upside down itself, for nothing.
    turned = _is_own(settings.source) and settings.rotate == 180
    rotate = 0 if turned else settings.rotate
    if not rotate and not preview:
        return camera
    from edge.cameras.prepared import PreparedCamera

    return PreparedCamera(camera, rotate, preview)


def _adapter(settings: CameraSettings, profile: Profile, preview: bool) -> Camera:
    source = settings.source
    if source == "demo":
        from edge.cameras.demo import DemoCamera

        return DemoCamera(profile.width, profile.height, profile.target_fps)
    if is_video_device(source):
        from edge.cameras.v4l2 import V4L2Camera

        device = f"/dev/video{source}" if source.isdigit() else source
        return V4L2Camera(device, profile.width, profile.height, profile.target_fps)
    if _is_own(source):
        from edge.cameras.picamera2 import PiCamera, camera_number

        upside_down = settings.rotate == 180
        return PiCamera(camera_number(source), profile, upside_down, preview)
    if is_network(source):
        return _network_camera(source)
    path = Path(source)
    is_folder, is_file = _kind(path)
    if source and is_folder:
        from edge.cameras.folder import FolderCamera

        return FolderCamera(path, profile.target_fps, settings.loop)
    if is_file and path.suffix.lower() not in PICTURE_ENDINGS:
        from edge.cameras.video import VideoCamera

        return VideoCamera(path, settings.loop)
    if is_file:
        raise SourceError(f"{source}: a single picture; give the folder it lies in")
    raise SourceError(
        f"{shown(source)}: no such source; give demo, picamera2, 0 or /dev/video0, an rtsp:// or "
        "http:// address, a video file or a picture folder"
    )


def _network_camera(source: str) -> Camera:
    if source.startswith("rtsp"):
        from edge.cameras.rtsp import RtspCamera

        return RtspCamera(source)
    from edge.cameras.mjpeg import MjpegCamera

    return MjpegCamera(source)


def is_video_device(source: str) -> bool:
    """Whether a source is a USB camera, or another that Linux shows as /dev/video*."""
    return source.isdigit() or source.startswith("/dev/")


def _is_own(source: str) -> bool:
    """Whether a source is a camera at the board's own connector."""
    return source.partition(":")[0] == "picamera2"


def _kind(path: Path) -> tuple[bool, bool]:
    """Whether a path is a folder, and whether a file; neither where it cannot be looked at."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False, False
    return stat.S_ISDIR(mode), stat.S_ISREG(mode)
