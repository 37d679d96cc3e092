"""The real command in small pieces, ended by itself at one exact step.

python -m tests.crashing_prepare STEP SIGNAL LIMIT arguments…

Steps are what touches the disk: files begun, flushed, named, removed. At its end it says on stdout
how many there were. No file grows beyond LIMIT bytes.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import training.prepare.prepare
from edge.cli import main

PIECE = 2


class Steps:
    """Counts calls, and ends the process just before one of them."""

    def __init__(self, fatal: int, number: int) -> None:
        self.passed, self._fatal, self._signal = 0, fatal, number

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.passed += 1
            if self.passed == self._fatal:
                os.kill(os.getpid(), self._signal)
            return call(*args, **kwargs)

        return counted


if __name__ == "__main__":
    # Whoever was started in the background has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    step, number, limit = (int(text) for text in sys.argv[1:4])
    training.prepare.prepare.PIECE = PIECE
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    steps = Steps(step, number)
    for owner, name in (
        *((os, "replace"), (os, "fsync"), (os, "unlink"), (os, "rmdir")),
        *((shutil, "rmtree"), (zipfile.ZipFile, "open")),
    ):
        setattr(owner, name, steps.before(getattr(owner, name)))
    status = main(sys.argv[4:])
    print(steps.passed)
    sys.exit(status)
