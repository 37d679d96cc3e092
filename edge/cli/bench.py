"""`lipwire bench`: what this machine can do."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, choose_profile, seconds, write_json
from edge.errors import LipwireError

COMPARISONS = "training.cli.bench"  # the workstation's; the device does without it


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    bench = add_command(commands, "bench", "Measure what this machine can do.", None)
    actions = bench.add_subparsers(metavar="WHAT", dest="what", required=True)
    _add_pipeline(actions)
    _add_models(actions)
    _add_detectors(actions)
    _add_words(actions)


def _add_pipeline(actions: Any) -> None:
    parser = add_command(actions, "pipeline", "What a frame costs on its whole way.", _pipeline)
    add = parser.add_argument
    add("--source", default="demo", help="demo, a video file or a picture folder")
    add("--seconds", type=seconds, default=10.0, help="how long to measure (default 10)")
    add("--faces", action="store_true", help="also what each further face costs (demo)")
    add("--no-visemes", action="store_true", help="leave mouth shapes out, to compare")
    add("--words", metavar="MODE", help="read words too: isolated or spotting")
    add("--word-model", default="", metavar="FILE", help="read them with this model, or grid")
    add("--profile", help="a name or a .toml file")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")
    add("--json", metavar="FILE", help="the figures as JSON to a file, or - for stdout")


def _add_models(actions: Any) -> None:
    about = "Smile models side by side: Lipwire's own and the baselines (workstation)."
    trained = "a trained one, with its accuracy; may be repeated"
    add = add_command(actions, "models", about, _compare).add_argument
    add("--run", dest="runs", action="append", type=Path, default=[], metavar="RUN", help=trained)
    add("--only", action="append", default=[], metavar="NAME", help="just this; may be repeated")
    add("--seconds", type=seconds, default=60.0, help="how long to measure (default 60)")
    add("--cache", type=Path, metavar="DIR", help="keep converted files here for the next time")
    add("--json", metavar="FILE", help="the figures as JSON to a file, or - for stdout")


def _add_detectors(actions: Any) -> None:
    about = "Finders of faces side by side, for speed and what they find (workstation)."
    add = add_command(actions, "detectors", about, _compare).add_argument
    add("--genki", type=Path, metavar="DIR", help="GENKI-4K: count the faces found there")
    add("--pictures", type=int, metavar="N", help="of GENKI-4K, evenly chosen; default: all")
    add("--yunet", type=Path, metavar="FILE.onnx", help="OpenCV's YuNet")
    add("--yolo", type=Path, metavar="FILE.onnx", help="a YOLO trained on faces")
    add("--yolo-side", type=int, default=640, metavar="N", help="its input (default 640)")
    add("--only", action="append", default=[], metavar="NAME", help="just this; may be repeated")
    add("--seconds", type=seconds, default=60.0, help="how long to measure (default 60)")
    add("--models", type=Path, metavar="DIR", help="where fetched models are")
    add("--json", metavar="FILE", help="the figures as JSON to a file, or - for stdout")


def _add_words(actions: Any) -> None:
    about = "Readers of words side by side, by window: ours and the older ones (workstation)."
    add = add_command(actions, "words", about, _compare).add_argument
    add("--model", type=Path, metavar="FILE", help="ours; default: the shipped one")
    windows = "frames looked back at; may be repeated (default 10, 15, 20, 40)"
    add("--window", dest="windows", action="append", type=int, metavar="N", help=windows)
    only = "just this older one; may be repeated"
    add("--only", action="append", default=[], metavar="NAME", help=only)
    measure = "how long to measure, once the older ones are made (default 60)"
    add("--seconds", type=seconds, default=60.0, help=measure)
    add("--cache", type=Path, metavar="DIR", help="keep converted files here for the next time")
    add("--json", metavar="FILE", help="the figures as JSON to a file, or - for stdout")


def _pipeline(options: argparse.Namespace) -> None:
    from edge.bench import bench_faces, bench_pipeline, faces_table, table

    profile = choose_profile(options)
    visemes = not options.no_visemes
    figures = bench_pipeline(
        options.source, options.seconds, profile, options.models, visemes, _words(options)
    )
    if options.faces:
        figures["faces"] = bench_faces(options.seconds, profile, options.models)
    write_json(figures, options.json)
    if options.json != "-":
        print(table(figures))
        if options.faces:
            print(faces_table(figures["faces"]))


def _words(options: argparse.Namespace) -> Any:
    """The settings of words, where they are to be read."""
    from edge.settings import WordSettings, build

    if not options.words:
        return None
    asked = {"enabled": True, "mode": options.words, "model": options.word_model}
    return build(WordSettings, asked, "command line: [word]")


def _compare(options: argparse.Namespace) -> None:
    """Hand over to the workstation's half."""
    try:
        comparisons = importlib.import_module(COMPARISONS)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("training"):
            raise
        raise LipwireError(
            f"lipwire bench {options.what} is the workstation's: this installation has no training/"
        ) from None
    getattr(comparisons, options.what)(options)
