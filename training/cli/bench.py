"""`lipwire bench models`, `detectors` and `words`; their options stand in `edge.cli.bench`."""

from __future__ import annotations

import argparse

from training.cli.common import tell


def models(options: argparse.Namespace) -> None:
    """Smile models side by side."""
    from training.needs import needs_tensorflow

    with needs_tensorflow("lipwire bench models"):
        from training.bench.models import bench_models, models_table
    figures = bench_models(options.seconds, options.runs, options.only, options.cache)
    tell(figures, options.json, models_table)


def detectors(options: argparse.Namespace) -> None:
    """Finders of faces side by side."""
    from training.bench.detectors import bench_detectors, detectors_table

    figures = bench_detectors(options)
    tell(figures, options.json, detectors_table)


def words(options: argparse.Namespace) -> None:
    """Readers of words side by side."""
    from edge import models
    from training.bench.words import WINDOWS, bench_words, words_table

    model = options.model or models.shipped("word-15")
    figures = bench_words(
        model, options.seconds, options.windows or WINDOWS, options.only, options.cache
    )
    tell(figures, options.json, words_table)
