"""Stand-ins for picamera2 and libcamera, which only a board has.

They lend real shared memory, take it back, write over it and unmap it as the real ones do; a test
compares them with the real source."""

from __future__ import annotations

import gc
import mmap
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from edge.cameras import picamera2
from edge.frame import Image

NOW_S = 5000.0  # since the board was started


@dataclass(frozen=True)
class Transform:
    hflip: int = 0
    vflip: int = 0
    transpose: int = 0


@dataclass(frozen=True)
class ColorSpace:
    name: str

    @staticmethod
    def Sycc() -> ColorSpace:
        return ColorSpace("full range")

    @staticmethod
    def Smpte170m() -> ColorSpace:
        return ColorSpace("limited range")


libcamera = SimpleNamespace(
    Transform=Transform,
    ColorSpace=ColorSpace,
    controls=SimpleNamespace(AfModeEnum=SimpleNamespace(Continuous=2)),
)


@dataclass
class Board:
    """What is connected, and what its driver makes of what it is asked for."""

    cameras: list[dict[str, Any]] = field(
        default_factory=lambda: [{"Id": "/base/soc/i2c0mux/i2c@1/imx219@10", "Num": 0}]
    )
    in_use: bool = False
    alignment: int = 64  # of a row in bytes
    adjusted_size: tuple[int, int] | None = None  # where the driver wants another than asked for
    given_format: str | None = None
    controls: tuple[str, ...] = ("FrameDurationLimits",)
    camera: Any = None  # the one that is open
    fails: set[str] = field(default_factory=set)  # methods that raise
    lost: int = 0  # pictures for which no memory was free

    def expose(self, image: Image, at_s: float) -> None:
        """The sensor takes a picture."""
        camera = self.camera
        if not camera or not camera.queued:
            self.lost += 1
            return
        request = camera.queued.pop(0)
        request.metadata = {"SensorTimestamp": round(at_s * 1e9), "Lux": 200.0}
        for name, stream in camera.stream_map.items():
            memory = camera.allocator.mapped_buffers[request.buffers[stream]]
            write(memory, image, camera.camera_config[name], camera.camera_config["transform"])
        camera.complete(CompletedRequest(request, camera))


def write(memory: mmap.mmap, image: Image, stream: dict[str, Any], transform: Transform) -> None:
    """Put a picture where a camera puts it; what pads its rows is no part of it."""
    width, height = stream["size"]
    image = cv2.resize(image, (width, height))
    image = image[:: -1 if transform.vflip else 1, :: -1 if transform.hflip else 1]
    memory[:] = b"\xaa" * len(memory)
    into, start, stride = np.frombuffer(memory, np.uint8), 0, stream["stride"]
    for plane in (image,) if stream["format"] == "RGB888" else full_range_planes(image):
        rows = plane.reshape(len(plane), -1)
        step = stride if not start else stride // 2
        place = into[start : start + len(rows) * step].reshape(len(rows), step)
        place[:, : rows.shape[1]] = rows
        start += len(rows) * step


