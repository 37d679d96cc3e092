"""Which words are learned from, chosen by and tested on, by speakers, takes, folds or clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from training.clips import OTHER, Clips
from training.datasets.split import HELD_OUT, put_aside

Rows = NDArray[np.intp]  # of items
WITHOUT, TAKES, FOLD, OWN, ALL = "without-", "takes", "fold", "own", "all"
THIRD, THIRDS = "third", 3  # of the speakers: three parts say what thirteen do, if less well
LEARN, VALIDATION, TEST = range(3)  # sides


@dataclass(frozen=True)
class Split:
    """Items that are learned from, that choices are made on, and that are tested on."""

    train: Rows
    validation: Rows
    test: Rows


def speakers(clips: Clips) -> list[str]:
    """Who speaks, in order; each is left out once."""
    return sorted({str(name) for name in clips.speakers} - {""})


def parts_of(clips: Clips) -> list[str]:
    """The names of all splits that a file allows; `all` leaves nothing out."""
    takes, folds = _numbers(clips.takes), _numbers(clips.folds)
    return [
        *(f"{WITHOUT}{name}" for name in speakers(clips) if len(speakers(clips)) > 2),
        *(f"{THIRD}{number}" for number in range(THIRDS) if len(speakers(clips)) >= 2 * THIRDS),
        *(f"{TAKES}{index}" for index in range(len(takes)) if len(takes) > 2),
        *(f"{FOLD}{number}" for number in folds if len(folds) > 2),
        OWN,
        ALL,
    ]


def split(clips: Clips, part: str) -> Split:
    """The items of each side of a split by its name.

    Who or what comes next in order, and after the last the first, is for the choices."""
    if part not in parts_of(clips):
        able = ", ".join(parts_of(clips))
        raise SourceError(f"{clips.origin.dataset} has no part {part!r}; it has: {able}")
    if part == ALL:
        return _by(clips, np.zeros(len(clips.ends), np.int8))
    if part == OWN:
        return _own(clips)
    if part.startswith(WITHOUT):
        return _next_to(clips, clips.speakers, speakers(clips), part.removeprefix(WITHOUT))
    if part.startswith(THIRD):
        known, number = speakers(clips), int(part.removeprefix(THIRD))
        following = known[(number + 1) % THIRDS]
        side = np.where(clips.speakers == following, VALIDATION, LEARN)
        side[np.isin(clips.speakers, known[number::THIRDS])] = TEST
        return _by(clips, side)
    if part.startswith(TAKES):
        takes = _numbers(clips.takes)
        return _next_to(clips, clips.takes, takes, takes[int(part.removeprefix(TAKES))])
    return _next_to(clips, clips.folds, _numbers(clips.folds), int(part.removeprefix(FOLD)))


def _numbers(column: NDArray[np.integer]) -> list[int]:
    """The numbers that are known, in order."""
    return [int(number) for number in np.unique(column) if number >= 0]


def _next_to(
    clips: Clips, column: NDArray[np.generic], names: list[str] | list[int], out: str | int
) -> Split:
    """What carries a name is left out, and chosen by what carries the next."""
    following = names[(names.index(out) + 1) % len(names)]
    return _by(
        clips, np.where(column == out, TEST, np.where(column == following, VALIDATION, LEARN))
    )


def _own(clips: Clips) -> Split:
    """Two parts of ten to test on, and of the other eight one for choices: by speaker where there
    are enough of them, else by clip; drawn by names, so that more clips change little."""
    side = np.zeros(len(clips.ends), np.int8)
    for number, share in ((TEST, HELD_OUT), (VALIDATION, HELD_OUT / (2 - 2 * HELD_OUT))):
        left = np.flatnonzero(side == LEARN)
        side[left[_drawn(clips, left, share)]] = number
    return _by(clips, side)


def _drawn(clips: Clips, among: Rows, share: float) -> NDArray[np.bool_]:
    """Which sequences are put aside, a share of each word's."""
    first = dict(zip(clips.sequences[::-1].tolist(), clips.labels[::-1].tolist(), strict=True))
    labels = [first.get(sequence, OTHER) for sequence in among.tolist()]
    files = [str(clips.files[sequence]) for sequence in among]
    people = [str(clips.speakers[sequence]) for sequence in among]
    by_speaker = [person or file for person, file in zip(people, files, strict=True)]
    for groups in (by_speaker, files):
        if aside := put_aside(groups, labels, share):
            return np.array([group in aside for group in groups])
    return np.zeros(len(among), np.bool_)


def _by(clips: Clips, side: NDArray[np.integer]) -> Split:
    """Items by the side of their sequence."""
    of_item = side[clips.sequences]
    return Split(*(np.flatnonzero(of_item == number) for number in (LEARN, VALIDATION, TEST)))
