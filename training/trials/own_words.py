"""Own words without training, tried on speakers whom a model never saw: how many are recognised
after a few takes, beside the nearest thumbnails, and what becomes of words that were not enrolled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import SettingsError
from edge.own_words import LIMIT, OWN_SHARE, PARTS, Prototypes, Values
from training.clips import OTHER, Clips
from training.evaluate.figures import Flags, auc, interval_by_group, interval_over_groups
from training.evaluate.word_baselines import Known, baselines
from training.evaluate.word_clips import Pictures, seen
from training.trials.enrolled import (
    Enrolment,
    Heard,
    chosen_by,
    enrolments,
    heard,
    left_out,
    parts_of,
)

TAKES = (3, 5)
ROUNDS = 20  # random choices of takes
SAID = "takes of one session only: the set has no other, and another day's may be less alike"
LIMITS = (0.8, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0, 2.5, 3.0)


@dataclass(frozen=True)
class Form:
    """What stands for an utterance, and how far it is from a word."""

    parts: int = PARTS
    weighed: bool = True
    highest: bool = True  # of the features, beside means
    share: float = OWN_SHARE
    nearest: bool = False  # the nearest take, not the middle of all

    def __str__(self) -> str:
        middle = "nearest take" if self.nearest else f"middle, unit {self.share:g} its own"
        by = "weighed" if self.weighed else "all alike"
        high = "highest, " * self.highest
        return f"{high}{self.parts} parts, frames {by}, {middle}"


FORMS = (
    *(Form(parts=parts) for parts in (1, 2, 3)),
    Form(highest=False),
    Form(weighed=False),
    *(Form(share=share) for share in (0.0, 0.5, 1.0)),
    Form(nearest=True),
)


@dataclass(frozen=True, eq=False)
class Told:
    """What became of takes that were asked for, of all rounds."""

    distances: Values  # to the nearest word
    own: Flags  # whether the word was enrolled
    right: Flags  # whether it is the nearest
    phrases: Flags
    speakers: np.ndarray

    @property
    def strangers(self) -> Flags:
        """Words that were not enrolled."""
        return ~self.own & ~self.phrases


def evaluate_own_words(run: Path, clips: Clips, rounds: int = ROUNDS) -> dict[str, Any]:
    """The figures of all parts of a run that left a speaker out."""
    counts = _counts(clips)
    speakers = sorted(set(clips.speakers.tolist()) - {""})
    parts = parts_of(run, speakers)
    pictures = seen(clips)
    tested = [heard(clips, pictures, run, part, left_out(part)) for part in parts]
    chosen = [heard(clips, pictures, run, part, chosen_by(part, speakers)) for part in parts]
    window = _window(run, parts[0])
    choice = _told(Form(), chosen, counts, rounds)
    limits = [_limit(limit, choice) for limit in LIMITS]
    rows = {
        str(takes): _recognised(clips, pictures, tested, takes, rounds, window) for takes in counts
    }
    most = rows[str(counts[-1])]
    return {
        "task": "own-words",
        "dataset": clips.origin.dataset,
        "model": str(run),
        "trained_on": False,
        "n": most["n"],
        "accuracy": most["accuracy"],
        "interval": most["interval"],
        "said": SAID,
        "speakers": len(parts),
        "rounds": rounds,
        "takes": rows,
        "strangers": {str(takes): _refused(tested, takes, rounds) for takes in counts},
        "chosen_on": "the next speaker of each part, whom it did not learn from either",
        "forms": [_form(form, chosen, counts, rounds) for form in FORMS],
        "limits": limits,
        "best_limit": max(limits, key=_worth)["limit"],
    }


def _counts(clips: Clips) -> tuple[int, ...]:
    """How many takes are enrolled, of sets that have some more."""
    there = len(np.unique(clips.takes[clips.sequences][clips.labels != OTHER]))
    counts = tuple(takes for takes in TAKES if takes < there)
    if not counts:
        raise SettingsError(f"{there} takes of a word: own words need {TAKES[0] + 1} at least")
    return counts


def _window(run: Path, part: str) -> int:
    from edge.description import read

    return read(run / f"{part}.tflite").frames


def _recognised(
    clips: Clips, pictures: Pictures, tested: list[Heard], takes: int, rounds: int, window: int
) -> dict[str, Any]:
    """All words enrolled: which of the other takes are told right."""
    tries = [each for one in tested for each in enrolments(one, takes, rounds)]
    told = _of(Form(), tries)
    splits = [Known(e.heard.speaker, e.heard.items[e.asked], e.heard.items[e.known]) for e in tries]
    beside = baselines(clips, pictures, splits, window)
    groups = np.unique(told.speakers, return_inverse=True)[1]
    per_speaker = {
        str(name): round(float(told.right[told.speakers == name].mean()), 4)
        for name in np.unique(told.speakers)
    }
    return {
        "n": len(told.right) // rounds,
        "accuracy": round(float(told.right.mean()), 4),
        "interval": interval_by_group(told.right, groups),
        "worst": min(per_speaker, key=lambda name: per_speaker[name]),
        "per_speaker": per_speaker,
        "baselines": {
            name: {
                "accuracy": round(float(right.mean()), 4),
                "interval": interval_by_group(right, groups),
                "gain": round(float(told.right.mean() - right.mean()), 4),
                "gain_interval": interval_by_group(told.right.astype(float) - right, groups),
            }
            for name, right in beside.items()
        },
    }


def _refused(tested: list[Heard], takes: int, rounds: int) -> dict[str, Any]:
    """Half of the words enrolled: what becomes of the others, and of phrases."""
    told = _told(Form(), tested, (takes,), rounds)
    words = ~told.phrases
    groups = np.unique(told.speakers[words], return_inverse=True)[1]
    near, own = -told.distances[words], told.own[words]

    def area(rows: np.ndarray) -> float:
        return auc(near[rows], own[rows])

    return {
        "enrolled": len(np.unique(tested[0].labels[tested[0].labels != OTHER])) // 2,
        "n": {
            "own": int(told.own.sum()) // rounds,
            "strangers": int(told.strangers.sum()) // rounds,
            "phrases": int(told.phrases.sum()) // rounds,
        },
        "auc": round(auc(near, own), 4),
        "auc_interval": interval_over_groups(area, groups),
        "at_the_limit": _limit(LIMIT, told),
        "curve": [_limit(limit, told) for limit in LIMITS],
    }


def _limit(limit: float, told: Told) -> dict[str, float]:
    """Shares that are taken for a word where this is the limit."""
    taken = told.distances <= limit
    return {
        "limit": limit,
        "own_right": _share(taken & told.right, told.own),
        "own_wrong": _share(taken & ~told.right, told.own),
        "strangers": _share(taken, told.strangers),
        "phrases": _share(taken, told.phrases),
    }


def _worth(row: dict[str, float]) -> float:
    """A word that is told right is worth what a false one costs."""
    return row["own_right"] - row["strangers"]


def _share(happened: Flags, among: Flags) -> float:
    return round(float(happened[among].mean()), 4) if among.any() else 0.0


def _form(form: Form, chosen: list[Heard], counts: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """What a form is worth on those by whom choices are made."""
    row: dict[str, Any] = {"form": str(form)}
    for takes in counts:
        all_words = [each for one in chosen for each in enrolments(one, takes, rounds)]
        told = _told(form, chosen, (takes,), rounds)
        words = ~told.phrases
        row[str(takes)] = round(float(_of(form, all_words).right.mean()), 4)
        row[f"auc_{takes}"] = round(auc(-told.distances[words], told.own[words]), 4)
    return row


def _told(form: Form, those: list[Heard], takes: tuple[int, ...], rounds: int) -> Told:
    """Trials in which half of the words are enrolled."""
    return _of(
        form,
        [
            each
            for many in takes
            for one in those
            for each in enrolments(one, many, rounds, half=True)
        ],
    )


def _of(form: Form, tries: list[Enrolment]) -> Told:
    columns = zip(*_answers(form, tries), strict=True)
    distances, told, truth, speakers = (np.concatenate(column) for column in columns)
    own = np.concatenate([np.isin(each.heard.labels[each.asked], each.own) for each in tries])
    return Told(distances, own, told == truth, truth == OTHER, speakers)


def _answers(form: Form, tries: list[Enrolment]) -> Iterator[tuple[np.ndarray, ...]]:
    """Distances, nearest words, true words and speakers, trial by trial."""
    rows: dict[int, Values] = {}
    for each in tries:
        if id(each.heard) not in rows:
            rows[id(each.heard)] = each.heard.embedded(form.parts, form.weighed, form.highest)
        mine, labels = rows[id(each.heard)], each.heard.labels
        known, asked = mine[each.known], mine[each.asked]
        takes = {str(label): list(known[labels[each.known] == label]) for label in each.own}
        near = Prototypes.of(takes, form.share)
        far = (1 - asked @ near.middles.T) / near.units
        if form.nearest:
            of_takes = [(1 - asked @ np.array(some).T).min(axis=1) for some in takes.values()]
            far = np.stack(of_takes, axis=1) / near.units
        best = far.argmin(axis=1)
        yield (
            far.min(axis=1),
            np.array(each.own)[best],
            labels[each.asked],
            np.full(len(asked), each.heard.speaker),
        )
