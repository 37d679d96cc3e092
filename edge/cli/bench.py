"""`lipwire bench`: what this machine can do."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, choose_profile, seconds, write_json


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    parser = add_command(commands, "bench", "Measure what this machine can do.", _bench)
    add = parser.add_argument
    add("what", choices=["pipeline"])
    add("--source", default="demo", help="demo, a video file or a picture folder")
    add("--seconds", type=seconds, default=10.0, help="how long to measure (default 10)")
    add("--faces", action="store_true", help="also what each further face costs (demo)")
    add("--profile", help="a name or a .toml file")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")
    add("--json", metavar="FILE", help="the figures as JSON to a file, or - for stdout")


def _bench(options: argparse.Namespace) -> None:
    from edge.bench import bench_faces, bench_pipeline, faces_table, table

    profile = choose_profile(options)
    figures = bench_pipeline(options.source, options.seconds, profile, options.models)
    if options.faces:
        figures["faces"] = bench_faces(options.seconds, profile, options.models)
    write_json(figures, options.json)
    if options.json != "-":
        print(table(figures))
        if options.faces:
            print(faces_table(figures["faces"]))
