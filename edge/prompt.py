"""Talks with whoever sits before the camera, on stderr; asks only where somebody answers."""

from __future__ import annotations

import sys

REDO, STOP = "r", "q"  # keys
BELL = "\a"  # who mouths a word looks at the camera


class Prompt:
    """Says what happens and asks what to do next."""

    def __init__(self, asks: bool) -> None:
        self.asks = asks
        self._terminal = sys.stderr is not None and sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Something that stays on the screen."""
        print(f"\r\033[K{text}" if self._terminal else text, file=sys.stderr, flush=True)

    def show(self, text: str) -> None:
        """Something that the next line takes the place of; on a terminal only."""
        if self._terminal:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def ring(self) -> None:
        """A sound, on a terminal."""
        if self._terminal:
            print(BELL, end="", file=sys.stderr, flush=True)

    def ask(self, text: str, keys: str = "") -> str:
        """One of the keys, or none for Enter; where nobody is asked, as if it had been Enter."""
        if not self.asks:
            return ""
        while True:
            print(f"{text} ", end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            if not line:  # nobody is there any more
                self.say("")
                return STOP
            if (answer := line.strip().lower()) == "" or answer in keys:
                return answer
