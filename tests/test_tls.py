"""TLS, against a real broker: who is trusted, and what is said where something is wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.feed import trouble
from edge.feed.address import Address
from edge.feed.publisher import Publisher
from edge.state import State
from tests.certificates import Authority, with_passphrase
from tests.conftest import Mosquitto
from tests.feed import assert_delivers, assert_soon, login

# paho leaves the socket of a failed handshake to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")

AT = 1_700_000_000.0

Connect = Callable[..., Publisher]


@pytest.fixture
def connect(
    one_waiting: State,
    mosquitto: Mosquitto,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Connect]:
    """Starts a publisher, which must get over everything without a traceback."""
    monkeypatch.setattr(trouble, "LONGEST_PAUSE_S", 0.2)
    started: list[Publisher] = []

    def connect_(host: str = "localhost", tls: bool = True, **settings: Any) -> Publisher:
        texts = {name: str(value) for name, value in settings.items()}
        started.append(Publisher(login(Address(host, mosquitto.port, tls), **texts), one_waiting))
        started[-1].start()
        return started[-1]

    yield connect_
    for publisher in started:
        assert publisher._thread.is_alive()
        publisher.stop(0.1)
    assert "Traceback" not in caplog.text


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def serve(mosquitto: Mosquitto, authority: Authority, settings: str = "", **about: Any) -> None:
    """Let the broker speak TLS with a certificate of an authority."""
    own = authority.issue("broker", **about)
    mosquitto.stop()
    mosquitto.settings = f"allow_anonymous true\ncertfile {own.cert}\nkeyfile {own.key}\n{settings}"
    mosquitto.start()


def demand(mosquitto: Mosquitto, authority: Authority) -> None:
    """Let the broker ask every device for a certificate."""
    serve(
        mosquitto,
        authority,
        f"cafile {authority.cert}\nrequire_certificate true\nuse_identity_as_username false",
    )


def assert_says(publisher: Publisher, *parts: str) -> None:
    """This is said in one line, now or soon."""
    assert_soon(lambda: all(part in publisher.trouble for part in parts))
    assert "\n" not in publisher.trouble


def test_an_authority_of_ones_own_is_trusted_by_its_file(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority
) -> None:
    serve(mosquitto, authority)
    connect(ca_file=authority.cert)
    assert_delivers(one_waiting)


def test_an_authority_that_the_machine_trusts_needs_no_file(
    connect: Connect,
    one_waiting: State,
    mosquitto: Mosquitto,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve(mosquitto, authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.cert))
    connect()
    assert_delivers(one_waiting)


def test_a_broker_of_an_unknown_authority_gets_nothing(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    serve(mosquitto, authority)
    assert_says(connect(), "certificate is not accepted", "set [mqtt] ca_file")
    other = Authority(tmp_path, "other")
    assert_says(connect(ca_file=other.cert), "certificate is not accepted", "set [mqtt] ca_file")
    assert one_waiting.waiting_count == 1


def test_a_broker_under_another_name_gets_nothing(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority
) -> None:
    serve(mosquitto, authority, host="broker.example")
    assert_says(connect(ca_file=authority.cert), "not accepted", "use the name that stands in it")
    assert_says(connect("127.0.0.1", ca_file=authority.cert), "not accepted", "use the name")
    assert one_waiting.waiting_count == 1


def test_a_certificate_that_ran_out_may_be_the_clocks_fault_and_a_new_one_will_do(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority
) -> None:
    serve(mosquitto, authority, days=-1)
    assert_says(connect(ca_file=authority.cert), "expired", "clock")
    serve(mosquitto, authority)
    assert_delivers(one_waiting)


@pytest.mark.parametrize("given", ["two files", "one file"])
def test_a_device_that_shows_its_certificate_is_let_in(
    connect: Connect,
    one_waiting: State,
    mosquitto: Mosquitto,
    authority: Authority,
    given: str,
    tmp_path: Path,
) -> None:
    demand(mosquitto, authority)
    own = authority.issue("device")
    if given == "two files":
        connect(ca_file=authority.cert, cert_file=own.cert, key_file=own.key)
    else:
        both = tmp_path / "both.pem"
        both.write_bytes(own.key.read_bytes() + own.cert.read_bytes())
        connect(ca_file=authority.cert, cert_file=both)
    assert_delivers(one_waiting)


def test_a_device_without_a_certificate_is_told_that_one_is_needed(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority
) -> None:
    demand(mosquitto, authority)
    assert_says(connect(ca_file=authority.cert), "does not accept this device's certificate")
    assert one_waiting.waiting_count == 1


def test_a_device_with_a_certificate_of_another_authority_is_not_let_in(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    demand(mosquitto, authority)
    own = Authority(tmp_path, "other").issue("device")
    publisher = connect(ca_file=authority.cert, cert_file=own.cert, key_file=own.key)
    assert_says(publisher, "does not accept this device's certificate", "unknown ca")
    assert one_waiting.waiting_count == 1


def test_an_authoritys_file_that_is_missing_is_named_and_will_do_once_it_is_there(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    serve(mosquitto, authority)
    later = tmp_path / "later.pem"
    assert_says(connect(ca_file=later), f"[mqtt] ca_file {later}: cannot be read: No such file")
    shutil.copy(authority.cert, later)
    assert_delivers(one_waiting)


@pytest.mark.parametrize("content", [b"", b"not PEM", b"\xff\0", b"-----BEGIN CERTIFICATE-----\nx"])
def test_an_authoritys_file_that_holds_none_is_named(
    connect: Connect, mosquitto: Mosquitto, authority: Authority, tmp_path: Path, content: bytes
) -> None:
    serve(mosquitto, authority)
    file = tmp_path / "ca"
    file.write_bytes(content)
    assert_says(connect(ca_file=file), f"[mqtt] ca_file {file}: no certificate", "PEM")


def test_an_authoritys_file_that_is_a_folder_is_named(
    connect: Connect, mosquitto: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    serve(mosquitto, authority)
    assert_says(connect(ca_file=tmp_path), f"[mqtt] ca_file {tmp_path}: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_files_that_this_user_may_not_read_are_named(
    connect: Connect, mosquitto: Mosquitto, authority: Authority
) -> None:
    serve(mosquitto, authority)
    own = authority.issue("device")
    own.key.chmod(0)
    publisher = connect(ca_file=authority.cert, cert_file=own.cert, key_file=own.key)
    assert_says(publisher, f"{own.key}: cannot be read: Permission denied")


def test_a_key_of_another_certificate_is_named_and_the_right_one_will_do(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority
) -> None:
    demand(mosquitto, authority)
    own, other = authority.issue("device"), authority.issue("other")
    right = own.key.read_bytes()
    shutil.copy(other.key, own.key)
    publisher = connect(ca_file=authority.cert, cert_file=own.cert, key_file=own.key)
    assert_says(publisher, f"cert_file {own.cert} and {own.key}", "do not belong together")
    own.key.write_bytes(right)
    assert_delivers(one_waiting)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(
    connect: Connect,
    mosquitto: Mosquitto,
    authority: Authority,
    capfd: pytest.CaptureFixture[str],
) -> None:
    demand(mosquitto, authority)
    own = authority.issue("device")
    locked = with_passphrase(own.key)
    publisher = connect(ca_file=authority.cert, cert_file=own.cert, key_file=locked)
    assert_says(publisher, f"cert_file {own.cert} and {locked}", "without a passphrase")
    assert "phrase" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("missing", ["cert_file", "key_file"])
def test_a_device_file_that_is_missing_is_named(
    connect: Connect, mosquitto: Mosquitto, authority: Authority, missing: str, tmp_path: Path
) -> None:
    demand(mosquitto, authority)
    own = authority.issue("device")
    files = {"cert_file": own.cert, "key_file": own.key, missing: tmp_path / "none"}
    assert_says(connect(ca_file=authority.cert, **files), str(tmp_path / "none"), "No such file")


def test_tls_at_a_port_without_it_is_said_in_one_line_and_works_once_the_port_has_it(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority
) -> None:
    assert_says(connect(ca_file=authority.cert), "does not speak TLS on this port")
    serve(mosquitto, authority)
    assert_delivers(one_waiting)


def test_no_tls_at_a_port_with_it_is_said_in_one_line_and_works_once_the_port_has_none(
    connect: Connect, one_waiting: State, mosquitto: Mosquitto, authority: Authority
) -> None:
    serve(mosquitto, authority)
    assert_says(connect(tls=False), "onnection")
    mosquitto.stop()
    mosquitto.settings = "allow_anonymous true"
    mosquitto.start()
    assert_delivers(one_waiting)
