"""What tests share: models, pictures, real brokers, a page, and what may be left out where."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2
import pytest

from edge import models
from edge.cameras import Camera, reader
from edge.detectors.blazeface import BlazeFace
from edge.errors import LipwireError, ModelError
from edge.events import SmileStarted
from edge.frame import Frame
from edge.page import Page
from edge.snapshot import Snapshot
from edge.state import State
from tests import fakes_picamera2
from tests.command import Lipwire
from tests.fakes import picture
from tests.feed import Subscriber, assert_soon
from tests.receiver import Receiver

# A shell that runs the tests in the background lets them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
REQUIRED = set(filter(None, os.environ.get("LIPWIRE_REQUIRE", "").split(",")))


def need(part: str, missing: bool, how: str) -> None:
    """Leave a test out where a real part is missing, or fail where that part is required."""
    if missing and part in REQUIRED:
        pytest.fail(f"{part} is required (LIPWIRE_REQUIRE) and missing: {how}")
    if missing:
        pytest.skip(f"no {part} here: {how}")


@pytest.fixture(scope="session")
def face_model() -> Path:
    """MediaPipe's short-range face model, fetched once."""
    try:
        return models.find(models.SHORT_RANGE)
    except ModelError:
        models.fetch(models.user_folder())
        return models.find(models.SHORT_RANGE)


@pytest.fixture
def fetched(face_model: Path) -> Path:
    """A folder with all of MediaPipe's models."""
    for model in models.FETCHED:
        assert (face_model.parent / model.name).is_file()
    return face_model.parent


@pytest.fixture
def detector(face_model: Path) -> BlazeFace:
    return BlazeFace(face_model)


@pytest.fixture
def smile_model(tmp_path: Path) -> Path:
    """A smile model that may be spoiled."""
    return Path(shutil.copy(models.shipped("smile"), tmp_path / "smile.tflite"))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of three pictures and two files that are none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, name in enumerate(("a.png", "b.jpg", "d.BMP")):
        assert cv2.imwrite(str(folder / name), picture(20 * index))
    (folder / "c.jpg").write_text("not a picture")
    (folder / "notes.txt").write_text("not looked at")
    return folder


def frames(camera: Camera, most: int = 1000) -> list[Frame]:
    """What a camera gives until its end."""
    camera.open()
    found: list[Frame] = []
    while len(found) < most and (frame := camera.read()) is not None:
        found.append(frame)
    camera.close()
    return found


def complaint(work: Callable[[], object], kind: type[LipwireError]) -> str:
    """The one line with which something is refused."""
    with pytest.raises(kind) as refused:
        work()
    line = str(refused.value)
    assert line
    assert "\n" not in line
    return line


@pytest.fixture
def lipwire(tmp_path: Path) -> Lipwire:
    """The command where no model has been fetched."""
    home = tmp_path / "home"
    home.mkdir()
    return Lipwire(home)


@pytest.fixture
def ready(lipwire: Lipwire, fetched: Path) -> Lipwire:
    """The command with the fetched models in place."""
    folder = lipwire.home / "data/lipwire/models"
    folder.mkdir(parents=True)
    for model in models.FETCHED:
        shutil.copy(fetched / model.name, folder)
    return lipwire


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A program with a mesh, as far as the network sees."""
    receiver = Receiver()
    yield receiver
    receiver.datagrams()


@pytest.fixture
def nowhere() -> None:
    """No fetched model where every user would find it."""
    if models.SYSTEM_FOLDER.is_dir():
        pytest.skip(f"models of the system lie in {models.SYSTEM_FOLDER}")


@contextmanager
def serving(look: Callable[[], Snapshot]) -> Iterator[str]:
    """A page on a free port; gives its address."""
    page = Page.at("127.0.0.1:0", look)
    assert page
    page.start()
    try:
        yield page.url
    finally:
        page.stop()


@dataclass
class Mosquitto:
    """A real broker on a free port of loopback, which can be stopped and started again and
    keeps its sessions over that."""

    folder: Path
    settings: str = "allow_anonymous true"
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.port = self.port or free_port()
        config = self.folder / "mosquitto.conf"
        # As root it would give up its rights, and with them this folder.
        user = getpass.getuser()
        config.write_text(
            f"user {user}\npersistence true\npersistence_location {self.folder}/\n"
            f"listener {self.port} 127.0.0.1\n{self.settings}\n"
        )
        executable = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        assert executable
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([executable, "-c", config], stdout=log, stderr=log)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self.folder / "mosquitto.log").read_text())

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Iterator[fakes_picamera2.Board]:
    """A board with cameras, and a stand-in for picamera2."""
    with fakes_picamera2.standing_in(monkeypatch) as board:
        yield board


class Restarts(Protocol):
    """A network camera that a test can switch off and on."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def check_it_comes_back(
    camera: Camera,
    server: Restarts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a restart of a network camera its frames come again."""
    monkeypatch.setattr(reader, "FIRST_PAUSE_S", 0.05)
    read = reader.CameraReader(camera, lossless=False)
    read.start()
    assert read.take(10) is not None
    server.stop()
    assert_soon(lambda: read.reopened > 1)
    assert "stream ended" in caplog.text
    assert "connection refused" in caplog.text
    server.start()
    assert_soon(lambda: not read.missing)
    assert read.take(10) is not None
    read.stop()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running mosquitto."""
    found = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    need("broker", found is None, "apt install mosquitto")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def subscriber(mosquitto: Mosquitto) -> Iterator[Subscriber]:
    """Hears everything; each of our messages must fit the schema."""
    subscriber = Subscriber(mosquitto.port)
    yield subscriber
    subscriber.close()
    assert subscriber.faults == []


@pytest.fixture
def one_waiting(tmp_path: Path) -> Iterator[State]:
    """A state in which one event waits for a broker."""
    state = State(tmp_path / "state")
    state.record([SmileStarted(face=1, at=1_700_000_000.0)])
    yield state
    state.close()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
