"""The command `lipwire`: options in, exit status out."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from edge import __version__
from edge.errors import LipwireError, SettingsError

LOG_LINE = "%(asctime)s %(message)s"
# The workstation's commands: each such module has `add`, and the device does without it.
ELSEWHERE = ("training.commands",)


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the options."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    options = _parser().parse_args(arguments)
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
    _add_run(commands)
    _add_profiles(commands)
    _add_models(commands)
    _add_bench(commands)
    for name in ELSEWHERE:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name).add(commands)
    return parser


def add_command(commands: Any, name: str, about: str, run: Any) -> argparse.ArgumentParser:
    """Add a command, or an action of one, that `run` carries out."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def _add_run(commands: Any) -> None:
    add = add_command(
        commands, "run", "Watch a camera and publish what is seen.", _run
    ).add_argument
    add("--source", help="demo, 0 or /dev/video0, a video file, a picture folder")
    add("--config", type=Path, metavar="FILE", help="settings in TOML")
    add("--profile", help="a name (see: lipwire profiles list) or a .toml file")
    add("--broker", metavar="URL", help="mqtt://host[:port], mqtts://…, embedded or none")
    add("--pace", help="files: realtime, or max for as fast as can be")
    add("--loop", action="store_true", default=None, help="begin a file again when it ends")
    add("--duration", type=_seconds, metavar="S", help="stop after so many seconds")
    add("--events", metavar="FILE", help="events as JSON lines to a file, or - for stdout")
    add("--page", metavar="HOST:PORT", help="address of the local page, or off")
    add("--state", type=Path, metavar="DIR", help="where counts and waiting events are kept")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")


def _run(options: argparse.Namespace) -> None:
    from edge.daemon import Daemon, Options

    settings = _settings(options)
    run = Options(
        profile=_profile(options),
        state=options.state,
        models=options.models,
        duration_s=options.duration,
        events=options.events,
    )
    Daemon(settings, run).run()


def _settings(options: argparse.Namespace) -> Any:
    """Defaults, the file, then the options that were given."""
    from edge.settings import load

    tables = {
        "camera": {"source": options.source, "pace": options.pace, "loop": options.loop},
        "mqtt": {"broker": options.broker},
        "page": {"address": options.page},
    }
    given = {
        table: {key: value for key, value in keys.items() if value is not None}
        for table, keys in tables.items()
    }
    return load(options.config, given)


def _profile(options: argparse.Namespace) -> Any:
    from edge import profiles

    profile = profiles.choose(options.profile)
    logging.getLogger(__name__).info("profile: %s", profile.name)
    return profile


def _add_profiles(commands: Any) -> None:
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


def _add_models(commands: Any) -> None:
    parser = add_command(commands, "models", "Fetch, list and inspect model files.", None)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    fetch = add_command(
        actions, "fetch", "Get MediaPipe's face models (Apache-2.0).", _fetch_models
    )
    fetch.add_argument("--models", type=Path, metavar="DIR", help="where to keep them")
    listing = add_command(actions, "list", "List all models and where they are.", _list_models)
    listing.add_argument("--models", type=Path, metavar="DIR", help="where to look first")
    inspect = add_command(actions, "inspect", "Print what a model says of itself.", _inspect_model)
    inspect.add_argument("file", type=Path)


def _fetch_models(options: argparse.Namespace) -> None:
    from edge import models

    folder = options.models or models.user_folder()
    for path in models.fetch(folder):
        print(path)


def _list_models(options: argparse.Namespace) -> None:
    from edge import description, models

    for path in sorted(models.shipped("smile").parent.glob("*.tflite")):
        print(f"{path.name:<42} {description.read(path).task:<26} {path}")
    for model in models.FETCHED:
        try:
            place = str(models.find(model.name, options.models))
        except LipwireError as error:
            place = f"({str(error).partition(': ')[2]})"
        print(f"{model.name:<42} {model.about:<26} {place}")


def _inspect_model(options: argparse.Namespace) -> None:
    from edge.inspect import report

    print(json.dumps(report(options.file), indent=1, ensure_ascii=False))


def _add_bench(commands: Any) -> None:
    parser = add_command(commands, "bench", "Measure what this machine can do.", _bench)
    add = parser.add_argument
    add("what", choices=["pipeline"])
    add("--source", default="demo", help="demo, a video file or a picture folder")
    add("--seconds", type=_seconds, default=10.0, help="how long to measure (default 10)")
    add("--profile", help="a name or a .toml file")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")
    add("--json", metavar="FILE", help="the figures as JSON to a file, or - for stdout")


def _bench(options: argparse.Namespace) -> None:
    from edge.bench import bench_pipeline, table

    figures = bench_pipeline(options.source, options.seconds, _profile(options), options.models)
    write_json(figures, options.json)
    if options.json != "-":
        print(table(figures))


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


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())
