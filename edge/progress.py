"""A progress line on a terminal, and only there."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterator
from typing import TypeVar

T = TypeVar("T")
EVERY_S = 0.2


def progress(items: Collection[T], what: str) -> Iterator[T]:
    """Give the items one by one and show how far that has come."""
    started = shown = time.monotonic()
    terminal = sys.stderr is not None and sys.stderr.isatty()
    for done, item in enumerate(items):
        now = time.monotonic()
        if terminal and now - shown >= EVERY_S:
            left = (now - started) / max(done, 1) * (len(items) - done)
            line = f"\r{what}: {done}/{len(items)}, {left:.0f} s left "
            print(line, end="", file=sys.stderr, flush=True)
            shown = now
        yield item
    if terminal:
        print(f"\r{what}: {len(items)} done          ", file=sys.stderr)
