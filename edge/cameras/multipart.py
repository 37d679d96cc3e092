"""The pictures in a multipart stream, as they come out of the network."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from edge.cameras import CameraGone, jpeg

PICTURE_BYTES = 20_000_000  # a picture that takes more is none
HEAD_BYTES = 10_000
LATEST_S = 1e11  # a sender's time beyond this is in other units than seconds, or none


@dataclass(frozen=True, slots=True)
class Part:
    """A picture as it was sent, and the sender's own time where it tells one."""

    content: bytes
    at: float | None  # seconds on the sender's clock


class Parts:
    """Takes bytes as they come and keeps the newest whole picture, at most one beside the one that
    is coming."""

    def __init__(self, boundary: str) -> None:
        # Cameras disagree on whether the dashes belong to the name, and some leave them out.
        name = re.escape(boundary.strip("-").encode("latin-1", "replace"))
        named = rb"(?:--|\A|\n)" + name + rb"(?:--)?"
        self._delimiter = re.compile(named if name else rb"(?:\A|\r?\n)--+[^\r\n]+")
        self._longest = len(name) + 100
        self._buffer = bytearray()
        self._searched = 0  # up to here there is no delimiter
        self._head: dict[str, str] | None = None  # of the part that is coming
        self._newest: Part | None = None
        self.passed_over = 0  # pictures that were replaced before anyone took them

    def feed(self, more: bytes) -> None:
        """Take what has come."""
        self._buffer += more
        while self._next():
            pass
        if len(self._buffer) > PICTURE_BYTES:
            raise CameraGone(f"sends a picture of more than {PICTURE_BYTES // 10**6} MB")

    def take(self) -> Part | None:
        """The newest whole picture, once."""
        part, self._newest = self._newest, None
        return part

    def _next(self) -> bool:
        """Understand one more piece of the stream; False where too little of it has come."""
        if self._head is None:
            return self._find_head()
        length = self._head.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > 0:
            if int(length) > PICTURE_BYTES:
                raise CameraGone(f"sends a picture of more than {PICTURE_BYTES // 10**6} MB")
            if len(self._buffer) < int(length):
                return False
            self._end(int(length))
            return True
        found = self._find_delimiter()
        if found is not None:
            self._end(found.start())
            return True
        # The delimiter comes with the next picture; a JPEG's end is known without it.
        if not self._buffer[-4:].rstrip(b"\r\n").endswith(jpeg.END):
            return False
        self._end(len(self._buffer))
        return True

    def _find_head(self) -> bool:
        found = self._find_delimiter()
        if found is None:
            self._cut(self._searched)
            return False
        ends = re.compile(rb"\r?\n\r?\n").search(self._buffer, found.end())
        if ends is None:
            if len(self._buffer) - found.end() > HEAD_BYTES:
                self._cut(found.end())
            return False
        lines = self._buffer[found.end() : ends.start()].decode("latin-1").splitlines()
        pairs = (line.partition(":") for line in lines)
        self._head = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self._cut(ends.end())
        return True

    def _find_delimiter(self) -> re.Match[bytes] | None:
        found = self._delimiter.search(self._buffer, self._searched)
        if found is None:  # one may have come in part
            self._searched = max(self._searched, len(self._buffer) - self._longest)
        return found

    def _end(self, length: int) -> None:
        """The part that was coming is whole."""
        at = None
        with contextlib.suppress(ValueError):
            at = float((self._head or {}).get("x-timestamp", ""))
        if at is not None and not 0 <= at < LATEST_S:
            at = None
        if self._newest is not None:
            self.passed_over += 1
        self._newest = Part(bytes(self._buffer[:length].rstrip(b"\r\n-")), at)
        self._head = None
        self._cut(length)

    def _cut(self, length: int) -> None:
        del self._buffer[:length]
        self._searched = 0
