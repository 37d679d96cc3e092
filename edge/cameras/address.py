"""Addresses of network cameras: their parts, how they are shown, and how a user is proved."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import string
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from edge.errors import SourceError

SAID = {
    401: "user or password is wrong",
    403: "this user may not watch it",
    404: "no such stream there",
    454: "no such stream there",
}
PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


def is_network(source: str) -> bool:
    """Whether a source is the address of a network camera."""
    scheme, found, _ = source.partition("://")
    return bool(found) and scheme in PORTS


def shown(source: str) -> str:
    """A source as others may read it: without its password, nor what may be one."""
    begin = re.match("[a-z]+:/*", source, re.IGNORECASE)  # with a slash missing, too
    if not begin:
        return source
    # A password may hold a slash or another @ by mistake: all before the last @ is hidden.
    secret, at, place = source[begin.end() :].rpartition("@")
    user = re.split("[:/?#]", secret)[0]
    host, slash, path = place.partition("/")
    if not at:  # USER:PASSWORD whose host was left out, and no port
        host = re.sub(r":(?!\d*$)[^]]*$", ":***", host)
    # Some cameras take user and password in the path: /user=x&password=y or ?pwd=y.
    path = re.sub(r"=[^&;/?]+", "=***", path)
    return f"{begin[0]}{f'{user}:***' if at else ''}{at}{host}{slash}{path}"


@dataclass(frozen=True)
class Address:
    """Where a network camera listens, and who asks it."""

    scheme: str
    host: str
    port: int
    path: str  # with its query
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def uri(self) -> str:
        """The address without user and password, as a request names it."""
        return f"{self.scheme}://{self._place}:{self.port}{self.path}"

    @property
    def _place(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def refusal(self, status: int) -> str:
        """What it means that a camera answers so."""
        if status == 401 and not self.user:
            return f"asks for a user: {self.scheme}://USER:PASSWORD@{self._place}/…"
        protocol = self.scheme.upper().removesuffix("S")
        return SAID.get(status, f"refused with {protocol} status {status}")

    def connect(self, timeout_s: float) -> socket.socket:
        """A connection, encrypted where the address asks for it; no certificate is looked at."""
        plain = socket.create_connection((self.host, self.port), timeout_s)
        if self.scheme != "rtsps":
            return plain
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(plain, server_hostname=self.host)

    def authorization(self, challenges: list[str], method: str, uri: str) -> str:
        """The header that answers a camera's WWW-Authenticate; empty where there is none."""
        kinds = {each.partition(" ")[0].lower(): each.partition(" ")[2] for each in challenges}
        if not self.user:
            return ""
        if "digest" in kinds:
            answer = self._digest(kinds["digest"], method, uri)
            return f"Digest {answer}" if answer else ""
        if "basic" in kinds:
            token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return f"Basic {token}"
        return ""

    def _digest(self, challenge: str, method: str, uri: str) -> str | None:
        from urllib import request

        passwords = request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, self.uri, self.user, self.password)
        asked: Any = SimpleNamespace(
            full_url=self.uri, selector=uri, data=None, get_method=lambda: method
        )
        try:
            pairs = request.parse_keqv_list([*filter(None, request.parse_http_list(challenge))])
            pairs["algorithm"] = pairs.get("algorithm", "MD5").upper()  # some write it small
            return request.AbstractDigestAuthHandler(passwords).get_authorization(asked, pairs)
        except (LookupError, ValueError, OSError):  # it is damaged, or asks for what is not known
            return None


def parse(source: str) -> Address:
    """Understand scheme://[user[:password]@]host[:port][/path][?query]."""
    try:
        url = urlsplit(source)
        host, port = url.hostname or "", url.port
        host.encode("idna")
    except ValueError:  # says what is wrong by repeating it, perhaps with the password
        host, port = "", None
    if not host or re.search(r"[^\w.:%-]", host) or url.scheme not in PORTS:
        advice = "must be scheme://[user:password@]host[:port]/path"
        raise SourceError(f"{shown(source)}: {advice}; write @ : / in a password as %40 %3A %2F")
    path = quote((url.path or "/") + (f"?{url.query}" if url.query else ""), string.punctuation)
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return Address(url.scheme, host, port or PORTS[url.scheme], path, user, password)


def unreachable(error: OSError) -> str:
    """Why there is no connection, in few words."""
    if isinstance(error, socket.gaierror):
        return "no such host is known here"
    if isinstance(error, TimeoutError):
        return "does not answer"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return (error.strerror or str(error)).lower()
