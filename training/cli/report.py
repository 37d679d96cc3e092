"""`lipwire report`: a page that shows what a run of training came to."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command
from edge.errors import SettingsError


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    parser = add_command(commands, "report", "Make a run's page, or compare runs.", _report)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: the run's own folder")


def _report(options: argparse.Namespace) -> None:
    """Write the page and say where it is."""
    from training.report import write_page

    if options.out is None and len(options.runs) > 1:
        raise SettingsError("a page of several runs needs --out DIR")
    print(write_page(options.runs, options.out or options.runs[0]))
