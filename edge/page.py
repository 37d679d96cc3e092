"""The local page: counts, faces and events as they happen; a picture only where one is wanted."""

from __future__ import annotations

import errno
import json
import logging
import socketserver
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib import resources
from typing import Any

import cv2

from edge.errors import SettingsError
from edge.frame import Image
from edge.snapshot import Snapshot

log = logging.getLogger(__name__)
PREVIEW_WIDTH, PREVIEW_QUALITY = 640, 75  # pixels at most, and of 100
TAKEN = (errno.EADDRINUSE, errno.EACCES)  # another port may still do


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread a request. Unlike http.server's, it does not ask a name server for its own name,
    which may take long where there is none."""

    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes while it is answered is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            log.exception("page: a request failed")


class Page:
    """A small web server in a thread of its own; it only ever reads a snapshot."""

    def __init__(self, host: str, port: int, look: Callable[[], Snapshot]) -> None:
        html = resources.files("edge").joinpath("page.html").read_bytes()

        class Handler(BaseHTTPRequestHandler):
            timeout = 10.0  # seconds; who says nothing for longer is not waited for

            def do_GET(self) -> None:
                if self.path == "/":
                    self._answer(html, "text/html; charset=utf-8")
                elif self.path == "/status.json":
                    self._answer(status_json(look()), "application/json")
                elif self.path == "/preview.jpg" and (picture := look().preview) is not None:
                    self._answer(jpeg(picture), "image/jpeg")
                else:
                    self.send_error(HTTPStatus.NOT_FOUND)

            def _answer(self, content: bytes, kind: str) -> None:
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                log.debug(format, *args)

        self._server = Server((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="page", daemon=True)

    @classmethod
    def at(cls, address: str, look: Callable[[], Snapshot]) -> Page | None:
        """The page at HOST:PORT, at another port where that one is taken; None for `off`."""
        if address == "off":
            return None
        host, _, port = address.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise SettingsError(f"page address {address!r}: must be HOST:PORT or off")
        try:
            return cls(host, int(port), look)
        except (TypeError, UnicodeError):
            raise SettingsError(f"page address {address!r}: no such host") from None
        except OSError as error:
            if error.errno not in TAKEN:
                raise SettingsError(f"page address {address}: {error.strerror}") from None
            log.warning("page: %s: %s; taking another port", address, error.strerror)
        try:
            return cls(host, 0, look)
        except OSError as error:
            raise SettingsError(f"page address {address}: {error.strerror}") from None

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}/"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        if self._thread.is_alive():  # shutdown waits for ever for a server that never ran
            self._server.shutdown()
            self._thread.join(2)
        self._server.server_close()


def status_json(snapshot: Snapshot) -> bytes:
    """The snapshot as the page reads it."""
    values = asdict(replace(snapshot, preview=None))
    values["preview"] = snapshot.preview is not None  # whether there is one; it is fetched apart
    values["recent"] = [json.loads(payload) for payload in snapshot.recent]
    return json.dumps(values).encode()


def jpeg(picture: Image) -> bytes:
    """The picture as a browser shows it, made small: it is for a look only."""
    height, width = picture.shape[:2]
    if width > PREVIEW_WIDTH:
        size = (PREVIEW_WIDTH, max(1, round(height * PREVIEW_WIDTH / width)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, PREVIEW_QUALITY])
    return encoded.tobytes()
