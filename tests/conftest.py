"""What tests share: real brokers, the fetched models, and what may be left out where."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge import models
from edge.detect import BlazeFace
from edge.errors import ModelError

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
def detector(face_model: Path) -> BlazeFace:
    return BlazeFace(face_model)


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


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
