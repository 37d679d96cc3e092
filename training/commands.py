"""The commands `prepare`, `train` and `evaluate`; TensorFlow is loaded only to train."""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from typing import Any

from edge import models
from edge.description import Source
from edge.detect import BlazeFace
from edge.errors import SourceError
from training.datasets import DATASETS
from training.evaluate import evaluate as evaluate_model
from training.evaluate import evaluate_run
from training.prepare import Crops
from training.prepare import prepare as prepare_crops

log = logging.getLogger(__name__)


def prepare(options: argparse.Namespace) -> None:
    """Crop a data set's faces and say what was left out."""
    tally = prepare_crops(options.dataset, options.root, options.out, _detector(options))
    for what, count in tally.most_common():
        print(f"{count:>7} {what}")


def train(options: argparse.Namespace) -> None:
    """Train on prepared crops; each file is named by the data set it came from."""
    parts = []
    for path in options.crops:
        if path.stem not in DATASETS:
            raise SourceError(f"{path}: its name must be a data set's: {', '.join(DATASETS)}")
        crops = Crops.read(path)
        parts.append((Source(path.stem, DATASETS[path.stem].licence, len(crops.images)), crops))
    from training import smile

    recipe = smile.Recipe()
    if options.epochs:
        recipe = replace(recipe, epochs=options.epochs)
    smile.train(parts, options.out, recipe)


def evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Score a file, or a run's folds, through the whole way."""
    detector = _detector(options)
    if options.run_folder:
        return evaluate_run(options.dataset, options.root, options.run_folder, detector)
    model = options.model or models.shipped("smile")
    return evaluate_model(options.dataset, options.root, model, detector)


def _detector(options: argparse.Namespace) -> BlazeFace:
    return BlazeFace(models.find(models.SHORT_RANGE, options.models))
