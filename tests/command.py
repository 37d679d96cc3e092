"""The command as people and scripts run it: a process in a home of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Options of a daemon that touches nothing but its state.
ALONE = ("--broker", "none", "--page", "off")
LOG_LINE = re.compile(r"\d\d:\d\d:\d\d ")
TIMEOUT_S = 60


@dataclass
class Lipwire:
    """Runs the command in a home of its own."""

    home: Path

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def start(self, *arguments: str | Path, **pipes: Any) -> subprocess.Popen[str]:
        """Start it and do not wait."""
        # Unbuffered output would hide what a closed stdout does.
        ours = ("STATE_DIRECTORY", "LIPWIRE_MQTT_PASSWORD", "PYTHONUNBUFFERED")
        places = {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_DATA_HOME": str(self.home / "data"),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "edge", *map(str, arguments)],
            cwd=self.home,
            env={name: value for name, value in os.environ.items() if name not in ours} | places,
            text=True,
            **pipes,
        )

    def complaint(self, *arguments: str | Path, status: int = 2) -> str:
        """Run what must fail; gives its one line after checking that it is the last and only."""
        result = self(*arguments)
        assert result.returncode == status, result.stderr
        assert result.stdout == ""
        *before, last = result.stderr.splitlines()
        assert last.startswith("lipwire")
        assert "Traceback" not in result.stderr
        assert [line for line in before if not LOG_LINE.match(line)] == []
        return last
