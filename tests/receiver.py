"""What is sent over UDP, received and decoded by the OSC 1.0 specification."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

Message = tuple[str, list[Any]]


class Receiver:
    """What arrives at a free port of this machine."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._receive)
        self._received: list[bytes] = []
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def last(self) -> bytes | None:
        """What has arrived last."""
        return self._received[-1] if self._received else None

    def _receive(self) -> None:
        while datagram := self._socket.recv(65535):
            self._received.append(datagram)

    def datagrams(self) -> list[bytes]:
        """All that has been sent so far; nothing is received after that."""
        if self._thread.is_alive():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", self._socket.getsockname())
            self._thread.join()
            self._socket.close()
        return self._received


def by_hand(datagram: bytes) -> list[Message]:
    """The messages of a bundle, read by the OSC 1.0 specification."""
    assert datagram[:16] == b"#bundle\0" + struct.pack(">Q", 1)  # to be done at once
    messages, at = [], 16
    while at < len(datagram):
        (size,) = struct.unpack_from(">i", datagram, at)
        assert size % 4 == 0
        messages.append(_message(datagram[at + 4 : at + 4 + size]))
        at += 4 + size
    assert at == len(datagram)
    return messages


def _message(data: bytes) -> Message:
    address, data = _text(data)
    tags, data = _text(data)
    arguments: list[Any] = []
    for tag in tags.removeprefix(","):
        if tag == "s":
            text, data = _text(data)
            arguments.append(text)
        else:
            assert tag == "f"
            arguments += struct.unpack_from(">f", data)
            data = data[4:]
    assert data == b""
    return address, arguments


def _text(data: bytes) -> tuple[str, bytes]:
    length = data.index(b"\0")
    padded = length + 4 - length % 4
    assert set(data[length:padded]) == {0}
    return data[:length].decode(), data[padded:]


def pose(datagram: bytes) -> dict[str, float]:
    """The values of a bundle's names."""
    *values, apply = by_hand(datagram)
    assert apply == ("/VMC/Ext/Blend/Apply", [])
    assert {address for address, _ in values} == {"/VMC/Ext/Blend/Val"}
    return {name: value for _, (name, value) in values}
