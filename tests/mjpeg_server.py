"""A small web server with one MJPEG camera, whose stream a test spells out."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np

from edge.frame import Image
from tests.rtsp_server import NONCE, knows_digest

KIND = "multipart/x-mixed-replace; boundary=frame"


def jpeg(brightness: int, size: tuple[int, int] = (160, 120)) -> bytes:
    """A grey picture of one brightness."""
    image: Image = np.full((size[1], size[0], 3), brightness, np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1])


def part(content: bytes, length: bool = True, boundary: str = "--frame", more: str = "") -> bytes:
    """A picture as a camera sends it."""
    head = f"{boundary}\r\nContent-Type: image/jpeg\r\n{more}"
    head += f"Content-Length: {len(content)}\r\n" if length else ""
    return head.encode() + b"\r\n" + content + b"\r\n"


@dataclass
class MjpegServer:
    """Answers each watcher with what `stream` gives, piece by piece, and then stays silent."""

    stream: Callable[[], Iterator[bytes]]
    kind: str = KIND
    status: int = 200
    user: str = ""  # user:password
    scheme: str = "Digest"
    chunked: bool = False
    hangs_up: bool = False  # when the stream is over
    port: int = 0
    tls: ssl.SSLContext | None = None
    watchers: int = 0  # so far
    seen: list[str] = field(default_factory=list)  # paths that were asked for
    _server: ThreadingHTTPServer | None = field(default=None, repr=False)
    _over: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cam"

    def start(self) -> None:
        server = self
        self._over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with contextlib.suppress(OSError):
                    server.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._over.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def serve(self, to: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        to.close_connection = True
        self.seen.append(to.path)
        if urlsplit(to.path).path == "/moved":
            to.send_response(302)
            to.send_header("Location", "/cam")
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        if not self._knows(to.headers.get("Authorization", "")):
            digest = f'Digest realm="camera", nonce="{NONCE}", qop="auth", algorithm=md5'
            to.send_response(401)
            challenge = digest if self.scheme == "Digest" else 'Basic realm="camera"'
            to.send_header("WWW-Authenticate", challenge)
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        to.send_response(self.status)
        to.send_header("Content-Type", self.kind)
        if self.chunked:
            to.send_header("Transfer-Encoding", "chunked")
        to.end_headers()
        self.watchers += 1
        for piece in self.stream():
            chunk = b"%x\r\n%s\r\n" % (len(piece), piece) if self.chunked else piece
            to.wfile.write(chunk)
            to.wfile.flush()
        if not self.hangs_up:
            self._over.wait(60)
        with contextlib.suppress(OSError):
            to.connection.shutdown(socket.SHUT_RDWR)

    def _knows(self, told: str) -> bool:
        if not self.user:
            return True
        if self.scheme == "Basic":
            return told == "Basic " + base64.b64encode(self.user.encode()).decode()
        return knows_digest(self.user, "GET", told)


def running(**about: Any) -> Iterator[MjpegServer]:
    """A server for the length of a test."""
    server = MjpegServer(**about)
    server.start()
    yield server
    server.stop()
