"""Where a broker listens."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from paho.mqtt.enums import MQTTProtocolVersion

from edge.errors import BrokerError
from edge.feed.credentials import PASSWORD_VARIABLE


@dataclass(frozen=True)
class Address:
    """Where a broker listens and how it is spoken to."""

    host: str
    port: int
    tls: bool = False
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5

    def __str__(self) -> str:
        return f"mqtt{'s' if self.tls else ''}://{self.host}:{self.port}"


def parse_address(url: str) -> Address:
    """Understand mqtt://host[:port] and mqtts://host[:port]."""
    try:
        parts = urlsplit(url)
        user, host = parts.username, parts.hostname
    except ValueError as error:
        raise BrokerError(f"the broker's address is malformed: {error}") from None
    if user is not None:  # the address may hold a password: it is not repeated
        raise BrokerError(
            f"broker {host}: no user or password in the address, where other users of this "
            f"machine could read it: set [mqtt] user and the variable {PASSWORD_VARIABLE}"
        )
    if parts.scheme not in ("mqtt", "mqtts") or not host or parts.path not in ("", "/"):
        raise BrokerError(
            f"broker {url!r}: must be mqtt://host[:port], mqtts://host[:port], embedded or none"
        )
    try:
        host.encode("idna")
        port = parts.port
    except UnicodeError:
        raise BrokerError(f"broker {url!r}: no such host name can exist") from None
    except ValueError as error:
        raise BrokerError(f"broker {url}: {error}") from None
    tls = parts.scheme == "mqtts"
    return Address(host, port or (8883 if tls else 1883), tls)
