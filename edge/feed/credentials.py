"""User and password at the broker: from a file, from systemd or from the environment.

They are read anew for every connection, so that a changed password needs no restart. They never
stand on a command line, where every user of the machine could read them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import BrokerError
from edge.settings import MqttSettings

USER_VARIABLE, PASSWORD_VARIABLE = "LIPWIRE_MQTT_USER", "LIPWIRE_MQTT_PASSWORD"
LONGEST = 1000  # characters of both
SYSTEMD_NAME = "mqtt"  # LoadCredential=mqtt:/etc/lipwire/mqtt


@dataclass(frozen=True)
class Credentials:
    """Who connects; without a user, nobody in particular."""

    user: str = ""
    password: str | None = field(default=None, repr=False)


def credentials(settings: MqttSettings) -> Credentials:
    """The first that is there: the settings' file, systemd's credential, the environment."""
    if settings.credentials_file:
        return _from_file(Path(settings.credentials_file))
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (given := Path(folder, SYSTEMD_NAME)).is_file():
        found = _from_file(given, may_be_empty=True)  # an installer's placeholder is empty
        if found.user:
            return found
    user = settings.user or os.environ.get(USER_VARIABLE, "")
    password = os.environ.get(PASSWORD_VARIABLE) if user else None
    if len(user) + len(password or "") > LONGEST:
        raise BrokerError(f"user and password have over {LONGEST} characters")
    return Credentials(user, password)


def _from_file(path: Path, may_be_empty: bool = False) -> Credentials:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BrokerError(f"credentials {path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BrokerError(f"credentials {path}: not UTF-8 text") from None
    first = lines[0].strip() if lines else ""
    if not first and may_be_empty:
        return Credentials()
    if len(first) > LONGEST:
        raise BrokerError(f"credentials {path}: its first line has over {LONGEST} characters")
    user, colon, password = first.partition(":")
    if not colon or not user:
        raise BrokerError(f"credentials {path}: its first line must be user:password")
    return Credentials(user, password)
