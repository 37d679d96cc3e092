"""Stand-ins for what a test must control: pictures, films, cameras and what a daemon sees."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from edge.cameras import CameraGone
from edge.detection import Box
from edge.events import Counts, Health, SmileEnded, SmileStarted, event_json
from edge.frame import Frame, Image
from edge.history import Hour
from edge.pipeline import SeenFace
from edge.snapshot import Snapshot

FPS, FRAMES, SIZE = 15, 30, (160, 120)  # of a film

# What a daemon that has worked for a while shows of itself.
SNAPSHOT = Snapshot(
    device_id="door",
    source="demo",
    profile="generic",
    given_way=(),
    feed="off (--broker none)",
    connected=False,
    trouble="",
    waiting=0,
    counts=Counts(
        smiles_total=7,
        smilers_total=2,
        visitors_total=3,
        smile_seconds_total=12.5,
        faces_now=1,
        since="2026-01-02T03:04:05.000Z",
        seq=21,
    ),
    hours=(Hour(hour=1_767_322_800, smiles=7, smilers=2, visitors=3, smile_seconds=12.5),),
    fps=14.96,
    dropped=0,
    damaged=0,
    dark=False,
    camera="on",
    latency_ms=42.5,
    restarts=0,
    reopened=0,
    picture=(320, 240),
    faces=(SeenFace(3, Box(80, 60, 100, 120), True, True, 4.0, 0.91, 1.5, 0.93),),
    recent=(
        event_json(
            SmileEnded(face=3, at=9.0, duration_s=1.25, peak=0.9, reason="over"), 21, "b", True
        ),
        event_json(SmileStarted(face=3, at=7.75), 20, "a", True),
    ),
    preview_on=False,
    preview=None,
)

# How such a daemon and its board are.
HEALTH = Health(
    at="2026-01-02T03:05:06.000Z",
    camera="on",
    fps=15.0,
    latency_ms=42.5,
    picture="ok",
    frames_dropped=3,
    frames_damaged=0,
    camera_reopened=0,
    restarts=0,
    profile="generic",
    given_way=(),
    outbox_waiting=0,
    outbox_dropped=0,
    refusal="",
    takeovers=0,
    run="c0ffee00",
    mqtt="5",
    temperature_c=51.5,
    throttled=("under_voltage",),
    memory_mb=180.5,
    uptime_s=3600,
    clock_synced=True,
    versions={"lipwire": "0.1", "python": "3.12"},
)


def picture(index: int = 0) -> Image:
    """A grey picture with its number on it, brighter the higher that is."""
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


@dataclass
class FakeUsb:
    """A USB port with a camera that a test plugs in and pulls out."""

    plugged: bool = True
    frames_left: int = 3
    driver_ms: Callable[[], float] = lambda: 0.0
    opened: list[tuple[str, int]] = field(default_factory=list)
    asked: list[tuple[int, float]] = field(default_factory=list)
    in_use: int = 0

    def capture(self, device: str, api: int) -> FakeCapture:
        """Takes the place of the class cv2.VideoCapture."""
        self.opened.append((device, api))
        return FakeCapture(self)


class FakeCapture:
    """The part of cv2.VideoCapture that is used."""

    def __init__(self, usb: FakeUsb) -> None:
        self._usb, self._open = usb, usb.plugged
        usb.in_use += self._open

    def isOpened(self) -> bool:
        return self._open

    def set(self, what: int, value: float) -> bool:
        self._usb.asked.append((what, value))
        return True

    def get(self, what: int) -> float:
        return self._usb.driver_ms() if what == cv2.CAP_PROP_POS_MSEC else 0.0

    def read(self) -> tuple[bool, Image | None]:
        if not self._open or self._usb.frames_left == 0:
            return False, None
        self._usb.frames_left -= 1
        return True, picture()

    def release(self) -> None:
        self._usb.in_use -= self._open
        self._open = False


class ScriptedCamera:
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
