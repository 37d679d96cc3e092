"""A progress line on a terminal, and only there."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
EVERY_S = 0.2


class Counted(Protocol[T_co]):
    """Items that know how many they are, a video's frames only about."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T_co]: ...


def progress(items: Counted[T], what: str) -> Iterator[T]:
    """Give the items one by one and show how far that has come."""
    started = shown = time.monotonic()
    terminal = sys.stderr is not None and sys.stderr.isatty()
    for done, item in enumerate(items):
        now = time.monotonic()
        if terminal and now - shown >= EVERY_S:
            most = max(len(items), done)
            left = (now - started) / max(done, 1) * (most - done)
            line = f"\r{what}: {done}/{most}, {left:.0f} s left "
            print(line, end="", file=sys.stderr, flush=True)
            shown = now
        yield item
    if terminal:
        print(f"\r{what}: {len(items)} done          ", file=sys.stderr)
