"""Who may connect: TLS and passwords, against a real broker."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.feed.address import PASSWORD_VARIABLE, Address
from edge.events import SmileStarted
from edge.feed.publisher import Publisher
from edge.settings import MqttSettings
from edge.state import State
from tests.conftest import Mosquitto, need
from tests.feed import wait_until

AT = 1_700_000_000.0


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    state.record([SmileStarted(face=1, at=AT)])
    yield state
    state.close()


@pytest.fixture
def certificate(mosquitto: Mosquitto) -> Path:
    """Let the broker speak TLS with a certificate for localhost that signed itself."""
    need("broker", shutil.which("openssl") is None, "apt install openssl")
    cert, key = mosquitto.folder / "cert.pem", mosquitto.folder / "key.pem"
    ask = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    ask += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = [*ask, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    mosquitto.stop()
    mosquitto.settings = f"allow_anonymous true\ncertfile {cert}\nkeyfile {key}"
    mosquitto.start()
    return cert


def test_events_go_over_tls_to_a_broker_that_is_trusted(
    state: State, mosquitto: Mosquitto, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    address = Address("localhost", mosquitto.port, tls=True)
    publisher = Publisher(address, MqttSettings(), "test", state)
    publisher.start()
    wait_until(lambda: state.ledger()["delivered"] == 1)
    publisher.stop()


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.parametrize(
    ("host", "trusted"), [("localhost", False), ("127.0.0.1", True)], ids=["unknown", "other name"]
)
def test_a_broker_that_cannot_prove_itself_gets_nothing(
    state: State,
    mosquitto: Mosquitto,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    trusted: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    publisher = Publisher(Address(host, mosquitto.port, tls=True), MqttSettings(), "test", state)
    publisher.start()
    wait_until(lambda: "certificate verify failed" in publisher.trouble)
    publisher.stop(0.1)
    assert state.waiting_count == 1
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(("password", "accepted"), [("right", True), ("wrong", False)])
def test_the_password_comes_from_the_environment(
    state: State,
    mosquitto: Mosquitto,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
    accepted: bool,
) -> None:
    users = mosquitto.folder / "users"
    make = ["mosquitto_passwd", "-b", "-c", str(users), "kiosk", "right"]
    subprocess.run(make, check=True, capture_output=True, timeout=30)
    mosquitto.stop()
    mosquitto.settings = f"allow_anonymous false\npassword_file {users}"
    mosquitto.start()
    monkeypatch.setenv(PASSWORD_VARIABLE, password)
    address = Address("127.0.0.1", mosquitto.port)
    publisher = Publisher(address, MqttSettings(user="kiosk"), "test", state)
    publisher.start()
    if accepted:
        wait_until(lambda: state.ledger()["delivered"] == 1)
    else:
        wait_until(lambda: "refused" in publisher.trouble)
        assert state.waiting_count == 1
    publisher.stop(0.1)
