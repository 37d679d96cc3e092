"""A small RTSP server with one camera, whose stream a test can spoil."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2

PACKET_BYTES = 1200
TICKS = 90_000  # a second, of a stream's time
NONCE = "4f6b"


def encoded(path: Path) -> tuple[bytes, list[bytes]]:
    """The set-up of a decoder, and the packets, of a video in MPEG-4."""
    film = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    packets = []
    while (found := film.read())[0]:
        packets.append(found[1].tobytes())
    _, extra = film.retrieve(flag=int(film.get(cv2.CAP_PROP_CODEC_EXTRADATA_INDEX)))
    return extra.tobytes(), packets


@dataclass
class RtspServer:
    """Sends a film again and again, to any number of watchers, each from its beginning."""

    film: Path
    fps: float = 15.0
    user: str = ""  # user:password
    scheme: str = "Digest"
    slow_start_s: float = 0.0
    behind_s: float = 0.0  # how much later than its time each packet leaves; a test changes it
    packets_left: int = 10**9  # before it falls silent in the middle of a frame
    tls: ssl.SSLContext | None = None
    watchers: int = 0  # so far
    port: int = 0
    requests: list[str] = field(default_factory=list)
    _server: socketserver.ThreadingTCPServer | None = field(default=None, repr=False)
    _open: list[socket.socket] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._set_up, self._packets = encoded(self.film)

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def start(self) -> None:
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError, ValueError):
                    server._serve(self)

            def setup(self) -> None:
                # A small buffer: what is late waits here, where a test can see it.
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20_000)
                if server.tls:
                    self.request = server.tls.wrap_socket(self.request, server_side=True)
                server._open.append(self.request)
                super().setup()

            def finish(self) -> None:
                with contextlib.suppress(OSError):
                    super().finish()
                self.request.close()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stop at once, as a camera without power does."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        """End all connections."""
        while self._open:
            connection = self._open.pop()
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        while request := _request(handler):
            method, url, headers = request
            self.requests.append(method)
            if method == "DESCRIBE" and not self._knows(headers.get("authorization", "")):
                realm = 'realm="camera", nonce="' + NONCE + '"'
                challenge = f"Digest {realm}" if self.scheme == "Digest" else 'Basic realm="camera"'
                _answer(handler, headers, "401 Unauthorized", f"WWW-Authenticate: {challenge}")
            elif method == "DESCRIBE" and not url.split("?")[0].rstrip("/").endswith("/cam"):
                _answer(handler, headers, "404 Not Found")
            elif method == "DESCRIBE":
                about = f"Content-Base: {url}/\r\nContent-Type: application/sdp"
                _answer(handler, headers, "200 OK", about, self._sdp())
            elif method == "OPTIONS":
                _answer(handler, headers, "200 OK", "Public: DESCRIBE, SETUP, PLAY, TEARDOWN")
            elif method == "SETUP":
                about = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1"
                _answer(handler, headers, "200 OK", about)
            elif method == "PLAY":
                _answer(handler, headers, "200 OK", "Session: 1")
                self.watchers += 1
                self._play(handler)
            else:
                _answer(handler, headers, "200 OK", "Session: 1")

    def _knows(self, told: str) -> bool:
        if not self.user:
            return True
        if self.scheme == "Basic":
            return told == "Basic " + base64.b64encode(self.user.encode()).decode()
        return knows_digest(self.user, "DESCRIBE", told)

    def _sdp(self) -> str:
        config = self._set_up.hex().upper()
        lines = (
            *("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=film", "c=IN IP4 0.0.0.0", "t=0 0"),
            *("m=video 0 RTP/AVP 96", f"a=rtpmap:96 MP4V-ES/{TICKS}"),
            *(f"a=fmtp:96 profile-level-id=1;config={config}", "a=control:track1", ""),
        )
        return "\r\n".join(lines)

    def _play(self, handler: socketserver.StreamRequestHandler) -> None:
        time.sleep(self.slow_start_s)
        began, number = time.monotonic(), 0
        for index, packet in self._frames():
            due = began + index / self.fps + self.behind_s
            time.sleep(max(0.0, due - time.monotonic()))
            for at in range(0, len(packet), PACKET_BYTES):
                piece = packet[at : at + PACKET_BYTES]
                last = at + PACKET_BYTES >= len(packet)
                head = struct.pack(
                    *(">BBHII", 0x80, 96 | (0x80 if last else 0), number % 65536),
                    *(round(index / self.fps * TICKS) % 2**32, 7),
                )
                number += 1
                rtp = head + piece
                framed = struct.pack(">cBH", b"$", 0, len(rtp)) + rtp
                if self.packets_left <= 0:
                    handler.request.sendall(framed[: len(framed) // 2])
                    threading.Event().wait(60)
                    return
                self.packets_left -= 1
                handler.request.sendall(framed)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        index = 0
        while True:
            for packet in self._packets:
                yield index, packet
                index += 1


def knows_digest(user: str, method: str, told: str) -> bool:
    """Whether a header proves this user:password, as RFC 7616 has it for MD5."""
    name, password = user.split(":", 1)
    said = dict(re.findall(r'(\w+)="?([^",]*)', told))
    one = _md5(f"{name}:camera:{password}")
    two = _md5(f"{method}:{said.get('uri')}")
    middle = NONCE
    if "qop" in said:
        middle += f":{said['nc']}:{said['cnonce']}:{said['qop']}"
    return said.get("username") == name and said.get("response") == _md5(f"{one}:{middle}:{two}")


def _request(
    handler: socketserver.StreamRequestHandler,
) -> tuple[str, str, dict[str, str]] | None:
    first = handler.rfile.readline().decode()
    if not first.strip():
        return None
    headers = {}
    while line := handler.rfile.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    method, url, _ = first.split()
    return method, url, headers


def _answer(
    handler: socketserver.StreamRequestHandler,
    headers: dict[str, str],
    status: str,
    more: str = "",
    body: str = "",
) -> None:
    lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', '1')}"]
    lines += [more] if more else []
    lines += [f"Content-Length: {len(body)}"] if body else []
    handler.wfile.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
