"""From labelled pictures to a smile model's answers, the whole way: face, crop, logit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.datasets import Picture
from training.evaluate.figures import Flags, Values
from training.evaluate.readers import Reader
from training.evaluate.views import Cuts, Faces, Manner, View, chunks, read_each


@dataclass(frozen=True)
class Answers:
    """A column a picture; a row a condition, of which the first is the picture as it is."""

    logits: Values  # over the temperature; NaN where no face was found
    shown: Flags
    poses: Values  # (pictures, 3)
    cheeks: Values
    mirrored: Values  # of the first row, averaged with those of the mirror images
    read_ms: float  # to read one face once


def answer(
    pictures: Sequence[Picture],
    readers: Sequence[Reader],
    manner: Manner,
    mirrored: bool = False,
) -> Answers:
    """Show every picture, as it is and under each change, to its own reader."""
    seen: list[View] = []
    straight: list[Values] = []
    turned: list[Values] = []
    spent_s = 0.0
    for views, own in chunks(pictures, readers, manner):
        started = time.perf_counter()
        rows = zip(*(view.cuts for view in views), strict=True)
        straight.append(np.stack([_read(cuts, own) for cuts in rows]))
        spent_s += time.perf_counter() - started
        if mirrored:
            turned.append(_read([view.cuts[0] for view in views], own, mirrored=True))
        seen += views
    logits = np.concatenate(straight, axis=1)
    return Answers(
        logits,
        np.array([view.shown for view in seen]).T,
        np.array([view.pose for view in seen]),
        np.array([view.cheeks for view in seen]),
        (logits[0] + np.concatenate(turned)) / 2 if mirrored else logits[0],
        1000 * spent_s / int(np.isfinite(logits).sum()),
    )


def _read(cuts: Cuts, readers: Sequence[Reader], mirrored: bool = False) -> Values:
    """Each crop's logit over its reader's temperature; NaN without a crop."""

    def ask(reader: Reader, faces: Faces) -> Values:
        logits = reader.mirrored_logits(faces) if mirrored else reader.logits(faces)
        return logits / reader.temperature

    return read_each(cuts, readers, ask)
