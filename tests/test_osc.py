"""What a mesh gets over UDP: decoded by hand, and as python-osc reads it."""

from __future__ import annotations

import logging
import socket
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket

from edge.detection import Box
from edge.errors import SettingsError
from edge.frame import Frame
from edge.mappings import MAPPINGS
from edge.osc import PORT, Mesh, resolve
from edge.pipeline import MouthSeen, Seen, SeenFace
from edge.settings import OscSettings, Settings, VisemeSettings
from edge.shapes import SHAPES
from tests.command import ALONE, Lipwire
from tests.conftest import complaint
from tests.receiver import Message, Receiver, by_hand, pose

LONGEST_DATAGRAM = 600  # bytes, as docs/mesh.md says: no network cuts it in pieces


def by_library(datagram: bytes) -> list[Message]:
    packet = OscPacket(datagram)
    return [(timed.message.address, list(timed.message.params)) for timed in packet.messages]


def frame(at: float) -> Frame:
    return Frame(np.zeros((1, 1, 3), np.uint8), at, at, 0)


def seen(shape: str) -> Seen:
    weights = tuple(float(other == shape) for other in SHAPES)
    box = Box(0.0, 0.0, 100.0, 100.0)
    mouth = MouthSeen(shape, weights, 1.0)
    face = SeenFace(1, box, here=True, arrived=True, dwell_s=1.0, mouth=mouth)
    return Seen((640, 480), 0.0, (face,), ())


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_every_frame_is_one_bundle_with_a_value_for_every_name_and_apply_at_its_end(
    receiver: Receiver, mapping: str
) -> None:
    mesh = Mesh(receiver.address, mapping)
    for number in range(20):
        mesh(frame(number / 25), seen("rounded"))
    received = receiver.datagrams()
    mesh.stop()
    assert len(received) == 20
    for datagram in received:
        assert len(datagram) <= LONGEST_DATAGRAM
        assert tuple(pose(datagram)) == MAPPINGS[mapping].names
        assert by_library(datagram) == by_hand(datagram)
    full = {name: MAPPINGS[mapping].poses["rounded"].get(name, 0.0) for name in pose(received[-1])}
    assert pose(received[-1]) == pytest.approx(full)


def test_the_mouth_is_closed_in_small_steps_at_the_end(receiver: Receiver) -> None:
    mesh = Mesh(receiver.address, "vrm")
    for number in range(20):
        mesh(frame(number / 25), seen("wide_open"))
    mesh.stop()
    shown = [pose(datagram)["aa"] for datagram in receiver.datagrams()[19:]]
    assert shown[0] == 1
    assert shown == sorted(shown, reverse=True)
    assert shown[-1] == 0
    assert len(set(shown)) >= 5


def test_the_mouth_is_closed_once_when_no_frame_comes_and_opens_again(receiver: Receiver) -> None:
    mesh = Mesh(receiver.address, "vrm")
    for number in range(20):
        mesh(frame(number / 25), seen("wide_open"))
    for _ in range(3):
        mesh(None, seen("wide_open"))
    for number in range(40, 60):
        mesh(frame(number / 25), seen("wide_open"))
    shown = [pose(datagram)["A"] for datagram in receiver.datagrams()]
    mesh.stop()
    gap = shown[20:-20]
    assert (gap[-1], gap.count(0.0)) == (0, 1)
    assert shown[-1] == 1


def test_the_largest_of_two_faces_moves_the_mesh(receiver: Receiver) -> None:
    (large,), (small,) = seen("puckered").faces, seen("wide_open").faces
    small = replace(small, face=2, box=Box(300.0, 0.0, 60.0, 60.0))
    both = replace(seen("closed"), faces=(small, large))
    mesh = Mesh(receiver.address, "vrm0")
    for number in range(20):
        mesh(frame(number / 25), both)
    last = pose(receiver.datagrams()[-1])
    mesh.stop()
    assert last == {"A": 0, "I": 0, "U": 1, "E": 0, "O": 0}


def test_a_network_that_takes_nothing_is_logged_once_and_stops_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mesh = Mesh("255.255.255.255:9", "vrm")  # to all, which a socket must be allowed first
    with caplog.at_level(logging.WARNING):
        for number in range(5):
            mesh(frame(number / 25), seen("open"))
        mesh.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "mesh: not sent, and trying on: Permission denied"
    ]


def test_it_is_no_trouble_when_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mesh = Mesh(f"127.0.0.1:{port}", "vrm")
    with caplog.at_level(logging.WARNING):
        for number in range(5):
            mesh(frame(number / 25), seen("open"))
        mesh.stop()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("127.0.0.1", ("127.0.0.1", PORT)),
        ("127.0.0.1:39539", ("127.0.0.1", 39539)),
        ("[::1]:9000", ("::1", 9000, 0, 0)),
        ("[::1]", ("::1", PORT, 0, 0)),
    ],
)
def test_a_host_is_enough_and_has_the_protocols_port(address: str, where: tuple[Any, ...]) -> None:
    assert resolve(address)[1] == where


@pytest.mark.parametrize(
    "address",
    [
        *("", ":39540", "localhost:", "localhost:0", "localhost:70000", "localhost:osc", "39540"),
        *("localhost:-1", "localhost:٣", "udp://localhost:39540", "::1", "a b", "localhost:1:2"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(address: str) -> None:
    said = complaint(lambda: resolve(address), SettingsError)
    assert said == (
        f"osc address {address!r}: must be HOST or HOST:PORT, with a port from 1 to 65535"
    )


@pytest.mark.parametrize("host", ["nowhere.invalid", "no..where", "x" * 64 + ".local"])
def test_a_host_that_is_not_known_is_refused(host: str) -> None:
    said = complaint(lambda: resolve(host), SettingsError)
    assert said.startswith(f"osc address {host}: ")


def test_a_mesh_without_mouth_shapes_is_refused() -> None:
    settings = Settings(osc=OscSettings("127.0.0.1"), viseme=VisemeSettings(enabled=False))
    said = complaint(lambda: Mesh.of(settings), SettingsError)
    assert said == "[osc] needs mouth shapes, and [viseme] enabled is false"


def test_there_is_no_mesh_unless_one_is_wanted() -> None:
    assert Mesh.of(Settings()) is None


@pytest.mark.parametrize("address", ["localhost:0", "no..where"])
def test_the_daemon_refuses_a_bad_address_in_one_line(ready: Lipwire, address: str) -> None:
    line = ready.complaint("run", *ALONE, "--osc", address)
    assert line.startswith("lipwire: osc address ")
    assert address in line


def test_the_daemon_refuses_an_unknown_mapping_with_those_there_are(ready: Lipwire) -> None:
    path = ready.home / "mesh.toml"
    path.write_text('[osc]\nmapping = "vrm2"\n')
    line = ready.complaint("run", *ALONE, "--config", path, "--osc", "127.0.0.1")
    known = ", ".join(MAPPINGS)
    assert line == f"lipwire: {path}: [osc] mapping: must be one of {known}, not 'vrm2'"
