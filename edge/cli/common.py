"""What several commands share: how they are added, their settings, and figures as JSON."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

from edge.errors import SettingsError

# Options that stand for a setting, with its table and key.
OF_SETTINGS = {
    "source": ("camera", "source"),
    "detector": ("faces", "detector"),
    "pace": ("camera", "pace"),
    "loop": ("camera", "loop"),
    "broker": ("mqtt", "broker"),
    "page": ("page", "address"),
    "osc": ("osc", "address"),
}


def add_command(commands: Any, name: str, about: str, run: Any) -> argparse.ArgumentParser:
    """Add a command, or an action of one, that `run` carries out."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The options that say which camera, board, broker and state are meant."""
    add = parser.add_argument
    sources = "an rtsp:// or http:// (MJPEG) address, a video file, a picture folder"
    add("--source", help=f"demo, picamera2, 0 or /dev/video0, {sources}")
    add("--detector", help="auto, short-range, full-range, mediapipe or haar")
    add("--config", type=Path, metavar="FILE", help="settings in TOML")
    add("--profile", help="a name (see: lipwire profiles list) or a .toml file")
    add("--broker", metavar="URL", help="mqtt://host[:port], mqtts://…, embedded or none")
    add("--state", type=Path, metavar="DIR", help="where counts and waiting events are kept")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")


def load_settings(options: argparse.Namespace) -> Any:
    """Defaults, the file, then the options that were given."""
    from edge.settings import load

    tables: dict[str, dict[str, Any]] = {}
    for option, (table, key) in OF_SETTINGS.items():
        if (value := getattr(options, option, None)) is not None:
            tables.setdefault(table, {})[key] = value
    return load(options.config, tables)


def choose_profile(options: argparse.Namespace) -> Any:
    from edge import profiles

    profile = profiles.choose(options.profile)
    logging.getLogger(__name__).info("profile: %s", profile.name)
    return profile


def write_json(figures: dict[str, Any], where: str | None) -> None:
    """Write a command's figures to a file, to stdout for `-`, or nowhere."""
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    if where == "-":
        print(text)
    elif where:
        try:
            Path(where).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"--json {where}: cannot be written: {error.strerror}") from None


def seconds(text: str) -> float:
    """An option's number of seconds."""
    return positive(text, "number of seconds")


def positive(text: str, what: str = "number") -> float:
    """An option's number, above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a {what} above 0, not {text!r}")
    return value
