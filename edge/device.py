"""Who this device is."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from pathlib import Path

from edge.errors import SettingsError
from edge.settings import MqttSettings

ID_PATTERN = re.compile(r"[a-zA-Z0-9_-]{1,100}")
PREFIX_PATTERN = re.compile(r"(?=.{1,200}$)[^+#/\0]+(/[^+#/\0]+)*")
MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
# Boards whose cards were copied from one another have all but this in common.
SERIAL_FILE = Path("/sys/firmware/devicetree/base/serial-number")


def default_id(state: Path) -> str:
    """The host name and a short hash of what makes this daemon another than its neighbours: the
    machine, the board and, beside the usual one, the folder of its state."""
    host = re.sub(r"[^a-zA-Z0-9_-]+", "-", socket.gethostname()).strip("-") or "lipwire"
    about = _machine_id() + _serial()
    if state.resolve() != state_folder(None).resolve():
        about += os.fsencode(state.resolve())
    return f"{host}-{hashlib.sha256(about).hexdigest()[:6]}"


def check(settings: MqttSettings) -> None:
    """Refuse names that cannot stand in a topic."""
    announce = settings.home_assistant
    if announce and not PREFIX_PATTERN.fullmatch(announce):
        raise SettingsError(f"[mqtt] home_assistant {announce!r}: topic levels without + and #")
    if settings.device_id and not ID_PATTERN.fullmatch(settings.device_id):
        raise SettingsError(f"[mqtt] device_id {settings.device_id!r}: letters, digits, - and _")
    if not PREFIX_PATTERN.fullmatch(settings.prefix):
        raise SettingsError(f"[mqtt] prefix {settings.prefix!r}: topic levels without + and #")


def state_folder(wanted: Path | None) -> Path:
    """Where state lives: as told, as systemd says, or in the user's own place."""
    if wanted is not None:
        return wanted
    by_systemd = os.environ.get("STATE_DIRECTORY")
    if by_systemd:
        return Path(by_systemd.split(":")[0])
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(home) / "lipwire"


def _serial() -> bytes:
    try:
        return SERIAL_FILE.read_bytes().strip(b"\0\n ")
    except OSError:
        return b""


def _machine_id() -> bytes:
    for path in MACHINE_ID_FILES:
        try:
            found = path.read_bytes().strip()
        except OSError:
            continue
        if found:
            return found
    return os.urandom(16)  # kept with the state, so chosen only once
