"""Takes of words for trials of own words: what a model that never saw a speaker makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingsError
from edge.own_words import Values, embedding
from edge.word_reader import WordReader
from training.clips import OTHER, Clips
from training.evaluate.word_clips import Pictures, Stretch, stretches
from training.evaluate.word_parts import WITHOUT

Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Heard:
    """All takes of one speaker, frame by frame, as one model has them."""

    speaker: str
    items: Rows  # of the clips
    labels: NDArray[np.int16]  # OTHER for phrases
    takes: NDArray[np.int16]
    features: tuple[Values, ...]
    weights: tuple[Values, ...]

    def embedded(self, parts: int, weighed: bool, highest: bool) -> Values:
        """A row for each take."""
        pairs = zip(self.features, self.weights, strict=True)
        rows = [embedding(f, w if weighed else np.ones_like(w), parts, highest) for f, w in pairs]
        return np.stack(rows)


@dataclass(frozen=True, eq=False)
class Enrolment:
    """Which of a speaker's takes are enrolled and which are asked for, strangers among them."""

    heard: Heard
    own: tuple[int, ...]  # labels
    known: Rows
    asked: Rows


def heard(clips: Clips, pictures: Pictures, run: Path, part: str, speaker: str) -> Heard:
    """Read all a speaker says with a part of a run."""
    reader = WordReader(run / f"{part}.tflite")
    items = np.flatnonzero(clips.speakers[clips.sequences] == speaker)
    read = [_read(reader, pictures, one) for one in stretches(clips, items)]
    features, weights = zip(*read, strict=True)
    takes = clips.takes[clips.sequences[items]]
    return Heard(speaker, items, clips.labels[items], takes, features, weights)


def _read(reader: WordReader, pictures: Pictures, one: Stretch) -> tuple[Values, Values]:
    before, counted = one.streamed(reader.description.frames)
    memory = reader.fresh()
    for row in before:
        reader(pictures[row], memory)
    told = [reader(pictures[row], memory) for row in counted]
    return np.stack([each.features for each in told]), np.array([each.weight for each in told])


def parts_of(run: Path, speakers: Sequence[str]) -> list[str]:
    """The parts of a run that left a speaker out and have a file for the device."""
    wanted = [f"{WITHOUT}{speaker}" for speaker in speakers]
    there = [part for part in wanted if (run / f"{part}.tflite").is_file()]
    if len(wanted) < 2 or not there:
        raise SettingsError(f"{run}: no file of a model that left a speaker of the clips out")
    return there


def left_out(part: str) -> str:
    """The speaker a part never saw."""
    return part.removeprefix(WITHOUT)


def chosen_by(part: str, speakers: Sequence[str]) -> str:
    """The speaker by whom choices for a part are made: the next, and the first after the last."""
    return speakers[(list(speakers).index(left_out(part)) + 1) % len(speakers)]


def enrolments(heard: Heard, takes: int, rounds: int, half: bool = False) -> Iterator[Enrolment]:
    """Random choices of so many takes of all words, or of half of them, the others and phrases
    being strangers; the same whenever it is asked."""
    said = heard.labels != OTHER
    labels, numbers = np.unique(heard.labels[said]), np.unique(heard.takes[said])
    for number in range(rounds):
        rng = np.random.default_rng((number, takes, half))
        own = rng.permutation(labels)[: len(labels) // 2 if half else None]
        chosen = _first_takes(heard, labels, rng.permutation(numbers), takes)
        known = chosen & np.isin(heard.labels, own)
        asked = ~chosen | ~said if half else ~chosen & said
        yield Enrolment(
            heard,
            tuple(int(label) for label in own),
            np.flatnonzero(known),
            np.flatnonzero(asked),
        )


def _first_takes(
    heard: Heard, labels: NDArray[np.int16], order: NDArray[np.int16], many: int
) -> Flags:
    """So many takes of each word, the first there are in an order: one may miss some."""
    place = {take: at for at, take in enumerate(order.tolist())}
    chosen = np.zeros(len(heard.labels), bool)
    for label in labels:
        mine = sorted(np.flatnonzero(heard.labels == label), key=lambda i: place[heard.takes[i]])
        chosen[mine[:many]] = True
    return chosen
