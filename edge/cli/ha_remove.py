"""`lipwire ha-remove`: takes a device out of Home Assistant."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, load_settings
from edge.errors import CheckFailed, SettingsError


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    about = "Take this device out of Home Assistant: clear its retained discovery message."
    parser = add_command(commands, "ha-remove", about, _remove)
    more = parser.add_argument
    more("--config", type=Path, metavar="FILE", help="settings in TOML")
    more("--broker", metavar="URL", help="mqtt://host[:port] or mqtts://…")
    more("--state", type=Path, metavar="DIR", help="where the device's id is kept")
    more("--id", metavar="ID", help="another device's id")


def _remove(options: argparse.Namespace) -> None:
    from edge import device, state_file
    from edge.feed.address import parse_address
    from edge.feed.connection import Login
    from edge.feed.home_assistant import config_topic
    from edge.feed.session import Session

    settings = load_settings(options).mqtt
    device.check(settings)
    if settings.broker in ("embedded", "none"):
        raise SettingsError(f"broker {settings.broker}: Home Assistant is not there; give --broker")
    if not settings.home_assistant:
        raise SettingsError("[mqtt] home_assistant is empty: nothing is announced")
    folder = device.state_folder(options.state)
    device_id = options.id or settings.device_id or state_file.stored_fact(folder, "device_id")
    if not device_id:
        raise SettingsError(f"{folder}: no device id is kept here; give --id or --state")
    if not device.ID_PATTERN.fullmatch(device_id):
        raise SettingsError(f"--id {device_id!r}: letters, digits, - and _")
    login = Login(parse_address(settings.broker), settings, device_id)
    topic = config_topic(login)
    with Session(login, "-remove") as session:
        if refused := session.publish(topic, "", retain=True):
            raise CheckFailed(f"{topic} is refused: {refused}")
    print(f"{topic} is cleared")
    if state_file.owner(folder) and not options.id:
        print("the daemon runs and will announce it again: set [mqtt] home_assistant = ''")
