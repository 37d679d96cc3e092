"""The command `lipwire`: options in, exit status out. Each command stands in a file of its own."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from edge import __version__
from edge.errors import LipwireError

LOG_LINE = "%(asctime)s %(message)s"
HERE = (
    "run",
    "doctor",
    "history",
    "ha_remove",
    "profiles",
    "models",
    "bench",
    "track",
    "record",
    "enroll",
)
# The workstation's commands: each such module has `add`, and the device does without it.
ELSEWHERE = ("training.cli", "convert.cli")


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the options."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # words are in any script, as on stderr
    logging.basicConfig(level=logging.INFO, format=LOG_LINE, datefmt="%H:%M:%S", stream=sys.stderr)
    try:
        options.run(options)
        if sys.stdout is not None:  # None where it was closed before we began
            sys.stdout.flush()
        return 0
    except LipwireError as error:
        print(f"lipwire: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        _drop_output()
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _drop_output()
        print(f"lipwire: {error.strerror}", file=sys.stderr)
        return 1


def _drop_output() -> None:
    """Keep the interpreter from trying once more, at its end, to write what it could not."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> Parser:
    parser = Parser(
        prog="lipwire", description="Reads mouths at the edge: smiles from a camera to MQTT."
    )
    parser.add_argument("--version", action="version", version=f"lipwire {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in HERE:
        importlib.import_module(f"{__name__}.{name}").add(commands)
    for name in ELSEWHERE:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name).add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
