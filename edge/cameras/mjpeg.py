"""A network camera that sends one JPEG after the other over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
import time
from urllib.parse import urljoin

from edge.cameras import CameraGone, jpeg
from edge.cameras.address import Address, parse, shown, unreachable
from edge.cameras.multipart import Part, Parts
from edge.cameras.stream_clock import StreamClock
from edge.errors import SourceError
from edge.frame import Frame

OPEN_S = 5.0  # for a connection, and again for the first byte of its answer
ANSWER_S = 10.0  # for all of an answer's head
SILENCE_S = 5.0  # without a whole picture, and the camera is gone
LATE_S = 1.0  # by the camera's own clock, where it tells the time; later pictures are not shown
CATCH_UP_S = 3.0  # a stream that stays late is opened again
DRAIN_S = 0.2  # how long more is read of what has come already
AT_ONCE = 65536  # bytes
ASKED_AT_MOST = 6  # redirections and a proof of the user


class MjpegCamera:
    """Reads all that has come and decodes the newest picture of it."""

    live = True

    def __init__(self, source: str) -> None:
        self._address, self._shown = parse(source), shown(source)
        self._connection: http.client.HTTPConnection | None = None
        self._answer: http.client.HTTPResponse | None = None
        self._socket: socket.socket
        self._parts: Parts
        self._clock: StreamClock
        self._index = 0

    def open(self) -> None:
        try:
            answer = self._ask()
        except TimeoutError:
            raise CameraGone(f"{self._shown}: does not answer") from None
        except OSError as error:
            raise CameraGone(f"{self._shown}: {unreachable(error)}") from None
        # Headers that are damaged in the right way are a TypeError to Python's own parser.
        except (http.client.HTTPException, SourceError, ValueError, TypeError):
            raise CameraGone(f"{self._shown}: something there does not speak HTTP") from None
        kind = answer.headers.get_content_type()
        if answer.status != 200:
            raise CameraGone(f"{self._shown}: {self._address.refusal(answer.status)}")
        if kind == "image/jpeg":
            raise CameraGone(f"{self._shown}: a single picture; give its MJPEG stream's address")
        if answer.headers.get_content_maintype() != "multipart":
            raise CameraGone(f"{self._shown}: no MJPEG stream but {kind}")
        boundary = answer.headers.get_param("boundary", "")
        self._parts = Parts(boundary if isinstance(boundary, str) else "")
        self._clock = StreamClock()

    def read(self) -> Frame | None:
        began = time.monotonic()
        while True:
            part = self._newest()
            now = time.monotonic()
            if part.at is None:
                captured_at = now
                break
            captured_at = self._clock(part.at, now, waited=True)
            if self._clock.late_s <= LATE_S:
                break
            if now - began > CATCH_UP_S:
                late = self._clock.late_s
                raise CameraGone(f"{self._shown}: {late:.1f} s late and does not catch up")
            self._index += 1
        frame = Frame(
            jpeg.decode(part.content), captured_at, time.time() - (now - captured_at), self._index
        )
        self._index += 1
        return frame

    def close(self) -> None:
        if self._answer:
            self._answer.close()
        if self._connection:
            self._connection.close()
        self._answer = self._connection = None

    def _newest(self) -> Part:
        """The newest picture of all that has come, waited for where there is none."""
        deadline, passed_over = time.monotonic() + SILENCE_S, self._parts.passed_over
        while (part := self._parts.take()) is None:
            self._fill(deadline)
        enough = time.monotonic() + DRAIN_S
        while self._more_is_there() and time.monotonic() < enough:
            self._fill(deadline)
            if newer := self._parts.take():
                part, self._index = newer, self._index + 1
        self._index += self._parts.passed_over - passed_over
        return part

    def _fill(self, deadline: float) -> None:
        """Read on, at most until a moment."""
        left_s = deadline - time.monotonic()
        try:
            if self._answer is None or left_s <= 0:
                raise TimeoutError
            self._socket.settimeout(left_s)
            more = self._answer.read1(AT_ONCE)
            if not more:
                raise CameraGone("stream ended")
            self._parts.feed(more)
        except CameraGone as error:
            raise CameraGone(f"{self._shown}: {error}") from None
        except TimeoutError:
            raise CameraGone(f"{self._shown}: no whole picture for {SILENCE_S:g} s") from None
        except (OSError, ValueError, http.client.HTTPException):
            raise CameraGone(f"{self._shown}: the connection broke") from None

    def _more_is_there(self) -> bool:
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return bool(select.select([self._socket], [], [], 0)[0])

    def _ask(self) -> http.client.HTTPResponse:
        """Ask for the stream, as often as that takes."""
        address, authorization = self._address, ""
        for _ in range(ASKED_AT_MOST):
            answer = self._ask_once(address, authorization)
            place = answer.headers.get("Location")
            if answer.status in (301, 302, 303, 307, 308) and place:
                self.close()
                # Its user is told to no other machine.
                there = parse(urljoin(address.uri, place))
                known = there.host == self._address.host
                user = (self._address.user, self._address.password) if known else ("", "")
                address = Address(there.scheme, there.host, there.port, there.path, *user)
                authorization = ""
                continue
            challenges = answer.headers.get_all("WWW-Authenticate") or []
            if answer.status != 401 or authorization:
                return answer
            authorization = address.authorization(challenges, "GET", address.path)
            if not authorization:
                return answer
            self.close()
        raise ValueError("no end of redirections")

    def _ask_once(self, address: Address, authorization: str) -> http.client.HTTPResponse:
        place = address.host, address.port
        connection = (
            http.client.HTTPSConnection(*place, timeout=OPEN_S, context=_trust())
            if address.scheme == "https"
            else http.client.HTTPConnection(*place, timeout=OPEN_S)
        )
        headers = {"Authorization": authorization} if authorization else {}
        self._connection = connection
        connection.connect()
        self._socket = connection.sock  # the connection may forget it, and the answer goes on
        # A socket's timeout begins again with every byte that drips in.
        enough = threading.Timer(ANSWER_S, _hang_up, (self._socket,))
        enough.start()
        try:
            connection.request("GET", address.path, headers=headers)
            self._answer = connection.getresponse()
        finally:
            enough.cancel()
        return self._answer


def _trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # Python 3.13 refuses what many a camera's own certificate leaves out; 3.11 does not.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
