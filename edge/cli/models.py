"""`lipwire models`: fetch, list and inspect model files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, write_json
from edge.errors import LipwireError


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    parser = add_command(commands, "models", "Fetch, list and inspect model files.", None)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    fetch = add_command(
        actions, "fetch", "Get MediaPipe's face models (Apache-2.0).", _fetch_models
    )
    fetch.add_argument("--models", type=Path, metavar="DIR", help="where to keep them")
    listing = add_command(actions, "list", "List all models and where they are.", _list_models)
    listing.add_argument("--models", type=Path, metavar="DIR", help="where to look first")
    about = "Print what a model says of itself, what it computes and what that costs."
    inspect = add_command(actions, "inspect", about, _inspect_model)
    inspect.add_argument("file", type=Path)
    inspect.add_argument("--json", metavar="FILE", help="as JSON to a file, or - for stdout")


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
    from edge.inspect import report, text

    told = report(options.file)
    write_json(told, options.json)
    if options.json != "-":
        print(text(told))
