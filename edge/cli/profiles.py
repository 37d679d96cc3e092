"""`lipwire profiles`: what is known of each board."""

from __future__ import annotations

import argparse
import json
from typing import Any

from edge.cli.common import add_command


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    parser = add_command(commands, "profiles", "Show the hardware profiles.", None)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add_command(actions, "list", "List the profiles; a star marks this board's.", _list_profiles)
    show = add_command(actions, "show", "Print one profile as TOML.", _show_profile)
    show.add_argument("name", nargs="?", help="default: this board's")


def _list_profiles(options: argparse.Namespace) -> None:
    from edge import profiles

    here = profiles.choose(None).name
    for name, profile in profiles.load_all().items():
        mark = "*" if name == here else " "
        size = f"{profile.width}x{profile.height}"
        print(f"{mark} {name:<12} {size:>9} {profile.target_fps:>4g} FPS  {profile.about}")


def _show_profile(options: argparse.Namespace) -> None:
    from dataclasses import fields

    from edge import profiles

    profile = profiles.choose(options.name)
    for field in fields(profile):
        value = getattr(profile, field.name)
        value = list(value) if isinstance(value, tuple) else value
        print(f"{field.name} = {json.dumps(value)}  # {field.metadata['meaning']}")
