"""Moves a mesh: poses of its mouth as OSC bundles over UDP, by the VMC protocol."""

from __future__ import annotations

import logging
import re
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

from edge.errors import MissingExtraError, SettingsError
from edge.frame import Frame
from edge.mappings import MAPPINGS, Pose
from edge.pipeline import Seen
from edge.puppet import FADE_S, Puppet
from edge.settings import Settings

log = logging.getLogger(__name__)

PORT = 39540  # where the protocol's performers listen to what moves a face
ADDRESS = re.compile(r"(\[[^]\s]+]|[^][\s:/@]+)(?::([0-9]{1,5}))?")
CLOSING = 6  # bundles that close a mouth when there are no frames to do it


class Mesh:
    """Sends a pose with every frame. It binds no port, waits for nobody, and a network that does
    not take what it sends is logged once."""

    def __init__(self, address: str, mapping: str) -> None:
        self._bundle = Bundle(MAPPINGS[mapping].names)
        family, self._where = resolve(address)
        self._puppet = Puppet(MAPPINGS[mapping])
        self._at = 0.0
        self._in_trouble = False
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        log.info("mesh: %s to %s, UDP port %d", mapping, *self._where[:2])

    @classmethod
    def of(cls, settings: Settings) -> Mesh | None:
        """The mesh of the settings; None for `off`."""
        if settings.osc.address == "off":
            return None
        if not settings.viseme.enabled:
            raise SettingsError("[osc] needs mouth shapes, and [viseme] enabled is false")
        return cls(settings.osc.address, settings.osc.mapping)

    def __call__(self, frame: Frame | None, seen: Seen | None) -> None:
        """Move the mouth as the frame's largest face does; close it when no frame comes."""
        if frame is None or seen is None:
            self._close()
        else:
            self._at = frame.captured_at
            self._send(self._puppet(self._at, seen.faces))

    def stop(self) -> None:
        """Close the mouth, and send no more."""
        self._close()
        self._socket.close()

    def _close(self) -> None:
        """Close the mouth in the time in which frames would: there are none to wait for."""
        if self._puppet.closed:
            return
        began = self._at
        for step in range(CLOSING + 1):
            self._at = began + FADE_S * step / CLOSING
            self._send(self._puppet(self._at, ()))
            time.sleep(FADE_S / CLOSING)

    def _send(self, pose: Pose) -> None:
        try:
            self._socket.sendto(self._bundle(pose), self._where)
        except OSError as error:  # a mesh that stands still is no reason to stop
            if not self._in_trouble:
                log.warning("mesh: not sent, and trying on: %s", error.strerror)
            self._in_trouble = True


class Bundle:
    """One OSC bundle with a value for every name. python-osc writes it once, which takes too long
    to do with every frame; then only the values change."""

    def __init__(self, names: Sequence[str]) -> None:
        try:
            from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
            from pythonosc.osc_message_builder import OscMessageBuilder
        except ImportError:
            raise MissingExtraError("lipwire run --osc", "osc") from None
        bundle = OscBundleBuilder(IMMEDIATELY)
        self._places: dict[str, int] = {}  # of the values
        for name in names:
            message = OscMessageBuilder("/VMC/Ext/Blend/Val")
            message.add_arg(name, OscMessageBuilder.ARG_TYPE_STRING)
            message.add_arg(0.0, OscMessageBuilder.ARG_TYPE_FLOAT)
            bundle.add_content(message.build())
            self._places[name] = bundle.build().size - 4  # a float, its last argument
        bundle.add_content(OscMessageBuilder("/VMC/Ext/Blend/Apply").build())
        self._bytes = bytearray(bundle.build().dgram)

    def __call__(self, pose: Pose) -> bytes:
        for name, place in self._places.items():
            struct.pack_into(">f", self._bytes, place, pose[name])
        return bytes(self._bytes)


def resolve(address: str) -> tuple[socket.AddressFamily, Any]:
    """Where HOST or HOST:PORT is, as a socket takes it."""
    parts = ADDRESS.fullmatch(address)
    host, port = (parts[1].strip("[]"), int(parts[2] or PORT)) if parts else ("", 0)
    if not host or host.isdigit() or not 0 < port < 65536:
        raise SettingsError(
            f"osc address {address!r}: must be HOST or HOST:PORT, with a port from 1 to 65535"
        )
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such host"
        raise SettingsError(f"osc address {address}: {why}") from None
    return family, where
