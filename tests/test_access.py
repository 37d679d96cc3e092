"""Who may connect: user and password, from where they belong, at a real broker."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.errors import BrokerError
from edge.feed import trouble
from edge.feed.credentials import PASSWORD_VARIABLE, USER_VARIABLE, Credentials, credentials
from edge.feed.publisher import Publisher
from edge.settings import MqttSettings
from edge.state import State
from tests.conftest import Mosquitto, complaint
from tests.feed import assert_delivers, assert_soon, login

AT = 1_700_000_000.0

Connect = Callable[..., Publisher]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (USER_VARIABLE, PASSWORD_VARIABLE, "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def guarded(mosquitto: Mosquitto) -> Mosquitto:
    """A broker that knows one user: kiosk, whose password is `right`."""
    users = mosquitto.folder / "users"
    make = ["mosquitto_passwd", "-b", "-c", str(users), "kiosk", "right"]
    subprocess.run(make, check=True, capture_output=True, timeout=30)
    mosquitto.stop()
    mosquitto.settings = f"allow_anonymous false\npassword_file {users}"
    mosquitto.start()
    return mosquitto


@pytest.fixture
def connect(
    one_waiting: State,
    guarded: Mosquitto,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Connect]:
    """Starts a publisher, which must not tell the password to anyone."""
    monkeypatch.setattr(trouble, "LONGEST_PAUSE_S", 0.2)
    caplog.set_level("DEBUG")
    started: list[Publisher] = []

    def connect_(**settings: str) -> Publisher:
        started.append(Publisher(login(guarded.url, **settings), one_waiting))
        started[-1].start()
        return started[-1]

    yield connect_
    for publisher in started:
        assert publisher._thread.is_alive()
        publisher.stop(0.1)
        assert "right" not in publisher.trouble.replace("rights", "")
    assert "right" not in caplog.text.replace("rights", "")
    assert "Traceback" not in caplog.text


def keep(folder: Path, content: str | bytes) -> Path:
    """A file as an installer or a user writes it."""
    file = folder / "mqtt"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@pytest.mark.parametrize(("password", "accepted"), [("right", True), ("wrong", False)])
def test_the_password_comes_from_the_environment(
    connect: Connect,
    one_waiting: State,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
    accepted: bool,
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, password)
    publisher = connect(user="kiosk")
    if accepted:
        assert_delivers(one_waiting)
    else:
        assert_soon(lambda: "refused" in publisher.trouble)
        assert one_waiting.waiting_count == 1


def test_user_and_password_come_from_the_environment(
    connect: Connect, one_waiting: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(USER_VARIABLE, "kiosk")
    monkeypatch.setenv(PASSWORD_VARIABLE, "right")
    connect()
    assert_delivers(one_waiting)


def test_user_and_password_come_from_a_file(
    connect: Connect, one_waiting: State, tmp_path: Path
) -> None:
    connect(credentials_file=str(keep(tmp_path, "kiosk:right\n")))
    assert_delivers(one_waiting)


def test_user_and_password_come_from_systemd(
    connect: Connect, one_waiting: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, "kiosk:right")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    connect()
    assert_delivers(one_waiting)


def test_a_changed_password_is_used_at_the_next_connection(
    connect: Connect, one_waiting: State, tmp_path: Path
) -> None:
    file = keep(tmp_path, "kiosk:old")
    publisher = connect(credentials_file=str(file))
    assert_soon(lambda: "refused" in publisher.trouble)
    keep(tmp_path, "kiosk:right")
    assert_delivers(one_waiting)
    assert_soon(lambda: publisher.trouble == "")


def test_a_file_that_is_missing_is_named_and_will_do_once_it_is_there(
    connect: Connect, one_waiting: State, tmp_path: Path
) -> None:
    publisher = connect(credentials_file=str(tmp_path / "mqtt"))
    said = f"credentials {tmp_path / 'mqtt'}: cannot be read: No such file or directory"
    assert_soon(lambda: publisher.trouble == said)
    keep(tmp_path, "kiosk:right")
    assert_delivers(one_waiting)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("me:secret", Credentials("me", "secret")),
        ("me:secret\r\nmore\n", Credentials("me", "secret")),
        ("me:se:cr:et\n", Credentials("me", "se:cr:et")),
        ("me:\n", Credentials("me", "")),
        ("mé:gehéim\n", Credentials("mé", "gehéim")),
    ],
)
def test_the_first_line_of_the_file_is_user_and_password(
    tmp_path: Path, content: str, found: Credentials
) -> None:
    settings = MqttSettings(credentials_file=str(keep(tmp_path, content)))
    assert credentials(settings) == found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must be user:password"),
        (b"\nme:secret", "must be user:password"),
        (b"secret", "must be user:password"),
        (b":secret", "must be user:password"),
        (b"me:secret\xff", "not UTF-8 text"),
    ],
)
def test_a_file_that_holds_no_user_and_password_is_said_in_one_line_without_its_content(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = keep(tmp_path, content)
    line = complaint(lambda: credentials(MqttSettings(credentials_file=str(file))), BrokerError)
    assert line.startswith(f"credentials {file}: ")
    assert said in line
    assert "secret" not in line


def test_a_folder_is_no_file_of_credentials(tmp_path: Path) -> None:
    settings = MqttSettings(credentials_file=str(tmp_path))
    assert "cannot be read" in complaint(lambda: credentials(settings), BrokerError)


@pytest.mark.parametrize("placeholder", ["", "\n", "  \n"])
def test_an_installers_empty_file_leaves_it_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, placeholder: str
) -> None:
    keep(tmp_path, placeholder)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert credentials(MqttSettings()) == Credentials()
    monkeypatch.setenv(USER_VARIABLE, "me")
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    assert credentials(MqttSettings()) == Credentials("me", "secret")


def test_the_settings_file_goes_over_systemd_and_systemd_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(USER_VARIABLE, "by-environment")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert credentials(MqttSettings()).user == "by-environment"
    keep(tmp_path, "by-systemd:x")
    assert credentials(MqttSettings()).user == "by-systemd"
    own = tmp_path / "own"
    own.write_text("by-file:x")
    assert credentials(MqttSettings(credentials_file=str(own))).user == "by-file"


def test_the_settings_user_goes_over_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(USER_VARIABLE, "other")
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    assert credentials(MqttSettings(user="me")) == Credentials("me", "secret")


def test_without_a_user_nobody_in_particular_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    assert credentials(MqttSettings()) == Credentials("", None)


def test_credentials_can_be_shown_without_the_password() -> None:
    assert "secret" not in repr(Credentials("me", "secret"))
