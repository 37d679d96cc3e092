"""The workstation's commands, one file each; what they need is loaded when they run."""

from __future__ import annotations

from typing import Any

from training.cli import evaluate, prepare, report, train


def add(commands: Any) -> None:
    """Add the commands to the parser of `lipwire`."""
    for command in (prepare, train, report, evaluate):
        command.add(commands)
