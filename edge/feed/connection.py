"""How a broker is reached: one place for identity, TLS and credentials, and for plain words about
what went wrong."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.errors import BrokerError
from edge.feed.address import Address
from edge.feed.credentials import credentials
from edge.settings import MqttSettings

TIMEOUT_S = 5.0  # for an answer from the broker
KEEPALIVE_S = 30
LARGEST_PACKET = 64 * 1024  # bytes that an MQTT 5 broker may send us: commands are small
UNSUPPORTED_PROTOCOL = 132  # MQTT 5's reason code; paho gives it for 3.1.1's refusal too
VERSIONS = {MQTTProtocolVersion.MQTTv5: "5", MQTTProtocolVersion.MQTTv311: "3.1.1"}

REFUSES_US = "it does not accept this device's certificate"
NO_TLS = "it does not speak TLS on this port; is it mqtt:// or another port?"

# OpenSSL's numbers for what is wrong with a broker's certificate, and what to do about it.
EXPIRED, NOT_YET_VALID, OTHER_NAME, OTHER_IP = 10, 9, 62, 64
UNKNOWN_ISSUER = (2, 18, 19, 20, 21)


@dataclass(frozen=True)
class Login:
    """Everything that it takes to connect as a device."""

    address: Address
    settings: MqttSettings
    device_id: str

    @property
    def base(self) -> str:
        """What the device's topics begin with."""
        return f"{self.settings.prefix}/{self.device_id}"

    def client(self, protocol: MQTTProtocolVersion, role: str = "") -> paho.Client:
        """A client that has not connected yet; files and variables are read now."""
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            f"lipwire-{self.device_id}{role}",
            protocol=protocol,
            reconnect_on_failure=False,
        )
        client.connect_timeout = TIMEOUT_S
        found = credentials(self.settings)
        if found.user:
            client.username_pw_set(found.user, found.password)
        if self.address.tls:
            client.tls_set_context(_tls(self.settings))
        return client

    def connect(self, client: paho.Client) -> None:
        """Open the connection; the broker's answer comes to `on_connect`."""
        properties = None
        if client.protocol == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = LARGEST_PACKET
        address = self.address
        client.connect(address.host, address.port, KEEPALIVE_S, properties=properties)


def _tls(settings: MqttSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise BrokerError(f"[mqtt] ca_file {settings.ca_file}: {_unusable(error)}") from None
    # Python 3.13 refuses what many a home-made authority leaves out; 3.11 does not.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if settings.cert_file:
        try:
            # A key with a passphrase would otherwise ask for it on the terminal.
            key = settings.key_file or None
            context.load_cert_chain(settings.cert_file, key, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            both = " and ".join(filter(None, (settings.cert_file, settings.key_file)))
            raise BrokerError(f"[mqtt] cert_file {both}: {_unusable(error)}") from None
    return context


def _unusable(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return f"cannot be read: {error.strerror}"
    if error.reason == "KEY_VALUES_MISMATCH":
        return "certificate and key do not belong together"
    return "no certificate and key in PEM that can be used (without a passphrase)"


def explain(error: OSError | str, tls: bool = False) -> str:
    """Why a connection failed, in one line."""
    if isinstance(error, ssl.SSLError):
        return _explain_tls(error)
    if tls and isinstance(error, TimeoutError):
        return "it does not answer, at least not with TLS"
    if isinstance(error, str):
        refuses = "alert" in error.lower()
        return _refusal(error) if refuses else re.sub(r"^\[Errno -?\d+\] ", "", error)
    if isinstance(error, socket.gaierror):
        return f"no such host: {error.strerror}"
    if tls and isinstance(error, ConnectionResetError):
        return NO_TLS
    return f"no connection: {error.strerror or error}"


def _explain_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}{_advice(error)}"
    if isinstance(error, ssl.SSLEOFError) or error.reason == "WRONG_VERSION_NUMBER":
        return NO_TLS
    return _refusal(str(error)) if "alert" in str(error).lower() else f"no connection: {error}"


def _advice(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in (EXPIRED, NOT_YET_VALID):
        return "; or is this board's clock wrong?"
    if error.verify_code in (OTHER_NAME, OTHER_IP):
        return "; use the name that stands in it"
    if error.verify_code in UNKNOWN_ISSUER:
        return "; set [mqtt] ca_file to its authority's certificate"
    return ""


def _refusal(text: str) -> str:
    """Out of OpenSSL's words for an alert: '[SSL: X] tlsv13 alert certificate required (…)'."""
    return f"{REFUSES_US}: {text.lower().partition('alert ')[2].partition(' (')[0].strip()}"
