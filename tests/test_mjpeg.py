"""MJPEG cameras, against a small real server: every way to mark a picture, and what goes wrong."""

from __future__ import annotations

import itertools
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cameras import CameraGone, make_camera, mjpeg, multipart, reader
from edge.cameras.address import shown
from edge.cameras.mjpeg import MjpegCamera
from edge.cameras.multipart import Parts
from edge.cameras.quality import Quality
from edge.cameras.reader import CameraReader
from edge.doctor import Doctor
from edge.frame import Frame
from edge.profiles import Profile
from edge.settings import CameraSettings, MqttSettings, Settings
from tests.certificates import Authority
from tests.conftest import check_it_comes_back
from tests.feed import assert_soon
from tests.mjpeg_server import MjpegServer, jpeg, part

LEVELS = (40, 80, 120, 160)


def all_levels(**about: Any) -> Callable[[], Iterator[bytes]]:
    return lambda: iter([part(jpeg(level), **about) for level in LEVELS])


@pytest.fixture
def serve() -> Iterator[Callable[..., MjpegServer]]:
    """Starts servers, which stop with the test."""
    servers: list[MjpegServer] = []

    def serve(stream: Callable[[], Iterator[bytes]] | None = None, **about: Any) -> MjpegServer:
        servers.append(MjpegServer(stream or all_levels(), **about))
        servers[-1].start()
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


def brightness(frame: Frame | None) -> float:
    assert frame is not None
    assert isinstance(frame.image, np.ndarray)
    assert frame.image.shape == (120, 160, 3)
    return float(np.median(frame.image))


def newest(url: str) -> Frame | None:
    """The last of all pictures of a server."""
    camera = MjpegCamera(url)
    camera.open()
    frame = camera.read()
    while frame is not None and frame.index < len(LEVELS) - 1:
        frame = camera.read()
    camera.close()
    return frame


def refused(url: str) -> str:
    """The one line that says why there is no stream."""
    camera = MjpegCamera(url)
    with pytest.raises(CameraGone) as gone:
        camera.open()
        camera.read()
    camera.close()
    return str(gone.value)


@pytest.mark.parametrize("length", [True, False], ids=["with length", "without length"])
@pytest.mark.parametrize("chunked", [False, True], ids=["plain", "chunked"])
@pytest.mark.parametrize(
    ("boundary", "kind"),
    [
        ("--frame", "boundary=frame"),
        ("--frame", "boundary=--frame"),
        ("----frame", "boundary=--frame"),
        ("frame", "boundary=frame"),
        ("--frame", 'boundary="frame"'),
        ("--frame", "charset=x"),
    ],
)
def test_however_a_camera_marks_its_pictures_the_newest_is_shown(
    serve: Callable[..., MjpegServer], boundary: str, kind: str, chunked: bool, length: bool
) -> None:
    server = serve(
        all_levels(length=length, boundary=boundary),
        kind=f"multipart/x-mixed-replace; {kind}",
        chunked=chunked,
    )
    before = time.monotonic()
    frame = newest(server.url)
    assert brightness(frame) == pytest.approx(LEVELS[-1], abs=3)
    assert frame is not None
    assert before <= frame.captured_at <= time.monotonic()


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pictures_are_found_however_the_network_cuts_them(length: bool, size: int) -> None:
    stream = b"".join(part(jpeg(level), length) for level in LEVELS)
    parts, found = Parts("frame"), []
    for at in range(0, len(stream), size):
        parts.feed(stream[at : at + size])
        if (whole := parts.take()) is not None:
            found.append(whole.content)
    assert found == [jpeg(level) for level in LEVELS]


def test_pictures_that_nobody_took_are_passed_over_and_counted() -> None:
    parts = Parts("frame")
    parts.feed(b"".join(part(jpeg(level)) for level in LEVELS))
    taken = parts.take()
    assert taken is not None
    assert taken.content == jpeg(LEVELS[-1])
    assert parts.passed_over == 3
    assert parts.take() is None


@pytest.mark.parametrize("length", [True, False])
def test_a_picture_without_an_end_is_given_up_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch, length: bool
) -> None:
    monkeypatch.setattr(multipart, "PICTURE_BYTES", 100_000)
    parts = Parts("frame")
    with pytest.raises(CameraGone, match="more than"):
        parts.feed(part(bytes(10**6), length)[:50_000])
        for _ in range(10):
            parts.feed(bytes(20_000))


