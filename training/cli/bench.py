"""`lipwire bench models`, `detectors` and `words`; their options stand in `edge.cli.bench`."""

from __future__ import annotations

import argparse

from edge.cli.common import write_json
from edge.errors import MissingExtraError


def models(options: argparse.Namespace) -> None:
    """Smile models side by side."""
    try:
        from training.bench.models import bench_models, models_table
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow", "h5py"):
            raise
        raise MissingExtraError("lipwire bench models", "training") from error
    figures = bench_models(options.seconds, options.runs, options.only, options.cache)
    write_json(figures, options.json)
    if options.json != "-":
        print(models_table(figures))


def detectors(options: argparse.Namespace) -> None:
    """Finders of faces side by side."""
    from training.bench.detectors import bench_detectors, detectors_table

    figures = bench_detectors(options)
    write_json(figures, options.json)
    if options.json != "-":
        print(detectors_table(figures))


def words(options: argparse.Namespace) -> None:
    """Readers of words side by side."""
    from edge import models
    from training.bench.words import WINDOWS, bench_words, words_table

    model = options.model or models.shipped("word-15")
    figures = bench_words(
        model, options.seconds, options.windows or WINDOWS, options.only, options.cache
    )
    write_json(figures, options.json)
    if options.json != "-":
        print(words_table(figures))
