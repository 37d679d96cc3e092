"""RTSP cameras, against a small real server: content, times, lateness, and what goes wrong."""

from __future__ import annotations

import itertools
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest

from edge.cameras import CameraGone, reader, rtsp
from edge.cameras.reader import CameraReader
from edge.cameras.rtsp import RtspCamera
from edge.cameras.stream_clock import StreamClock
from edge.frame import Frame
from tests.certificates import Authority
from tests.command import Lipwire
from tests.conftest import check_it_comes_back, free_port
from tests.fakes import FPS, film
from tests.feed import assert_soon
from tests.rtsp_server import RtspServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtspServer]:
    """A camera that shows a film whose pictures grow brighter."""
    server = RtspServer(film(tmp_path / "film.mp4"), FPS)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def opened() -> Iterator[Callable[[str], RtspCamera]]:
    cameras: list[RtspCamera] = []

    def opened(url: str) -> RtspCamera:
        cameras.append(RtspCamera(url))
        cameras[-1].open()
        return cameras[-1]

    yield opened
    for camera in cameras:
        camera.close()


def frame_of(camera: RtspCamera) -> Frame:
    frame = camera.read()
    assert frame is not None
    return frame


def brightness(frame: Frame) -> float:
    assert isinstance(frame.image, np.ndarray)
    return float(np.median(frame.image))


def refused(url: str) -> str:
    with pytest.raises(CameraGone) as gone:
        RtspCamera(url).open()
    return str(gone.value)


def test_frames_come_as_they_were_sent_and_with_the_streams_own_times(
    server: RtspServer, opened: Callable[[str], RtspCamera]
) -> None:
    camera = opened(server.url)
    frames = [frame_of(camera) for _ in range(12)]
    now, utc = time.monotonic(), time.time()
    assert [f.index for f in frames] == list(range(frames[0].index, frames[0].index + 12))
    steps = [b.captured_at - a.captured_at for a, b in itertools.pairwise(frames)]
    assert steps == pytest.approx([1 / FPS] * 11, abs=0.02)
    assert 0 <= now - frames[-1].captured_at < 0.2
    assert utc - frames[-1].taken_at == pytest.approx(now - frames[-1].captured_at, abs=0.05)
    brighter = [brightness(b) - brightness(a) for a, b in itertools.pairwise(frames)]
    assert [b for b in brighter if b > 0] == pytest.approx([5.0] * 11, abs=3) or min(brighter) < -99


def test_a_reader_that_is_slower_than_the_stream_sees_nothing_later_than_the_bound(
    server: RtspServer, opened: Callable[[str], RtspCamera]
) -> None:
    server.fps = 60
    camera = opened(server.url)
    late, frames = [], []
    until = time.monotonic() + 5
    while time.monotonic() < until:
        frames.append(frame_of(camera))
        late.append(time.monotonic() - frames[-1].captured_at)
        time.sleep(0.03)  # stands for a machine that is too slow
    assert 0.3 < max(late) < rtsp.LATE_S + 0.25
    assert frames[-1].index - frames[0].index > 1.5 * len(frames)


