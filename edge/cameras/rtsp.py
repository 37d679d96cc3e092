"""A network camera that speaks RTSP, read by OpenCV's FFmpeg."""

from __future__ import annotations

import socket
import time

import cv2

from edge.cameras import CameraGone
from edge.cameras.address import Address, parse, shown, unreachable
from edge.cameras.opencv import open_capture
from edge.cameras.stream_clock import StreamClock
from edge.frame import Frame

OPEN_S = 10.0  # until a stream must have begun
SILENCE_S = 5.0  # without a whole picture, and the camera is gone
PROBE_S = 3.0
LATE_S, PROMPT_S = 1.0, 0.2  # later than the first no frame is shown before one within the second
CATCH_UP_S = 3.0  # a stream that stays late is opened again
WAITED_S = 0.005  # a frame that took so long without work was not there yet
START_S = 2.0  # how long what a camera sends at once for a start is passed over


class RtspCamera:
    """Decodes every frame, as each needs the one before, and shows none that is late."""

    live = True

    def __init__(self, source: str) -> None:
        self._source, self._address = source, parse(source)
        self._shown = shown(source)
        self._capture: cv2.VideoCapture | None = None
        self._clock = StreamClock()
        self._index = 0

    def open(self) -> None:
        # With more than one thread FFmpeg's decoder holds a frame back for each.
        wanted = {
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: round(OPEN_S * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC: round(SILENCE_S * 1000),
            cv2.CAP_PROP_N_THREADS: 1,
        }
        capture = open_capture(self._source, cv2.CAP_FFMPEG, wanted)
        if not capture.isOpened():
            raise CameraGone(f"{self._shown}: {refusal(self._address)}")
        self._capture, self._clock = capture, StreamClock()
        # What was collected to understand the stream comes at once and is old.
        until = time.monotonic() + START_S
        while not self._grab() and time.monotonic() < until:
            pass
        self._clock = StreamClock()

    def read(self) -> Frame | None:
        began, limit = time.monotonic(), LATE_S
        while True:
            waited = self._grab()
            now = time.monotonic()
            at = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 if self._capture else now
            captured_at = self._clock(at, now, waited)
            if self._clock.late_s <= limit:
                got, image = self._capture.retrieve() if self._capture else (False, None)
                if got and image is not None:
                    taken_at = time.time() - (time.monotonic() - captured_at)
                    return Frame(image, captured_at, taken_at, self._index)
            else:
                limit = PROMPT_S
            if now - began > CATCH_UP_S:
                late = self._clock.late_s
                raise CameraGone(f"{self._shown}: {late:.1f} s late and does not catch up")

    def close(self) -> None:
        if self._capture:
            self._capture.release()
        self._capture = None

    def _grab(self) -> bool:
        """Go on to the next frame; gives whether it had to be waited for."""
        began, worked = time.monotonic(), time.thread_time()
        if self._capture is None or not self._capture.grab():
            took = time.monotonic() - began
            silent = f"no picture for {SILENCE_S:g} s" if took >= SILENCE_S else "stream ended"
            raise CameraGone(f"{self._shown}: {silent}")
        self._index += 1
        return (time.monotonic() - began) - (time.thread_time() - worked) >= WAITED_S


def refusal(address: Address) -> str:
    """Why a camera gives no stream, which FFmpeg keeps to itself."""
    try:
        status, challenges = _describe(address, "")
        if status == 401 and address.user:
            answer = address.authorization(challenges, "DESCRIBE", address.uri)
            status, _ = _describe(address, answer)
    except OSError as error:
        return unreachable(error)
    except ValueError:
        return "something there does not speak RTSP"
    if status == 200:
        return f"no picture within {OPEN_S:g} s, or of a kind that cannot be decoded"
    return address.refusal(status)


def _describe(address: Address, authorization: str) -> tuple[int, list[str]]:
    """Ask about the stream; gives the answer's status, and how a user could be proved."""
    request = f"DESCRIBE {address.uri} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n"
    if authorization:
        request += f"Authorization: {authorization}\r\n"
    with address.connect(PROBE_S) as connection:
        connection.sendall(f"{request}\r\n".encode())
        first, *rest = _head(connection).splitlines()
    if not first.startswith("RTSP/"):
        raise ValueError(first)
    headers = (line.partition(":") for line in rest)
    challenges = [value.strip() for name, _, value in headers if name.lower() == "www-authenticate"]
    return int(first.partition(" ")[2][:3]), challenges


def _head(connection: socket.socket) -> str:
    """An answer up to its empty line."""
    told, until = b"", time.monotonic() + PROBE_S
    while b"\r\n\r\n" not in told and len(told) < 20_000 and time.monotonic() < until:
        if not (more := connection.recv(4096)):
            break
        told += more
    if not told:
        raise ValueError("no answer")
    return told.partition(b"\r\n\r\n")[0].decode("latin-1")
