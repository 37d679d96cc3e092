"""Samples as a model of words sees them: a clip a row."""

from __future__ import annotations

import numpy as np

from edge.frame import Image
from training.train.word_parts import WordPart
from training.train.word_samples import Sample, epoch_of

ROWS = 16


def sheet(part: WordPart) -> Image:
    """The first clips of the first epoch; frames that do not count are dark."""
    lesson = part.lesson
    samples: list[Sample] = epoch_of(lesson, part.learn, 0)[0][:ROWS]
    inputs, _ = lesson.batch(samples, (part.recipe.seed, 0, 0))
    frames = np.rint(inputs["frames"][..., 0] * 255)
    counts = inputs.get("counts", np.ones(frames.shape[:2]))
    shown = frames * np.where(counts > 0, 1.0, 0.4)[..., None, None]
    rows = [np.concatenate(list(clip), axis=1) for clip in shown]
    return np.concatenate(rows).astype(np.uint8)
