"""The camera's picture on the page: from the camera to the address, only while it is wanted."""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import daemon
from edge.cameras import make_camera, picamera2, reader
from edge.daemon import Daemon, Options
from edge.pipeline import Pipeline
from edge.profiles import Profile
from edge.settings import CameraSettings, MqttSettings, PageSettings, Settings
from tests import fakes_picamera2 as fake
from tests.conftest import Mosquitto, free_port
from tests.fakes import picture
from tests.fakes_picamera2 import NOW_S
from tests.feed import Subscriber, assert_soon, send


@pytest.fixture
def signals(board: fake.Board) -> Iterator[None]:
    """What a daemon in this process does at a signal is undone."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run_beside(runs: Daemon, script: Callable[[], None]) -> None:
    """Run a daemon in this thread and a script in another, and stop both at the script's end."""
    failures: list[BaseException] = []

    def follow() -> None:
        try:
            script()
        except BaseException as failure:
            failures.append(failure)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    begin = threading.Timer(0.1, follow)
    begin.start()
    runs.run()
    begin.join(5)
    assert not failures, failures


@pytest.mark.usefixtures("signals")
def test_a_picture_is_shown_only_while_the_camera_gives_some(
    board: fake.Board,
    mosquitto: Mosquitto,
    subscriber: Subscriber,
    fetched: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(reader, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(picamera2, "SILENCE_S", 60.0)
    monkeypatch.setattr(daemon, "WAIT_S", 0.05)
    address = f"127.0.0.1:{free_port()}"
    settings = Settings(
        camera=CameraSettings(source="picamera2"),
        mqtt=MqttSettings(broker=mosquitto.url, device_id="door", commands=True),
        page=PageSettings(address=address, preview=True),
    )

    def shown() -> int | None:
        """The brightness of the picture's corner, if there is one."""
        try:
            with urllib.request.urlopen(f"http://{address}/preview.jpg", timeout=5) as answer:
                content = np.frombuffer(answer.read(), np.uint8)
        except urllib.error.HTTPError as error:
            error.close()
            assert error.code == 404
            return None
        return round(cv2.imdecode(content, cv2.IMREAD_COLOR)[:9, :9].mean())

    def order(command: str) -> None:
        answers = "lipwire/door/result"
        known = sum(each.topic == answers for each in subscriber.received)
        send(mosquitto.port, f"lipwire/door/command/{command}", json.dumps({}))
        subscriber.assert_soon(lambda s: sum(each.topic == answers for each in s.received) > known)

    def see(index: int) -> None:
        """A picture, which must be shown next."""
        assert_soon(lambda: board.camera is not None and board.camera.started)
        board.expose(picture(index), NOW_S)
        assert_soon(lambda: shown() == 20 + 5 * index)

    def script() -> None:
        assert_soon(lambda: subscriber.last("health"))
        assert shown() is None
        see(1)
        see(2)
        order("pause")
        assert shown() is None
        board.expose(picture(), NOW_S)  # the camera's thread wakes and closes it
        assert_soon(lambda: board.camera is None)
        order("resume")
        see(3)
        monkeypatch.setattr(daemon, "PREVIEW_S", 0.0)
        assert_soon(lambda: shown() is None)
        cameras, board.cameras = board.cameras, []
        monkeypatch.setattr(picamera2, "SILENCE_S", 0.01)
        board.expose(picture(5), NOW_S)
        assert_soon(lambda: subscriber.last("health")["camera"] == "missing")
        assert shown() is None
        monkeypatch.setattr(daemon, "PREVIEW_S", 60.0)
        monkeypatch.setattr(picamera2, "SILENCE_S", 1.0)  # the end waits for the camera's thread
        board.cameras = cameras
        see(6)

    profile = Profile(width=160, height=120)
    run_beside(Daemon(settings, Options(profile, tmp_path / "state", fetched)), script)
    caplog.clear()  # its records hold errors, and those the last frame


@pytest.mark.usefixtures("signals")
def test_while_a_stage_fails_the_page_says_so_and_shows_no_picture(
    fetched: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(daemon, "FIRST_PAUSE_S", 30.0)
    settings = Settings(
        mqtt=MqttSettings(broker="none"), page=PageSettings(address="off", preview=True)
    )
    runs = Daemon(settings, Options(Profile(), tmp_path / "state", fetched))

    def fail(*_: object) -> None:
        raise RuntimeError("a bad frame")

    def script() -> None:
        assert_soon(lambda: runs.snapshot.preview is not None)
        monkeypatch.setattr(Pipeline, "__call__", fail)
        assert_soon(lambda: runs.snapshot.restarts == 1)
        assert runs.snapshot.preview is None
        runs._stop.set()

    run_beside(runs, script)
    caplog.clear()


@pytest.mark.parametrize("source", ["demo", "pictures"])
def test_every_cameras_own_picture_is_the_preview(
    source: str, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures.parent)
    for wanted in (False, True):
        camera = make_camera(CameraSettings(source=source), Profile(), wanted)
        camera.open()
        frame = camera.read()
        camera.close()
        assert frame is not None
        assert (frame.preview is frame.image) == wanted
        assert wanted or frame.preview is None


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_picture_and_preview_are_turned_together(rotate: int, pictures: Path) -> None:
    upright = cv2.imread(str(pictures / "a.png"))
    settings = CameraSettings(source=str(pictures), rotate=rotate)
    camera = make_camera(settings, Profile(), preview=True)
    assert not camera.live
    camera.open()
    frame = camera.read()
    assert frame is not None
    assert np.array_equal(frame.image, np.rot90(upright, -rotate // 90))
    assert frame.preview is frame.image
    assert [camera.read() is not None for _ in range(3)] == [True, True, False]
    camera.close()