def test_noise_before_the_first_picture_is_skipped_and_not_kept() -> None:
    parts = Parts("frame")
    for _ in range(3000):
        parts.feed(bytes(10_000))
    assert len(parts._buffer) < 20_000
    parts.feed(b"\r\n" + part(jpeg(80)))
    assert parts.take() is not None


def test_a_slow_reader_sees_the_newest_picture_each_time(
    serve: Callable[..., MjpegServer],
) -> None:
    def stream() -> Iterator[bytes]:
        began = time.time()
        for index in range(300):
            time.sleep(max(0.0, began + index / 100 - time.time()))
            yield part(jpeg(index % 200), more=f"X-Sent: {time.time()}\r\n")

    camera = MjpegCamera(serve(stream).url)
    camera.open()
    began, found = time.monotonic(), []
    for _ in range(8):
        frame = camera.read()
        assert frame is not None
        due = (time.monotonic() - began) * 100
        found.append((frame.index, due))
        time.sleep(0.15)  # stands for a machine that is too slow
    camera.close()
    assert all(abs(index - due) < 25 for index, due in found), found


def test_the_cameras_own_time_keeps_jitter_out_and_finds_what_is_late(
    serve: Callable[..., MjpegServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mjpeg, "CATCH_UP_S", 0.2)

    def stream() -> Iterator[bytes]:
        for index in range(100):
            time.sleep(0.03 + (0.02 if index % 3 == 0 else 0) + (1.5 if index == 12 else 0))
            yield part(jpeg(99), more=f"X-Timestamp: {1000 + index * 0.04:.6f}\r\n")

    camera = MjpegCamera(serve(stream).url)
    camera.open()
    frames = [camera.read() for _ in range(11)]
    times = [frame.captured_at for frame in frames if frame]
    steps = [b - a for a, b in itertools.pairwise(times[4:])]
    assert steps == pytest.approx([0.04] * 6, abs=0.01)
    with pytest.raises(CameraGone, match="late and does not catch up"):
        for _ in range(60):
            camera.read()
    camera.close()


def test_a_damaged_picture_is_left_out_and_counted(serve: Callable[..., MjpegServer]) -> None:
    whole = jpeg(120)
    damaged = (whole[: len(whole) // 2], b"no picture", b"\xff\xd8 nor this \xff\xd9")

    def stream() -> Iterator[bytes]:
        for each in (whole, *damaged, whole):
            yield part(each)
            time.sleep(0.1)

    settings = CameraSettings(source=serve(stream).url)
    quality = Quality(settings)
    camera = make_camera(settings, Profile(), quality=quality)
    camera.open()
    assert [brightness(camera.read()) for _ in range(2)] == pytest.approx([120, 120], abs=3)
    assert quality.damaged == len(damaged)
    camera.close()


def test_a_picture_that_stops_half_way_is_noticed_in_time_and_the_stream_comes_back(
    serve: Callable[..., MjpegServer],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(mjpeg, "SILENCE_S", 0.5)
    monkeypatch.setattr(reader, "FIRST_PAUSE_S", 0.05)
    server = serve(lambda: iter([part(jpeg(40)), part(jpeg(80))[:300]]))
    read = CameraReader(MjpegCamera(server.url), lossless=False)
    read.start()
    assert read.take(10) is not None
    began = time.monotonic()
    assert_soon(lambda: read.missing)
    assert 0.3 < time.monotonic() - began < 1.0
    assert read.take(10) is not None
    assert server.watchers == 2
    assert "/cam: no whole picture for 0.5 s; trying again" in caplog.text
    read.stop()


def test_a_trickle_of_bytes_is_no_picture(
    serve: Callable[..., MjpegServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mjpeg, "SILENCE_S", 0.5)

    def stream() -> Iterator[bytes]:
        for byte in part(jpeg(40)):
            time.sleep(0.02)
            yield bytes([byte])

    url = serve(stream).url
    began = time.monotonic()
    assert refused(url) == f"{url}: no whole picture for 0.5 s"
    assert time.monotonic() - began < 1.0


def test_after_a_restart_of_the_camera_its_stream_comes_back(
    serve: Callable[..., MjpegServer],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = serve()
    check_it_comes_back(MjpegCamera(server.url), server, monkeypatch, caplog)


@pytest.mark.parametrize("scheme", ["Digest", "Basic"])
def test_user_and_password_are_proved_and_never_shown(
    serve: Callable[..., MjpegServer], scheme: str
) -> None:
    server = serve(user="me:p@ss/w:rd", scheme=scheme)
    bare = server.url.removeprefix("http://")
    assert refused(server.url).endswith("asks for a user: http://USER:PASSWORD@127.0.0.1/…")
    wrong = refused(f"http://me:wrong-one@{bare}")
    assert wrong == f"http://me:***@{bare}: user or password is wrong"
    known = f"http://me:p%40ss%2Fw%3Ard@{bare}"
    assert brightness(newest(known)) == pytest.approx(LEVELS[-1], abs=3)
    moved = known.replace("/cam", "/moved")
    assert brightness(newest(moved)) == pytest.approx(LEVELS[-1], abs=3)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"kind": "text/html"}, "no MJPEG stream but text/html"),
        ({"kind": "image/jpeg"}, "a single picture; give its MJPEG stream's address"),
        ({"status": 404}, "no such stream there"),
        ({"status": 503}, "refused with HTTP status 503"),
        ({"stream": lambda: iter([]), "hangs_up": True}, "stream ended"),
    ],
)
def test_what_is_no_stream_is_said_in_one_line(
    serve: Callable[..., MjpegServer], about: dict[str, Any], said: str
) -> None:
    url = serve(**about).url
    assert refused(url) == f"{url}: {said}"


@pytest.mark.parametrize(
    ("source", "others_see"),
    [
        ("demo", "demo"),
        ("/dev/video0", "/dev/video0"),
        ("rtsp://cam/stream", "rtsp://cam/stream"),
        ("rtsp://cam:8554/stream@1", "rtsp://cam:***@1"),
        ("rtsp://me:secret@cam:8554/live/1", "rtsp://me:***@cam:8554/live/1"),
        ("rtsp://me@cam/live", "rtsp://me:***@cam/live"),
        ("rtsp://me:sec/r@et@cam/live", "rtsp://me:***@cam/live"),
        ("rtps://me:secret@cam/live", "rtps://me:***@cam/live"),
        ("rtsp:/me:secret@cam/live", "rtsp:/me:***@cam/live"),
        ("RTSP:me:secret@cam/live", "RTSP:me:***@cam/live"),
        ("http://me:secret", "http://me:***"),
        ("http://me:sec:ret/cam", "http://me:***/cam"),
        ("http://cam:8080/video", "http://cam:8080/video"),
        ("http://[fe80::1]:8080/video", "http://[fe80::1]:8080/video"),
        ("picamera2:1", "picamera2:1"),
        ("http://cam/video?user=me&pwd=secret", "http://cam/video?user=***&pwd=***"),
        (
            "rtsp://cam/user=me&password=secret&channel=1",
            "rtsp://cam/user=***&password=***&channel=***",
        ),
    ],
)
def test_others_never_see_a_password(source: str, others_see: str) -> None:
    assert shown(source) == others_see


def test_an_encrypted_stream_is_read_where_its_certificate_is_trusted(
    serve: Callable[..., MjpegServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    own = authority.issue("camera")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.cert, own.key)
    url = serve(tls=context).url.replace("http://127.0.0.1", "https://localhost")
    assert "its certificate is not trusted" in refused(url)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.cert))
    assert brightness(newest(url)) == pytest.approx(LEVELS[-1], abs=3)


def test_the_doctor_notes_a_camera_that_sees_no_light(
    serve: Callable[..., MjpegServer], tmp_path: Path
) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(200):
            time.sleep(0.02)
            yield part(jpeg(3))

    settings = Settings(
        camera=CameraSettings(source=serve(stream).url), mqtt=MqttSettings(broker="none")
    )
    doctor = Doctor(settings, Profile(), None, tmp_path / "state")
    (camera,) = (finding for finding in doctor() if finding.about == "camera")
    assert camera.level == "note"
    assert "160x120" in camera.found
    assert "dark" in camera.advice
