"""`lipwire evaluate word-boxes`: what lip boxes as a device finds them do to a reader of words.

Each speaker is read by the model that never learned from them: first the clips as they are, then
the same clips with boxes that are off, less detail, frames missing, and at other frame rates. Where
live boxes were measured, the clips are read with boxes that are off as those were, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import SettingsError
from edge.lipbox import LIP_BOX
from edge.progress import progress
from training.clips import Clips
from training.evaluate.figures import Flags, interval_by_group
from training.evaluate.word_clips import Stretch
from training.evaluate.word_files import Scored, one
from training.evaluate.word_parts import known_of, parts_for
from training.trials.box_changes import (
    Change,
    Off,
    Strip,
    as_it_is,
    at_rate,
    blurred,
    dropped,
    jittered,
    one_after_another,
)

PLAIN = "as it is"
JITTER, DETAIL_PX = 0.08, 20
RATES = (10, 12, 20, 25, 30)
CHANGES: dict[str, Change] = {
    PLAIN: as_it_is,
    "boxes off by 8 %, each frame": jittered(JITTER),
    "boxes off by 8 %, each clip": jittered(JITTER, whole_clip=True),
    "20 pixels of detail": blurred(DETAIL_PX),
    **{f"{share} % of frames missing": dropped(share / 100) for share in (10, 20, 30)},
    **{f"{fps} frames a second, nearest": at_rate(fps, mixed=False) for fps in RATES},
    **{f"{fps} frames a second, mixed": at_rate(fps) for fps in RATES},
    "a little of all": one_after_another(
        jittered(JITTER / 2, whole_clip=True),
        jittered(JITTER / 2),
        blurred(DETAIL_PX),
        dropped(0.1),
        at_rate(20),
    ),
}
# When the reader may be the default of a camera: figures decide.
MOST_LOST, LEAST_OVERLAP = 0.03, 0.8


@dataclass(frozen=True, eq=False)
class Answers:
    """Which words were read right, as the clips were changed."""

    right: dict[str, Flags]
    speakers: np.ndarray


def evaluate_words(run: Path, clips: Clips, simulations: dict[str, Off]) -> dict[str, Any]:
    """Accuracy by what was done to the clips, and how much that cost."""
    if clips.origin.kind != LIP_BOX:
        raise SettingsError(f"clips of {clips.origin.kind}: expected clips of {LIP_BOX}")
    possible = (parts_for(clips, protocol) for protocol in ("unseen", "thirds"))
    there = ([name for name in names if (run / f"{name}.tflite").is_file()] for names in possible)
    parts = next(filter(None, there), None)  # each word once
    if not parts:
        raise SettingsError(
            f"{run}: no model in it that learned without one of the clips' speakers"
        )
    found = _read_all(run, clips, parts, CHANGES | simulations)
    names, groups = np.unique(found.speakers, return_inverse=True)
    if len(names) == 1:
        groups = np.arange(len(groups))  # by clip, of a single speaker
    plain = found.right[PLAIN]
    return {
        "run": str(run),
        "dataset": clips.origin.dataset,
        "speakers": len(names),
        "words": len(clips.origin.classes),
        "n": len(plain),
        "rows": [
            {
                "change": name,
                **_share(right, groups),
                "worst": _worst(right, found.speakers),
                "gain": round(float(right.mean() - plain.mean()), 4),
                "gain_interval": interval_by_group(right.astype(float) - plain, groups),
            }
            for name, right in found.right.items()
        ],
    }


def verdict(figures: dict[str, Any]) -> dict[str, Any] | None:
    """Whether the reader is good enough for a camera; nothing where that was not measured."""
    overlaps = [row["iou"]["value"] for row in figures.get("boxes", []) if row["live"]]
    rows = [row for row in figures.get("rows", []) if row["change"].startswith("live boxes")]
    if not overlaps or not rows:
        return None
    lost, overlap = max(-row["gain"] for row in rows), min(overlaps)
    return {
        "lost": lost,
        "overlap": overlap,
        "usable_live": lost <= MOST_LOST and overlap >= LEAST_OVERLAP,
    }


def table(figures: dict[str, Any]) -> list[str]:
    """The readers' lines for people."""
    if "rows" not in figures:
        return []
    lines = [
        f"{figures['words']} words, {figures['speakers']} speakers by models that learned from "
        f"others, {figures['n']} clips of {figures['dataset']}",
        f"{'':<30} {'accuracy':>8} {'':>15} {'against plain':>13} {'':>17} worst",
    ]
    for row in figures["rows"]:
        within = "({:.1%} to {:.1%})".format(*row["interval"])
        gained = "({:+.1%} to {:+.1%})".format(*row["gain_interval"])
        worst, share = row["worst"]
        lines.append(
            f"{row['change']:<30} {row['accuracy']:>8.1%} {within:>17} {row['gain']:>+9.1%} "
            f"{gained:>19} {worst} {share:.1%}"
        )
    if told := figures.get("verdict"):
        may = "may be" if told["usable_live"] else "is not to be"
        lines.append(
            f"live boxes cost {told['lost']:.1%} at most (rule: {MOST_LOST:.0%}), overlap "
            f"{told['overlap']:.2f} at least (rule: {LEAST_OVERLAP}): the reader {may} a default"
        )
    return lines


def _read_all(run: Path, clips: Clips, parts: list[str], changes: dict[str, Change]) -> Answers:
    right: dict[str, list[bool]] = {name: [] for name in changes}
    items: list[int] = []
    for part in progress(parts, "evaluate word-boxes, speakers"):
        reader = one(run / f"{part}.tflite", clips)
        for item in known_of(clips, part).tested.tolist():
            strip = Strip.of(clips, item)
            for number, (name, change) in enumerate(changes.items()):
                changed = change(strip, np.random.default_rng((item, number)))
                right[name].append(_likeliest(reader, clips, changed) == clips.labels[item])
            items.append(item)
    flags = {name: np.array(each, np.bool_) for name, each in right.items()}
    return Answers(flags, clips.speakers[clips.sequences[items]])


def _likeliest(reader: Scored, clips: Clips, strip: Strip) -> int:
    """The word that is told, as the clips number it."""
    shown = Stretch(np.arange(len(strip)), strip.start, strip.stop)
    logits = reader.read(clips, strip.canvases(), [shown])
    return int(logits[0, :-1].argmax())  # the last is none of the words


def _share(right: Flags, groups: np.ndarray) -> dict[str, Any]:
    share = round(float(right.mean()), 4)
    return {"accuracy": share, "interval": interval_by_group(right, groups)}


def _worst(right: Flags, speakers: np.ndarray) -> tuple[str, float]:
    shares = {name: float(right[speakers == name].mean()) for name in np.unique(speakers).tolist()}
    worst = min(shares, key=shares.__getitem__)
    return worst, round(shares[worst], 4)
