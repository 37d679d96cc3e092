"""Answers of a model of mouth shapes, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.shapes import SHAPES
from training.evaluate.figures import Flags, Values

CLOSED_GAP, OPEN_GAP = 0.04, 0.15  # clear cases: gaps up to the one, from the other on
MIDDLE = (CLOSED_GAP + OPEN_GAP) / 2
THRESHOLDS = (round(MIDDLE + 0.01, 4), round(MIDDLE - 0.01, 4))  # at which a mouth opens, closes
Votes = NDArray[np.float64]  # (n, moments, shapes)


@dataclass(frozen=True)
class Answers:
    """What a model makes of pictures and of the frames of clips."""

    openings: Values
    votes: Votes
    clips: NDArray[np.str_]
    frames: NDArray[np.int_]  # of the clip; -1: a single picture, of which nothing came before


def counted(answers: Answers, ahead: int | None = None) -> Values:
    """Logits of the shapes of every picture: the votes of frames near it added up, of those to come
    only so many; all votes of a single picture are for itself."""
    votes, clips, frames = answers.votes, answers.clips, answers.frames
    moments = votes.shape[1]
    total: Values = np.where((frames < 0)[:, None], votes.sum(axis=1), 0.0)
    place = {
        (clip, int(frame)): row
        for row, (clip, frame) in enumerate(zip(clips, frames, strict=True))
        if frame >= 0
    }
    for number in range(moments):
        before = number - moments // 2  # frames from the voter to whom it votes for
        if ahead is not None and -before > ahead:
            continue
        for (clip, frame), row in place.items():
            voter = place.get((clip, frame - before))
            if voter is not None:
                total[row] += votes[voter, number]
    return total


def fit_temperature(logits: Values, allowed: NDArray[np.uint8]) -> float:
    """The divisor of the logits under which what is allowed is most likely."""
    said = allowed > 0
    among = bits(allowed[said])
    losses = []
    choices = np.geomspace(0.2, 5, 100)
    for choice in choices:
        scaled = logits[said] / choice
        told = scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True)
        losses.append(-np.logaddexp.reduce(np.where(among, told, -np.inf), axis=1).mean())
    return round(float(choices[int(np.argmin(losses))]), 4)


def bits(allowed: NDArray[np.uint8]) -> Flags:
    """Which shapes are in each set."""
    flags: Flags = (allowed[:, None] >> np.arange(len(SHAPES)) & 1).astype(bool)
    return flags
