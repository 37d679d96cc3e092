"""`lipwire evaluate`: figures of what Lipwire reads and follows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli.common import add_command, choose_profile, load_settings, write_json
from training.cli import (
    false_smiles,
    mouth_changes,
    own_words,
    spotting,
    visemes,
    word_boxes,
    word_runs,
    words,
)
from training.cli.common import add_dataset, add_own, add_which, own


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    evaluate = add_command(commands, "evaluate", "Score what Lipwire reads or follows.", None)
    tasks = evaluate.add_subparsers(metavar="TASK", required=True)
    smile = add_command(tasks, "smile", "Score a smile model on a data set.", _evaluate_smile)
    _add_smile(smile)
    visemes.add(tasks)
    words.add(tasks)
    word_boxes.add(tasks)
    word_runs.add(tasks)
    own_words.add(tasks)
    spotting.add(tasks)
    tracks = add_command(
        tasks, "tracks", "Follow real faces in composed scenes of known truth.", _evaluate_tracks
    )
    _add_tracks(tracks)
    sizes = add_command(
        tasks, "sizes", "How small faces may be, and so how far away people.", _evaluate_sizes
    )
    steadiness = add_command(
        tasks, "steadiness", "How steady faces are followed; posters.", _evaluate_steadiness
    )
    false_smiles.add(tasks)
    mouth_changes.add(tasks)
    steadiness.add_argument("--grid", type=Path, required=True, metavar="DIR", help="GRID's clips")
    for task in (sizes, steadiness):
        task.add_argument("--genki", type=Path, required=True, metavar="DIR", help="GENKI-4K")
        task.add_argument("--faces", type=int, default=60, metavar="N", help="default 60")
        task.add_argument("--profile", help="a name or a .toml file")
    sizes.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    sizes.add_argument("--detector", help="auto, short-range, full-range, mediapipe or haar")
    for task in (smile, tracks, sizes, steadiness):
        task.add_argument("--models", type=Path, metavar="DIR", help="where fetched models are")
        task.add_argument("--json", metavar="FILE", help="figures to a file, or - for stdout")


def _add_smile(parser: argparse.ArgumentParser) -> None:
    add_dataset(parser)
    add_which(parser)
    add_own(parser)
    parser.add_argument(
        "--slices", action="store_true", help="by pose, face width, light and cheek brightness"
    )
    parser.add_argument(
        "--mirrored", action="store_true", help="what averaging with the mirror image is worth"
    )


def _add_tracks(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--grid", type=Path, required=True, metavar="DIR", help="GRID's clips")
    add("--genki", type=Path, metavar="DIR", help="GENKI-4K, for strangers and smiles")
    add("--fps", type=float, default=25.0, metavar="N", help="frames a second (default 25)")
    add("--profile", help="a name or a .toml file")
    add("--detect-interval", type=int, metavar="N", help="default: the profile's")
    add("--detector", help="auto, short-range, full-range, mediapipe or haar")
    add("--config", type=Path, metavar="FILE", help="settings in TOML")
    add("--seeds", type=int, default=6, metavar="N", help="scenes of each kind (default 6)")
    add("--first-seed", type=int, default=100, metavar="N", help="0 to 99 are for trials")
    add("--kind", action="append", default=[], help="only such scenes; may be repeated")
    add("--show", type=Path, metavar="DIR", help="write each scene as a film with its boxes")


def _evaluate_smile(options: argparse.Namespace) -> None:
    """Score a file, or a run's files, through the whole way."""
    from edge import models
    from training.evaluate.smile import Extras, evaluate, evaluate_cross, evaluate_folds, table
    from training.faces import load_detector

    extras = Extras(options.slices, options.mirrored, options.only, own(options))
    detector = load_detector(options.models)
    what = (options.dataset, options.root)
    if options.run_folder is None:
        model = options.model or models.shipped("smile")
        figures = evaluate(*what, model, detector, extras)
    elif options.part == "cross":
        figures = evaluate_cross(*what, options.run_folder, detector, extras)
    else:
        figures = evaluate_folds(*what, options.run_folder, detector, extras)
    write_json(figures, options.json)
    if options.json != "-":
        print(table(figures))


def _evaluate_tracks(options: argparse.Namespace) -> None:
    """Run composed scenes through the pipeline and hold them against their truth."""
    from edge.settings import build
    from training.trials.follow import Trial, evaluate, table

    settings, profile = load_settings(options), choose_profile(options)
    if (interval := options.detect_interval) is not None:
        profile = build(type(profile), {"detect_interval": interval}, "--detect-interval", profile)
    trial = Trial(settings, profile, options.models, options.fps, options.show)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    report = evaluate(options.grid, options.genki, trial, seeds, options.kind)
    write_json(report, options.json)
    if options.json != "-":
        print(table(report), flush=True)
        for scene, notes in report["notes"].items():
            print(scene, *notes, sep="\n    ")


def _evaluate_sizes(options: argparse.Namespace) -> None:
    """Show faces of known sizes to the pipeline."""
    from edge import models
    from edge.assemble import assemble
    from edge.read import SmileReader
    from training.faces import load_detector
    from training.trials.sizes import evaluate_sizes, table

    profile = choose_profile(options)
    pipeline = assemble(load_settings(options), profile, options.models).pipeline
    reader = SmileReader(models.shipped("smile"))
    figures = evaluate_sizes(
        options.genki, load_detector(options.models), reader, pipeline, profile, options.faces
    )
    write_json(figures, options.json)
    if options.json != "-":
        print(table(figures))


def _evaluate_steadiness(options: argparse.Namespace) -> None:
    """Follow still and moving faces, and show posters."""
    from training.faces import load_detector
    from training.trials.steadiness import evaluate_steadiness, table

    figures = evaluate_steadiness(
        options.grid,
        options.genki,
        choose_profile(options),
        load_detector(options.models),
        options.models,
        options.faces,
    )
    write_json(figures, options.json)
    if options.json != "-":
        print(table(figures))
