"""Talks with whoever sits before the camera, on stderr; asks only where somebody answers."""

from __future__ import annotations

import io
import sys

REDO, STOP = "r", "q"  # keys
BELL = "\a"  # who mouths a word looks at the camera


class Prompt:
    """Says what happens and asks what to do next."""

    def __init__(self, asks: bool) -> None:
        self.asks = asks
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")  # any key may be hit

    def say(self, text: str) -> None:
        """Something that stays on the screen."""
        self._put(f"\r\033[K{text}\n" if self._terminal else f"{text}\n")

    def show(self, text: str) -> None:
        """Something that the next line takes the place of; on a terminal only."""
        if self._terminal:
            self._put(f"\r\033[K{text}")

    def ring(self) -> None:
        """A sound, on a terminal."""
        if self._terminal:
            self._put(BELL)

    def ask(self, text: str, keys: str = "") -> str:
        """One of the keys, or none for Enter; where nobody is asked, as if it had been Enter."""
        if not self.asks:
            return ""
        while True:
            self._put(f"{text} ")
            line = sys.stdin.readline() if sys.stdin else ""
            if not line:  # nobody is there any more
                self.say("")
                return STOP
            if (answer := line.strip().lower()) in ("", *keys):
                return answer

    def _put(self, text: str) -> None:
        if sys.stderr:  # closed by whoever started us
            sys.stderr.write(text)
            sys.stderr.flush()
