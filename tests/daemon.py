"""A running daemon, and what it says."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any


class Daemon:
    """A running `lipwire run`, with what it says kept in files."""

    def __init__(
        self, folder: Path, *options: str, python: tuple[str, ...] = ("-m", "edge")
    ) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        command = [sys.executable, *python, "run", "--page", "off"]
        command += ["--state", str(folder / "state"), *options]
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err)

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text(encoding="utf-8")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The stored events that it has printed, without what is only told live."""
        told = [json.loads(line) for line in self.out.splitlines()]
        return [event for event in told if "seq" in event]

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text(encoding="utf-8")

    def end(self, number: signal.Signals | None = None) -> int:
        """Wait for the end, after a signal where one is given."""
        if number is not None:
            self.process.send_signal(number)
        return self.process.wait(60)
