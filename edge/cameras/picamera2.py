"""The board's own camera, through picamera2: its pictures are read where the camera wrote them."""

from __future__ import annotations

import contextlib
import logging
import mmap
import os
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from edge.cameras import CameraGone
from edge.errors import SourceError
from edge.frame import Frame, Image, Yuv420
from edge.profiles import Profile

log = logging.getLogger(__name__)
SILENCE_S = 5.0  # a camera that gives nothing for so long is opened again
# One is looked at, one waits, one is handed over; with fewer than three the driver loses pictures.
BUFFERS = 6
NOT_INSTALLED = (
    "picamera2 is not installed where this Python finds it: sudo apt install python3-picamera2, "
    "and python3 -m venv --system-site-packages for the environment"
)


def camera_number(source: str) -> int:
    """N of `picamera2:N`; 0 where there is none."""
    number = source.partition(":")[2] or "0"
    if not (number.isascii() and number.isdigit()) or source.endswith(":"):
        raise SourceError(f"{source}: must be picamera2, or picamera2:N for camera number N")
    return int(number)


@dataclass(frozen=True)
class Layout:
    """How a picture lies in the camera's memory: whole rows of Y, then U, then V."""

    width: int
    height: int
    stride: int  # bytes from one row to the next; half of that in U and V
    length: int  # bytes in all

    @classmethod
    def of(cls, stream: dict[str, Any]) -> Layout:
        """What the camera made of the stream that it was asked for."""
        width, height = stream["size"]
        layout = cls(width, height, stream["stride"], stream["framesize"])
        needed = layout.height * layout.stride + 2 * layout._half_height * (layout.stride // 2)
        if stream["format"] != "YUV420" or layout.stride < layout.width or layout.length < needed:
            raise SourceError(f"the camera gives pictures that cannot be read: {stream}")
        return layout

    @property
    def _half_height(self) -> int:
        return -(-self.height // 2)

    def planes(self, memory: Image) -> Yuv420:
        """The picture in it, without a copy and without what pads its rows."""
        half_stride, half_width = self.stride // 2, -(-self.width // 2)
        sizes = (
            (self.height, self.stride, self.width),
            (self._half_height, half_stride, half_width),
            (self._half_height, half_stride, half_width),
        )
        planes, start = [], 0
        for rows, stride, width in sizes:
            end = start + rows * stride
            planes.append(memory[start:end].reshape(rows, stride)[:, :width])
            start = end
        return Yuv420(*planes)


@dataclass
class Opened:
    """The camera from its opening to its closing, and the pictures that are lent until then."""

    camera: Any
    stream: str  # the one that is looked at
    layout: Layout
    _memory: dict[int, Image] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_closing: bool = False

    def picture(self, request: Any) -> Yuv420:
        """The picture of a request, in the camera's memory.

        It is mapped once more here: picamera2 unmaps its own when it is closed, though someone
        may still be looking, and cannot where anyone does."""
        file = request.request.buffers[request.stream_map[self.stream]].planes[0].fd
        if file not in self._memory:
            mapped = mmap.mmap(file, self.layout.length, mmap.MAP_SHARED, mmap.PROT_READ)
            self._memory[file] = np.frombuffer(mapped, np.uint8)
        return self.layout.planes(self._memory[file])

    def give_back(self, lent: list[Any]) -> None:
        """Let the camera write to a picture's memory again: once, and not when it is closed."""
        with self._lock:
            requests = lent.copy()
            lent.clear()
            if self._is_closing:
                return
            for request in requests:
                try:
                    request.release()
                except Exception as error:  # whoever looked at the picture cannot help it
                    log.warning("the camera takes no memory back any more: %s", _reason(error))

    def close(self) -> None:
        with self._lock:
            self._is_closing = True
        # Without the lock: where the driver blocks, it does so for the camera's thread only.
        try:
            self.camera.close()
        except Exception as error:
            log.warning("the camera cannot be closed: %s", _reason(error))


class PiCamera:
    """Asks the chip for YUV at the profile's size and, for people only, for BGR beside it."""

    live = True

    def __init__(
        self, number: int, profile: Profile, upside_down: bool = False, preview: bool = False
    ) -> None:
        self._number, self._name = number, f"picamera2:{number}"
        self._size = (profile.width, profile.height)
        self._frame_us = round(1e6 / profile.target_fps)
        self._upside_down, self._preview = upside_down, preview
        self._opened: Opened | None = None
        self._index = 0

    def open(self) -> None:
        libcamera, picamera2 = _import_both()
        camera = self._take(picamera2.Picamera2)
        stream = "lores" if self._preview else "main"
        try:
            camera.configure(self._configuration(camera, libcamera))
            opened = Opened(camera, stream, Layout.of(camera.camera_configuration()[stream]))
            camera.start()
        except Exception as error:
            with contextlib.suppress(Exception):
                camera.close()
            if isinstance(error, SourceError):
                raise
            raise CameraGone(f"{self._name}: does not start: {_reason(error)}") from error
        self._opened = opened

    def read(self) -> Frame | None:
        if self._opened is None:
            raise CameraGone(f"{self._name}: is not open")
        try:
            request = self._opened.camera.capture_request(wait=SILENCE_S)
        except TimeoutError:
            raise CameraGone(
                f"{self._name}: no picture for {SILENCE_S:g} s; is the cable tight?"
            ) from None
        now = _boot_time_s()
        taken = request.get_metadata().get("SensorTimestamp", 0) / 1e9
        captured_at = taken if now - 10 < taken <= now else now
        frame = Frame(
            self._opened.picture(request),
            captured_at,
            time.time() - (now - captured_at),
            self._index,
            request.make_array("main") if self._preview else None,
            partial(self._opened.give_back, [request]),
        )
        self._index += 1
        return frame

    def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened:
            opened.close()

    def _take(self, kind: Any) -> Any:
        """The camera for this process alone, where it is there and free."""
        try:
            cameras = kind.global_camera_info()
        except Exception as error:
            raise CameraGone(f"{self._name}: no cameras can be listed: {_reason(error)}") from error
        if self._number >= len(cameras):
            there_are = f"{len(cameras)} found; see: rpicam-hello --list-cameras"
            raise CameraGone(f"{self._name}: no camera there, {there_are}")
        if "/usb" in cameras[self._number]["Id"]:
            raise SourceError(f"{self._name}: a USB camera; give it as 0 or /dev/video0")
        camera = kind.__new__(kind)
        try:
            camera.__init__(self._number)
        except Exception as error:
            _discard(camera)
            raise CameraGone(
                f"{self._name}: in use by another program, or broken: {_reason(error)}"
            ) from error
        return camera

    def _configuration(self, camera: Any, libcamera: ModuleType) -> Any:
        yuv = {"size": self._size, "format": "YUV420"}
        controls = {"FrameDurationLimits": (self._frame_us, self._frame_us)}
        if "AfMode" in camera.camera_controls:
            controls["AfMode"] = libcamera.controls.AfModeEnum.Continuous
        width, height = camera.sensor_resolution
        return camera.create_video_configuration(
            # There is always a main stream; it is the only one where nobody wants a preview.
            main={"size": self._size, "format": "RGB888"} if self._preview else yuv,
            lores=yuv if self._preview else None,
            raw=None,
            transform=libcamera.Transform(hflip=self._upside_down, vflip=self._upside_down),
            colour_space=libcamera.ColorSpace.Sycc(),  # black is 0 in it, not 16
            buffer_count=BUFFERS,
            controls=controls,
            # Pixels in fours: all that the lens shows. Small modes cut the edges off instead.
            sensor={"output_size": (width // 2, height // 2)},
        )


def _import_both() -> tuple[ModuleType, ModuleType]:
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:WARN")
    try:
        import libcamera
        import picamera2
    except ModuleNotFoundError as error:
        if error.name in ("libcamera", "picamera2"):
            raise SourceError(NOT_INSTALLED) from None
        raise SourceError(f"picamera2 cannot be loaded: {_reason(error)}") from None
    except Exception as error:  # as when it was compiled for another numpy
        raise SourceError(
            f"picamera2 cannot be loaded: {_reason(error)}; see docs/camera.md"
        ) from None
    return libcamera, picamera2


def _discard(camera: Any) -> None:
    """Close what a constructor that failed has left open: it is tried again for days."""
    with contextlib.suppress(Exception):
        camera.close()
    camera.is_open = False  # or it would close itself once more
    with contextlib.suppress(Exception):
        if not camera.notifymeread.closed:  # it does so last, if it gets there
            camera.notifymeread.close()
            os.close(camera.notifyme_w)


def _reason(error: BaseException) -> str:
    """The first line of what an error came from."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _boot_time_s() -> float:
    """The clock of the sensor's time stamps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
