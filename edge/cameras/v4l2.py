"""A USB camera, or any other that Linux shows as /dev/video*."""

from __future__ import annotations

import time

import cv2

from edge.cameras import CameraGone
from edge.cameras.opencv import open_capture
from edge.frame import Frame, Image

TRIES = 3  # reads in a row that may fail


class V4L2Camera:
    """Asks for MJPG, the only format in which most USB cameras reach full rate."""

    live = True

    def __init__(self, device: str, width: int, height: int, fps: float) -> None:
        self._device = device
        self._wanted = (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
            (cv2.CAP_PROP_FRAME_WIDTH, width),
            (cv2.CAP_PROP_FRAME_HEIGHT, height),
            (cv2.CAP_PROP_FPS, fps),
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        )
        self._capture: cv2.VideoCapture | None = None
        self._index = 0

    def open(self) -> None:
        capture = open_capture(self._device, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraGone(f"{self._device}: no camera there, or in use by another program")
        for what, value in self._wanted:
            capture.set(what, value)
        self._capture = capture

    def read(self) -> Frame | None:
        image = self._read_image()
        if self._capture is None or image is None:
            raise CameraGone(f"{self._device}: gives no more frames")
        now = time.monotonic()
        # The driver's own time of the exposure, on the same clock; some drivers give none.
        taken = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        captured_at = taken if now - 10 < taken <= now else now
        frame = Frame(image, captured_at, time.time() - (now - captured_at), self._index)
        self._index += 1
        return frame

    def _read_image(self) -> Image | None:
        """The next picture; a damaged one now and then is no reason to give up."""
        for _ in range(TRIES):
            got, image = self._capture.read() if self._capture else (False, None)
            if got:
                return image
        return None

    def close(self) -> None:
        if self._capture:
            self._capture.release()
        self._capture = None
