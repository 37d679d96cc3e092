"""A progress line on a terminal, and only there."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
EVERY_S = 0.2


class Progress(Generic[T]):
    """Iterates over a collection and shows how far it has come."""

    def __init__(self, items: Collection[T], what: str) -> None:
        self._items, self._what = items, what

    def __iter__(self) -> Iterator[T]:
        started = shown = time.monotonic()
        terminal = sys.stderr.isatty()
        for done, item in enumerate(self._items):
            now = time.monotonic()
            if terminal and now - shown >= EVERY_S:
                left = (now - started) / max(done, 1) * (len(self._items) - done)
                print(
                    f"\r{self._what}: {done}/{len(self._items)}, {left:.0f} s left ",
                    end="",
                    file=sys.stderr,
                    flush=True,
                )
                shown = now
            yield item
        if terminal:
            print(f"\r{self._what}: {len(self._items)} done          ", file=sys.stderr)
