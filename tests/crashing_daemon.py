"""The real command, killed by itself at one exact point: python -m tests.crashing_daemon POINT …"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from paho.mqtt import client as paho

from edge.cli import main
from edge.feed.publisher import Publisher
from edge.outbox import Outbox
from edge.state import State

TIMES_BEFORE = 7  # the point is passed this often first


def kill_at(owner: type[Any], method: str, after: bool, counts: Callable[..., bool]) -> None:
    """Let the process die just before or after a call of a method."""
    original = getattr(owner, method)
    passed = 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal passed
        passed += counts(*args)
        if not after and passed > TIMES_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if after and passed > TIMES_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, method, dying)


def always(*_: Any) -> bool:
    return True


def is_event(_client: Any, topic: str, *_: Any) -> bool:
    return "/event/" in topic and "viseme" not in topic


def has_events(_state: Any, happened: Any, *_: Any) -> bool:
    return len(happened) > 0


POINTS: dict[str, tuple[type[Any], str, bool, Callable[..., bool]]] = {
    "within the transaction": (Outbox, "drop_beyond_bounds", False, always),
    "after the commit": (State, "record", True, has_events),
    "after the publish": (paho.Client, "publish", True, is_event),
    "at the acknowledgement": (Publisher, "_on_answer", False, always),
    "before the delete": (State, "delivered", False, always),
    "after the delete": (State, "delivered", True, always),
}

if __name__ == "__main__":
    kill_at(*POINTS[sys.argv[1]])
    sys.exit(main(sys.argv[2:]))
