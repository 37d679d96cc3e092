"""`lipwire evaluate word`: what models read from lips, beside what says little of lip reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingsError
from training.clips import Clips
from training.evaluate.asked import learned_from
from training.evaluate.figures import (
    Flags,
    Interval,
    Values,
    calibration_error,
    interval,
    interval_by_group,
    paired_difference,
    reliability,
)
from training.evaluate.word_baselines import Known, baselines
from training.evaluate.word_clips import Pictures, seen
from training.evaluate.word_files import Scored, Told, clips_of, of_part, one
from training.evaluate.word_other import other_figures
from training.evaluate.word_parts import (
    PROTOCOLS,
    finished,
    known_of,
    parts_for,
    usual_protocol,
)
from training.run import Run

TASK = "word"


@dataclass(frozen=True)
class Asked:
    """What is scored, and how."""

    dataset: str
    root: Path
    run: Path | None
    model: Path | None
    protocol: str = ""  # the set's usual one where not said
    other: bool = False  # also what is none of the words
    models: Path | None = None  # where fetched models are
    window: int | None = None  # frames that count at most; the model's own where not said


def evaluate(asked: Asked) -> dict[str, Any]:
    """All figures of a run or of one file."""
    clips = clips_of(asked.dataset, asked.root, asked.models)
    protocol = asked.protocol or usual_protocol(clips)
    pictures = seen(clips)
    if asked.run:
        run = Run(asked.run)
        scored = [
            of_part(run, part, clips, asked.window) for part in finished(asked.run, clips, protocol)
        ]
        splits = [known_of(clips, each.part) for each in scored]
    else:
        assert asked.model
        scored = [one(asked.model, clips, asked.window)]
        splits = _all_splits(clips, protocol)
    told = _told(clips, pictures, scored, splits)
    trained_on = not asked.run and learned_from(scored[0].sources, asked.dataset)
    how = f"{protocol}: {PROTOCOLS[protocol]}"
    report = {
        "task": TASK,
        "dataset": asked.dataset,
        "n": len(told.items),
        "model": str(asked.run or asked.model),
        "protocol": how if asked.run else f"one file; baselines {how}",
        "trained_on": trained_on,
        "window": scored[0].window,
        "parts": [split.name for split in splits],
        **figures(clips, pictures, told, splits, scored[0].window),
    }
    if asked.other:
        report["other"] = other_figures(clips, pictures, scored, asked.run, asked.window)
    return report


def figures(
    clips: Clips, pictures: Pictures, told: Told, splits: Sequence[Known], window: int
) -> dict[str, Any]:
    """What was told against what was said."""
    truth = clips.labels[told.items].astype(int)
    words = told.int8[:, :-1]
    answers = words.argmax(axis=1)
    right = answers == truth
    speakers, groups = clips.speakers[clips.sequences[told.items]], groups_of(clips, told.items)
    beside = baselines(clips, pictures, splits, window)
    rows = [_row(speaker, right, beside, speakers == speaker) for speaker in np.unique(speakers)]
    worst = min(rows, key=lambda row: row["accuracy"])
    likeliest = probabilities(words).max(axis=1)
    classes = clips.origin.classes
    return {
        "accuracy": round(mean_of_parts(right, splits), 4),
        "interval": share_interval(right, groups),
        "accuracy_beside_other": round(float((told.int8.argmax(axis=1) == truth).mean()), 4),
        "worst_speaker": {"speaker": worst["speaker"], "accuracy": worst["accuracy"]},
        "per_speaker": {row["speaker"]: row["accuracy"] for row in rows},
        "per_word": {
            word: round(float(right[truth == number].mean()), 4)
            for number, word in enumerate(classes)
            if (truth == number).any()
        },
        "per_part": _per_part(right, splits),
        "confusion": {"labels": list(classes), "counts": confusion(answers, truth, len(classes))},
        "baselines": {
            name: round(mean_of_parts(flags, splits), 4) for name, flags in beside.items()
        },
        "baseline_intervals": {
            name: share_interval(flags, groups) for name, flags in beside.items()
        },
        "speakers": rows,
        "calibration_error": round(calibration_error(likeliest, right), 4),
        "reliability": [asdict(part) for part in reliability(likeliest, right)],
        **_paired(told, truth, right),
    }


def probabilities(logits: Values) -> Values:
    """Rows that come to 1."""
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def groups_of(clips: Clips, items: NDArray[np.intp]) -> NDArray[np.int_]:
    """What hangs together: a speaker's words; with one speaker only, those of a clip."""
    sequences = clips.sequences[items]
    speakers = np.unique(clips.speakers[sequences], return_inverse=True)[1]
    return speakers if speakers.any() else sequences.astype(int)


def share_interval(right: Flags, groups: NDArray[np.int_]) -> Interval:
    """95 %, by group where there is more than one."""
    return interval_by_group(right, groups) if len(np.unique(groups)) > 1 else interval(right)


def mean_of_parts(right: Flags, splits: Sequence[Known]) -> float:
    """The mean of the parts' shares."""
    return float(np.mean([part.mean() for part in _by_part(right, splits)]))


def confusion(answers: NDArray[np.int_], truth: NDArray[np.int_], many: int) -> list[list[int]]:
    """A row for each word said, a column for each told."""
    counts = np.zeros((many, many), int)
    np.add.at(counts, (truth, answers), 1)
    found: list[list[int]] = counts.tolist()
    return found


def _all_splits(clips: Clips, protocol: str) -> list[Known]:
    """Those of every part."""
    if not (parts := parts_for(clips, protocol)):
        raise SettingsError(f"--protocol {protocol}: the clips do not allow it")
    return [known_of(clips, part) for part in parts]


def _told(
    clips: Clips, pictures: Pictures, scored: Sequence[Scored], splits: Sequence[Known]
) -> Told:
    readers = scored if len(scored) == len(splits) else list(scored) * len(splits)
    answers = [
        reader.told(clips, pictures, split.tested)
        for reader, split in zip(readers, splits, strict=True)
    ]
    floats = [each.floats for each in answers]
    return Told(
        np.concatenate([each.items for each in answers]),
        np.concatenate([each.int8 for each in answers]),
        None if any(each is None for each in floats) else np.concatenate(floats),  # type: ignore[arg-type]
    )


def _by_part(right: Flags, splits: Sequence[Known]) -> list[Flags]:
    ends = np.cumsum([len(split.tested) for split in splits])
    return np.split(right, ends[:-1])


def _per_part(right: Flags, splits: Sequence[Known]) -> dict[str, float]:
    parts = _by_part(right, splits)
    return {s.name: round(float(p.mean()), 4) for s, p in zip(splits, parts, strict=True)}


def _row(speaker: str, right: Flags, beside: dict[str, Flags], mine: Flags) -> dict[str, Any]:
    return {
        "speaker": str(speaker),
        "n": int(mine.sum()),
        "accuracy": round(float(right[mine].mean()), 4),
        "interval": interval(right[mine]),
        **{name: round(float(flags[mine].mean()), 4) for name, flags in beside.items()},
    }


def _paired(told: Told, truth: NDArray[np.int_], right: Flags) -> dict[str, Any]:
    """How int8 compares with floats on the same items."""
    if told.floats is None:
        return {"int8_less_float": None}
    by_floats = told.floats[:, :-1].argmax(axis=1) == truth
    difference, within = paired_difference(right, by_floats)
    return {
        "float_accuracy": round(float(by_floats.mean()), 4),
        "int8_less_float": difference,
        "int8_less_float_interval": within,
    }
