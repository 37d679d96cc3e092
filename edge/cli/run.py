"""`lipwire run`: the daemon."""

from __future__ import annotations

import argparse
from typing import Any

from edge.cli.common import add_command, add_settings, choose_profile, load_settings, seconds


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    parser = add_command(commands, "run", "Watch a camera and publish what is seen.", _run)
    add_settings(parser)
    more = parser.add_argument
    more("--pace", help="files: realtime, or max for as fast as can be")
    more("--loop", action="store_true", default=None, help="begin a file again when it ends")
    more("--duration", type=seconds, metavar="S", help="stop after so many seconds")
    more("--events", metavar="FILE", help="events as JSON lines to a file, or - for stdout")
    more("--page", metavar="HOST:PORT", help="address of the local page, or off")
    more("--osc", metavar="HOST:PORT", help="move a mesh's mouth there, by the VMC protocol")


def _run(options: argparse.Namespace) -> None:
    from edge.daemon import Daemon, Options

    settings = load_settings(options)
    run = Options(
        profile=choose_profile(options),
        state=options.state,
        models=options.models,
        duration_s=options.duration,
        events=options.events,
    )
    Daemon(settings, run).run()
