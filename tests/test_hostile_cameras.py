"""Network cameras that answer nonsense: one line each, soon, and whatever they say."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from edge.cameras import Camera, CameraGone, make_camera, mjpeg, rtsp
from edge.cameras.address import parse, shown
from edge.cameras.multipart import Parts
from edge.errors import SourceError
from edge.profiles import Profile
from edge.settings import CameraSettings
from tests.conftest import complaint
from tests.mjpeg_server import jpeg, part

Answer = Callable[[], Iterator[bytes]]
NO_HTTP = "something there does not speak HTTP"
NO_RTSP = "something there does not speak RTSP"
WRONG = "user or password is wrong"


@pytest.fixture
def answering() -> Iterator[Callable[[Answer], int]]:
    """Starts servers that send the same to all who ask, and then stay silent; gives their ports."""
    open_ones: list[socket.socket] = []

    def tell(listener: socket.socket, answer: Answer) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_ones.append(connection)
                connection.recv(4096)
                with contextlib.suppress(OSError):
                    for piece in answer():
                        connection.sendall(piece)

    def answering(answer: Answer) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        open_ones.append(listener)
        threading.Thread(target=tell, args=(listener, answer), daemon=True).start()
        return int(listener.getsockname()[1])

    yield answering
    for each in open_ones:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


def refused(scheme: str, port: int) -> str:
    """What is said of a camera, without its address."""
    source = f"{scheme}://me:secret@127.0.0.1:{port}/cam"
    camera: Camera = make_camera(CameraSettings(source=source), Profile())
    with pytest.raises(CameraGone) as gone:
        camera.open()
        camera.read()
    camera.close()
    line = str(gone.value)
    assert line.startswith(f"{shown(source)}: ")
    assert "secret" not in line
    return line.removeprefix(f"{shown(source)}: ")


def http(head: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n" + head + b"\r\n\r\n"


def proof(challenge: bytes) -> bytes:
    return http(b"WWW-Authenticate: Digest " + challenge, b"401 Unauthorized")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"\x00\xff nonsense\r\n\r\n", NO_HTTP),
        (b"<html>HTTP/0.9</html>\r\n", NO_HTTP),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, NO_HTTP),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000, NO_HTTP),
        (http(b"Location: ftp://elsewhere/", b"302 Found"), NO_HTTP),
        (http(b"Location: http://[::1", b"302 Found"), NO_HTTP),
        (http(b"Location: /cam", b"302 Found"), NO_HTTP),
        (http(b"Content-Type: multipart/x; boundary*=a; boundary*1*=b"), NO_HTTP),
        (proof(b"realm=, nonce="), WRONG),
        (proof(b",,=,"), WRONG),
        (proof(b'realm="x", nonce="y", qop="unheard-of"'), WRONG),
        (proof(b'realm="x", nonce="y", algorithm=SHA-9'), WRONG),
    ],
    ids=lambda value: str(value)[:40],
)
def test_nonsense_over_http_is_one_line(
    answering: Callable[[Answer], int], answer: bytes, said: str
) -> None:
    assert refused("http", answering(lambda: iter([answer]))) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"\x00\xff nonsense\r\n\r\n", NO_RTSP),
        (b"\r\n\r\n", NO_RTSP),
        (b"RTSP/1.0\r\n\r\n", NO_RTSP),
        (b"RTSP/1.0 OK\r\n\r\n", NO_RTSP),
        (b"RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=, nonce=\r\n\r\n", WRONG),
        (b"RTSP/1.0 302 Found\r\nCSeq: 1\r\n\r\n", "refused with RTSP status 302"),
    ],
    ids=str,
)
def test_nonsense_over_rtsp_is_one_line(
    answering: Callable[[Answer], int], monkeypatch: pytest.MonkeyPatch, answer: bytes, said: str
) -> None:
    monkeypatch.setattr(rtsp, "OPEN_S", 0.5)
    assert refused("rtsp", answering(lambda: iter([answer]))) == said


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_an_answer_that_drips_is_not_waited_for(
    answering: Callable[[Answer], int], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(mjpeg, "ANSWER_S", 0.5)
    monkeypatch.setattr(rtsp, "OPEN_S", 0.3)
    monkeypatch.setattr(rtsp, "PROBE_S", 0.5)

    def drops() -> Iterator[bytes]:
        for byte in scheme.upper().encode() + b"/1.0 200 OK\r\nX: " + b"x" * 200:
            time.sleep(0.05)
            yield bytes([byte])

    port, began = answering(drops), time.monotonic()
    assert refused(scheme, port) in (NO_HTTP, NO_RTSP)
    assert time.monotonic() - began < 4


def test_dashes_without_end_cost_no_time() -> None:
    began = time.thread_time()
    for head in (b"", b"--frame\r\n\r\n"):
        parts = Parts("frame")
        parts.feed(head + b"-" * 500_000)
        parts.feed(b"\r\n" + part(jpeg(80)))
        assert (taken := parts.take()) is not None
        assert taken.content.endswith(jpeg(80))
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    ("told", "at"),
    [("1700000000.5", 1700000000.5), ("nan", None), ("inf", None), ("-1", None), ("1e18", None)],
)
def test_a_time_that_can_be_no_seconds_is_not_believed(told: str, at: float | None) -> None:
    parts = Parts("frame")
    parts.feed(part(jpeg(80), more=f"X-Timestamp: {told}\r\n"))
    assert (taken := parts.take()) is not None
    assert taken.at == at


def test_an_address_may_hold_what_a_request_may_not() -> None:
    address = parse("http://me:p%40ss@[::1]:8080/my cam/ü?a=b%20c&d=é")
    assert (address.host, address.port, address.password) == ("::1", 8080, "p@ss")
    assert address.path == "/my%20cam/%C3%BC?a=b%20c&d=%C3%A9"
    assert address.uri == f"http://[::1]:8080{address.path}"
    assert "must be scheme://" in complaint(lambda: parse("ftp://cam/"), SourceError)