def full_range_planes(image: Image) -> tuple[Image, Image, Image]:
    """Y, U and V of the colour space that JPEG uses too."""
    y, v, u = cv2.split(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_BGR2YCrCb))
    half = (-(-image.shape[1] // 2), -(-image.shape[0] // 2))
    shrunk = (cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (u, v))
    return (y, *shrunk)


class FrameBuffer:
    """A part of memory that a file stands for."""

    def __init__(self, length: int) -> None:
        file = os.memfd_create("picture")
        os.ftruncate(file, length)
        self.planes = [SimpleNamespace(fd=file)]


@dataclass
class Request:
    """What libcamera fills: one piece of memory a stream."""

    buffers: dict[str, FrameBuffer]
    metadata: dict[str, Any] = field(default_factory=dict)


class DmaAllocator:
    """Maps the memory of all pictures, and unmaps it when nobody is known to use it."""

    def __init__(self) -> None:
        self.mapped_buffers: dict[FrameBuffer, mmap.mmap] = {}
        self.mapped_buffers_used: dict[int, bool] = {}
        self.frame_buffers: dict[str, list[FrameBuffer]] = {}
        self.open_fds: list[int] = []
        self.libcamera_fds: list[int] = []

    def allocate_(self, streams: dict[str, dict[str, Any]], count: int) -> None:
        for name, stream in streams.items():
            self.frame_buffers[name] = [FrameBuffer(stream["framesize"]) for _ in range(count)]
            for buffer in self.frame_buffers[name]:
                file = buffer.planes[0].fd
                self.mapped_buffers[buffer] = mmap.mmap(file, stream["framesize"])
                self.open_fds.append(file)
                self.libcamera_fds.append(file)

    def acquire(self, buffers: dict[str, FrameBuffer]) -> None:
        self.mapped_buffers_used.update({b.planes[0].fd: True for b in buffers.values()})

    def release(self, buffers: dict[str, FrameBuffer]) -> None:
        self.mapped_buffers_used.update({b.planes[0].fd: False for b in buffers.values()})
        self.cleanup()

    def cleanup(self) -> None:
        for buffer, mapped in list(self.mapped_buffers.items()):
            file = buffer.planes[0].fd
            if not self.mapped_buffers_used.get(file) and file not in self.libcamera_fds:
                mapped.close()  # raises BufferError where anyone still looks at it
                del self.mapped_buffers[buffer]

    def close(self) -> None:
        self.libcamera_fds = []
        self.cleanup()
        for file in self.open_fds:
            os.close(file)
        self.frame_buffers, self.open_fds = {}, []

    def __del__(self) -> None:
        self.close()


class CompletedRequest:
    """A picture that is lent until it is released."""

    def __init__(self, request: Any, picam2: Picamera2) -> None:
        self.request: Any = request
        self.ref_count = 1
        self.lock = picam2.request_lock
        self.picam2 = picam2
        self.stop_count = picam2.stop_count
        self.config: dict[str, Any] = picam2.camera_config.copy()
        self.stream_map: dict[str, str] = picam2.stream_map.copy()
        self.syncs = [picam2.allocator]  # each of the real ones refers to it
        picam2.allocator.acquire(request.buffers)

    def acquire(self) -> None:
        with self.lock:
            if self.ref_count == 0:
                raise RuntimeError("CompletedRequest: acquiring lock with ref_count 0")
            self.ref_count += 1

    def release(self) -> None:
        with self.lock:
            self.ref_count -= 1
            if self.ref_count < 0:
                raise RuntimeError("CompletedRequest: lock now has negative ref_count")
            if self.ref_count == 0:
                camera = self.picam2
                if camera.camera and self.stop_count == camera.stop_count and camera.started:
                    camera.fail_if_wanted("queue_request")
                    camera.queued.append(self.request)
                camera.allocator.release(self.request.buffers)
                self.request = None
                self.config, self.stream_map = {}, {}

    def get_metadata(self) -> dict[str, Any]:
        assert self.request is not None
        return dict(self.request.metadata)

    def make_array(self, name: str) -> Image:
        stream = self.config[name]
        width, height = stream["size"]
        assert stream["format"] == "RGB888"
        memory = self.picam2.allocator.mapped_buffers[self.request.buffers[self.stream_map[name]]]
        rows = np.frombuffer(memory, np.uint8).reshape(height, stream["stride"])
        return rows[:, : 3 * width].reshape(height, width, 3).copy()


class Picamera2:
    """The part of picamera2's class that is used, on a board that a test sets up."""

    board: ClassVar[Board]

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        return Picamera2.board.cameras

    def __init__(
        self,
        camera_num: int = 0,
        verbose_console: Any = None,
        tuning: Any = None,
        allocator: Any = None,
    ) -> None:
        self.notifyme_r, self.notifyme_w = os.pipe2(os.O_NONBLOCK)
        self.notifymeread = os.fdopen(self.notifyme_r, "rb")
        self.is_open = False
        if camera_num >= len(self.global_camera_info()):
            raise RuntimeError(f"No camera number {camera_num} found")
        self.request_lock, self.lock = threading.Lock(), threading.Lock()
        self.camera: Any = None
        self.camera_config: dict[str, Any] = {}
        self.stream_map: dict[str, str] = {}
        self.started = False
        self.stop_count = 0
        self.completed_requests: list[CompletedRequest] = []
        self._job_list: list[Future[CompletedRequest]] = []
        self.sensor_resolution = (3280, 2464)
        if self.board.in_use or self.board.camera is not None:
            try:
                raise RuntimeError("Failed to acquire camera: Device or resource busy")
            except RuntimeError as error:
                raise RuntimeError("Camera __init__ sequence did not complete.") from error
        self.is_open = True
        self.camera, self.board.camera = object(), self
        self.queued: list[Request] = []  # what the driver may write to
        self.fail_if_wanted("__init__")
        self.allocator = DmaAllocator() if allocator is None else allocator

    @property
    def camera_controls(self) -> dict[str, tuple[Any, Any, Any]]:
        return dict.fromkeys(self.board.controls, (0, 1, 0))

    def create_video_configuration(
        self,
        main: Any = {},  # noqa: B006
        lores: Any = None,
        raw: Any = {},  # noqa: B006
        transform: Any = libcamera.Transform(),  # noqa: B008
        colour_space: Any = None,
        buffer_count: Any = 6,
        controls: Any = {},  # noqa: B006
        display: Any = "main",
        encode: Any = "main",
        queue: Any = True,
        sensor: Any = {},  # noqa: B006
        use_case: Any = "video",
    ) -> dict[str, Any]:
        streams = {"main": {"format": "XBGR8888", "size": (1280, 720), **main}}
        if lores is not None:
            streams["lores"] = {"format": "YUV420", "size": streams["main"]["size"], **lores}
        for stream in streams.values():
            stream["size"] = tuple(side - side % 2 for side in stream["size"])
        return {
            "main": None,
            "lores": None,
            **streams,
            "raw": raw,
            "transform": transform,
            "colour_space": colour_space or libcamera.ColorSpace.Smpte170m(),
            "buffer_count": buffer_count,
            "controls": controls,
            "queue": queue,
            "sensor": sensor,
        }

    def configure(self, camera_config: Any = None) -> None:
        self.fail_if_wanted("configure")
        main, lores = camera_config["main"], camera_config["lores"]
        if lores and any(a > b for a, b in zip(lores["size"], main["size"], strict=True)):
            raise RuntimeError("lores stream dimensions may not exceed main stream")
        for name in camera_config["controls"]:
            if name not in self.camera_controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        streams = {name: camera_config[name] for name in ("main", "lores") if camera_config[name]}
        for stream in streams.values():
            width, height = stream["size"] = self.board.adjusted_size or stream["size"]
            pixel_bytes = 3 if stream["format"] == "RGB888" else 1
            stride = -(-width * pixel_bytes // self.board.alignment) * self.board.alignment
            chroma_rows = 0 if pixel_bytes == 3 else -(-height // 2)
            stream |= {"stride": stride, "framesize": stride * (height + chroma_rows)}
            stream["format"] = self.board.given_format or stream["format"]
        self.camera_config = camera_config
        self.stream_map = {name: name for name in streams}
        self.allocator.allocate_(streams, camera_config["buffer_count"])

    def camera_configuration(self) -> dict[str, Any]:
        return self.camera_config

    def start(self, config: Any = None, show_preview: Any = False) -> None:
        self.fail_if_wanted("start")
        buffers = self.allocator.frame_buffers
        for i in range(self.camera_config["buffer_count"]):
            self.queued.append(Request({name: buffers[name][i] for name in self.stream_map}))
        self.started = True

    def complete(self, request: CompletedRequest) -> None:
        """A picture has come: whoever waits gets it, and otherwise the newest is kept."""
        with self.lock:
            self.completed_requests.append(request)
            while self._job_list and self.completed_requests:
                self._job_list.pop(0).set_result(self.completed_requests.pop(0))
            while len(self.completed_requests) > 1:
                self.completed_requests.pop(0).release()

    def capture_request(
        self, wait: Any = None, signal_function: Any = None, flush: Any = None
    ) -> CompletedRequest:
        job: Future[CompletedRequest] = Future()
        with self.lock:
            if self.completed_requests:
                return self.completed_requests.pop(0)
            self._job_list.append(job)
        return job.result(timeout=None if wait is None or wait is True else wait)

    def stop(self) -> None:
        if self.started:
            self.stop_count += 1
            self.queued = []
            self.started = False
            while self.completed_requests:
                self.completed_requests.pop(0).release()

    def close(self) -> None:
        if not self.is_open:
            return
        self.stop()
        self.board.camera = None
        if not hasattr(self, "allocator"):
            raise KeyError("as where the constructor did not get to its end")
        self.is_open = False
        self.camera = None
        self.notifymeread.close()
        os.close(self.notifyme_w)
        del self.allocator
        self.allocator = DmaAllocator()
        self.fail_if_wanted("close")

    def __del__(self) -> None:
        self.close()

    def fail_if_wanted(self, method: str) -> None:
        if method in self.board.fails:
            raise RuntimeError(f"{method} failed")


@contextmanager
def standing_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """A board with a camera, where the clock stands still and patience is short; at its end no
    memory of a picture may be left open."""
    board = Board()
    monkeypatch.setattr(Picamera2, "board", board, raising=False)
    monkeypatch.setitem(sys.modules, "picamera2", SimpleNamespace(Picamera2=Picamera2))
    monkeypatch.setitem(sys.modules, "libcamera", libcamera)
    monkeypatch.setattr(picamera2, "_boot_time_s", lambda: NOW_S)
    monkeypatch.setattr(picamera2, "SILENCE_S", 0.05)
    yield board
    if board.camera:
        board.camera.close()
    gc.collect()
    assert not [file for file in open_files() if "memfd:picture" in file]


def open_files() -> list[str]:
    """What this process has open."""
    links = (Path("/proc/self/fd") / number for number in os.listdir("/proc/self/fd"))  # noqa: PTH208
    return [os.readlink(link) for link in links if link.is_symlink()]  # noqa: PTH115