def test_what_stays_late_after_a_hitch_of_the_network_is_opened_again(
    server: RtspServer, opened: Callable[[str], RtspCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtsp, "CATCH_UP_S", 0.5)
    camera = opened(server.url)
    frame_of(camera)
    server.behind_s = 2.0
    with pytest.raises(CameraGone, match="late and does not catch up"):
        for _ in range(20):
            frame = frame_of(camera)
            assert time.monotonic() - frame.captured_at < rtsp.LATE_S + 0.25


def test_silence_in_the_middle_of_a_frame_is_noticed_in_time_and_the_stream_comes_back(
    server: RtspServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rtsp, "SILENCE_S", 0.6)
    monkeypatch.setattr(reader, "FIRST_PAUSE_S", 0.05)
    read = CameraReader(RtspCamera(server.url), lossless=False)
    read.start()
    assert read.take(10) is not None
    server.packets_left = 0
    assert_soon(lambda: server.packets_left <= 0)
    began = time.monotonic()
    assert_soon(lambda: read.missing)
    assert time.monotonic() - began < 1.5
    server.packets_left = 10**9
    assert_soon(lambda: not read.missing)
    assert read.take(10) is not None
    assert read.reopened == 1
    assert server.watchers == 2
    assert "/cam: no picture for 0.6 s; trying again" in caplog.text
    read.stop()


def test_after_a_restart_of_the_camera_its_stream_comes_back(
    server: RtspServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    check_it_comes_back(RtspCamera(server.url), server, monkeypatch, caplog)


@pytest.mark.parametrize("scheme", ["Digest", "Basic"])
def test_user_and_password_are_proved_and_never_shown(
    server: RtspServer,
    opened: Callable[[str], RtspCamera],
    scheme: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    server.user, server.scheme = "me:p@ss/w:rd", scheme
    bare = server.url.removeprefix("rtsp://")
    assert refused(server.url) == (
        f"{server.url}: asks for a user: rtsp://USER:PASSWORD@127.0.0.1/…"
    )
    wrong = refused(f"rtsp://me:wrong-one@{bare}")
    assert wrong == f"rtsp://me:***@{bare}: user or password is wrong"
    known = f"rtsp://me:p%40ss%2Fw%3Ard@{bare}"
    assert frame_of(opened(known)).index > 0
    missing = refused(known.replace("/cam", "/other"))
    assert missing == f"rtsp://me:***@{bare.replace('/cam', '/other')}: no such stream there"
    said = caplog.text + "".join(capfd.readouterr())
    assert "wrong-one" not in said
    assert "p%40ss" not in said


def test_the_daemon_tells_nobody_the_password(server: RtspServer, ready: Lipwire) -> None:
    server.user = "me:secret-one"
    source = server.url.replace("://", "://me:secret-one@")
    page = f"127.0.0.1:{free_port()}"
    (ready.home / "lipwire.toml").write_text(f'[camera]\nsource = "{source}"\n')
    options = ("--config", "lipwire.toml", "--broker", "none")
    with ready.start(
        *("run", *options, "--page", page, "--events", "-"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as daemon:
        assert_soon(lambda: server.watchers > 0)
        with urlopen(f"http://{page}/status.json") as answer:
            told = answer.read().decode()
        server.user = "me:another"
        server.cut()
        assert_soon(lambda: server.requests.count("DESCRIBE") > 4)
        time.sleep(0.2)  # for the line that says so
        daemon.terminate()
        said, _ = daemon.communicate(timeout=20)
    assert json.loads(told)["source"] == source.replace("secret-one", "***")
    assert "user or password is wrong" in said
    examined = ready("doctor", *options)
    assert "rtsp://me:***@127.0.0.1" in examined.stdout
    assert "secret-one" not in told + said + examined.stdout + examined.stderr


def test_an_encrypted_stream_is_read_whoever_signed_its_certificate(
    tmp_path: Path, opened: Callable[[str], RtspCamera]
) -> None:
    own = Authority(tmp_path).issue("camera")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.cert, own.key)
    server = RtspServer(film(tmp_path / "film.mp4"), FPS, tls=context)
    server.start()
    url = server.url.replace("rtsp:", "rtsps:")
    assert frame_of(opened(url)).index > 0
    assert refused(url + "era").endswith("no such stream there")
    server.stop()


def test_what_is_wrong_with_an_address_is_said_in_one_line(server: RtspServer) -> None:
    assert refused(server.url + "era").endswith("/camera: no such stream there")
    nobody = f"rtsp://127.0.0.1:{free_port()}/cam"
    assert refused(nobody) == f"{nobody}: connection refused"
    assert refused("rtsp://camera.invalid/cam").endswith("no such host is known here")


def test_a_machine_that_takes_the_call_and_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rtsp, "OPEN_S", 0.3)
    monkeypatch.setattr(rtsp, "PROBE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        assert refused(f"rtsp://127.0.0.1:{mute.getsockname()[1]}/").endswith("does not answer")
        assert time.monotonic() - began < 3


def test_a_camera_that_takes_its_time_to_start_is_waited_for(
    server: RtspServer, opened: Callable[[str], RtspCamera]
) -> None:
    server.slow_start_s = 1.0
    assert frame_of(opened(server.url)).index > 0


def run(clock: StreamClock, times: list[tuple[float, float]], waited: bool = True) -> list[float]:
    return [clock(at, now, waited) for at, now in times]


def test_jitter_of_the_network_does_not_get_into_the_times() -> None:
    sent = [i / 10 for i in range(100)]
    jitter = [0.05 * (i * 7 % 10) / 10 for i in range(100)]
    captured = run(StreamClock(), [(s, 1000 + s + j) for s, j in zip(sent, jitter, strict=True)])
    steps = [b - a for a, b in itertools.pairwise(captured[10:])]
    assert steps == pytest.approx([0.1] * 89, abs=0.01)  # what came had up to 0.035
    assert captured[-1] - captured[10] == pytest.approx(8.9, abs=0.01)


@pytest.mark.parametrize("rate", [0.995, 0.9999, 1.0, 1.0001, 1.02])
def test_a_clock_that_runs_fast_or_slow_never_runs_away(rate: float) -> None:
    clock = StreamClock()
    moments = [1000 + i / 10 for i in range(36_000)]  # an hour
    for now in moments:
        captured = clock((now - 1000) * rate, now, waited=True)
        assert 0 <= now - captured < 0.05
    assert clock.late_s < 0.05


def test_frames_that_lie_ready_and_come_ever_later_are_called_late() -> None:
    clock = StreamClock()
    run(clock, [(0.0, 1000.0)])
    run(clock, [(i / 10, 1000 + i / 8) for i in range(1, 80)], waited=False)
    assert clock.late_s == pytest.approx(79 / 8 - 79 / 10, abs=0.01)


def test_a_stream_whose_time_begins_anew_stays_as_late_as_it_was() -> None:
    clock = StreamClock()
    run(clock, [(50.0, 1000.0), (50.1, 1000.6)], waited=False)
    (captured,) = run(clock, [(0.0, 1000.7)])
    assert clock.late_s == pytest.approx(0.5)
    assert captured == pytest.approx(1000.2)


@pytest.mark.parametrize("at", [0.0, -1.0, float("nan"), float("inf")])
def test_a_stream_without_a_time_is_dated_by_its_coming(at: float) -> None:
    captured = run(StreamClock(), [(at, 1000 + i / 10) for i in range(50)])
    assert captured == pytest.approx([1000 + i / 10 for i in range(50)])
