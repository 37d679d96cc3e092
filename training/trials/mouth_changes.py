"""`lipwire evaluate mouth-changes`: how steady a mouth's shape is, and how late it is told.

Still faces are to keep their shape; a man who talks is to have his told soon. Where rules are
chosen, they are so on one half of the films, and the other says how good they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.assemble import mouth_rules
from edge.description import Description, embed, read
from edge.settings import VisemeSettings
from training.evaluate.asked import learned_from
from training.evaluate.figures import Values, interval_by_group, interval_over_groups
from training.evaluate.readers import sources_of
from training.phones import GRID_FPS
from training.trials.ballots import Readings
from training.trials.mouth_choice import (
    ALLOWED_S,
    Half,
    Outcome,
    Rules,
    Talk,
    choose,
    outcomes,
    sweep,
)
from training.trials.mouth_films import MouthFilms
from training.trials.replay import share_at_most

QUARTILES = (0.25, 0.5, 0.75)
Figures = dict[str, Any]


def evaluate_mouth_changes(films: MouthFilms, readings: Readings) -> Figures:
    """Figures of rules chosen now, or of the model's own with the default settings."""
    said, phones = films.said, films.phones()
    rules = own_rules(said)
    report = Half([each for each in readings.readings if not each.choice], phones, said.votes_s)
    chosen: Figures = {"choice": None, "tried": []}
    if films.choice:
        half = Half([each for each in readings.readings if each.choice], phones, said.votes_s)
        tried = outcomes(half, sweep())
        rules = choose(tried)
        chosen = {"choice": _figures(half, rules), "tried": [_tried(each) for each in tried]}
    sets = [*(each.dataset for each in films.stills), *(["grid"] if films.grid else [])]
    return {
        "task": "mouth-changes",
        "dataset": ", ".join(sets),
        "folds": list(films.folds),
        "model": str(films.run or films.model),
        # Each fold's file of a run has not seen the films that it is shown.
        "trained_on": films.run is None and any(learned_from(sources_of(said), s) for s in sets),
        "profile": films.profile.name,
        "size": [films.profile.width, films.profile.height],
        "fps": GRID_FPS,
        "still_s": readings.origin["seconds"],
        "chosen": bool(films.choice),
        "rules": asdict(rules),
        "left_out": readings.left_out,
        **chosen,
        "report": _figures(report, rules),
    }


def own_rules(said: Description) -> Rules:
    """A model's own rules, and what the settings have where nothing is set."""
    settings = VisemeSettings()
    rules = mouth_rules(settings, said)
    return Rules(
        settings.ahead_s, rules.smoothing_s, rules.hold_s, rules.margin, rules.still_margin
    )


def write_rules(rules: Figures, files: Sequence[Path]) -> None:
    """Put chosen rules into models' descriptions; nothing is written where one is no model."""
    said = [read(file) for file in files]
    for file, description in zip(files, said, strict=True):
        smoothing_s, hold_s = rules["smoothing_s"], rules["hold_s"]
        embed(file, replace(description, smoothing_s=smoothing_s, min_duration_s=hold_s))


def _figures(half: Half, rules: Rules) -> Figures:
    """All that is told of one half; what no film of it shows is none."""
    changes, talk = np.array(half.resting(rules)), half.talking(rules)
    return {
        "stills": _stills(changes, half.trembling(rules)) if len(changes) else None,
        "silence": _silence(talk) if sum(seconds for _, seconds in talk.silent) else None,
        "changes": _late(talk.late) if any(talk.late) else None,
        "phones": _late(talk.after) if any(talk.after) else None,
        "shapes": _shapes(half, talk) if any(talk.truth) else None,
    }


def _stills(changes: Values, trembling: Sequence[float]) -> Figures:
    """Changes of a face in all the time for which it is played."""
    moving, faces = int((changes > 0).sum()), len(changes)
    return {
        "faces": faces,
        "changes": round(float(changes.mean()), 4),
        "interval": interval_by_group(changes, np.arange(faces)),
        "most": int(changes.max()),
        "moving": round(moving / faces, 4),
        "moving_at_most": round(share_at_most(moving, faces), 4),
        "trembling": round(float(np.mean(trembling)), 4),
    }


def _silence(talk: Talk) -> Figures:
    seconds = sum(lasts for _, lasts in talk.silent)
    changes = sum(count for count, _ in talk.silent)
    silent = [each for each in talk.silent if each[1]]
    return {
        "clips": len(silent),
        "seconds": round(seconds, 1),
        "changes": changes,
        "per_s": round(changes / seconds, 4),
        "per_s_interval": interval_over_groups(
            lambda rows: float(np.divide(*np.array(silent)[rows].sum(axis=0))),
            np.arange(len(silent)),
        ),
    }


def _late(clips: Sequence[Sequence[float | None]]) -> Figures:
    """How late what changed was told; intervals are by clip."""
    late = [(clip, delay) for clip, some in enumerate(clips) for delay in some if delay is not None]
    due = sum(map(len, clips))
    figures: Figures = {"due": due, "told": round(len(late) / due, 4), "quartiles_s": None}
    if late:
        groups, delays = np.array([clip for clip, _ in late]), np.array([s for _, s in late])
        figures["quartiles_s"] = np.quantile(delays, QUARTILES).round(4).tolist()
        figures["median_interval"] = interval_over_groups(
            lambda rows: float(np.median(delays[rows])), groups
        )
    return figures


def _shapes(half: Half, talk: Talk) -> Figures:
    return {
        "frames": sum(map(len, talk.truth)),
        "accuracy": {f"{allowed:g}": round(talk.accuracy(allowed), 4) for allowed in ALLOWED_S},
        "unsteadied": round(half.unsteadied().accuracy(0.0), 4),
    }


def _tried(outcome: Outcome) -> Figures:
    changes = outcome.changes
    return {
        **asdict(outcome.rules),
        "median_s": round(outcome.median_s, 4),
        "accuracy": round(outcome.accuracy, 4),
        "changes": None if changes is None else round(changes, 4),
    }


def table(figures: Figures) -> str:
    """The figures for people."""
    rules, size = figures["rules"], "x".join(map(str, figures["size"]))
    how = "chosen now" if figures["chosen"] else "the model's own, and default settings"
    parts = {"to choose": figures["choice"], "to report": figures["report"]}
    halves = {name: half for name, half in parts.items() if half}
    lines = [
        f"{figures['model']}, profile {figures['profile']} ({size}, {figures['fps']:g} FPS)",
        f"looks {rules['ahead_s']:g} s ahead, smooths over {rules['smoothing_s']:g} s, holds for "
        f"{rules['hold_s']:g} s, by a margin of {rules['margin']:g}, of a still mouth "
        f"{rules['still_margin']:g} ({how})",
        "".join([f"{'':<46}", *(f"{name:>20}" for name in halves)]),
    ]
    for part, (title, rows) in PARTS.items():
        there = [half[part] for half in halves.values()]
        if all(there):
            lines.append(title.format(figures["still_s"]))
            cells = {text: [cell(each) for each in there] for text, cell in rows.items()}
            lines += [_line(text, row) for text, row in cells.items()]
    lines += [f"left out: {count} ({why})" for why, count in figures["left_out"].items()]
    if figures["trained_on"]:
        lines.append("the model learned from these films: its figures on them say too little")
    return "\n".join(lines)


def _line(text: str, cells: Sequence[str]) -> str:
    return "".join([f"  {text:<44}", *(f"{cell:>20}" for cell in cells)])


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _quartile(number: int) -> Any:
    return lambda part: _ms(part["quartiles_s"][number]) if part["quartiles_s"] else "-"


LATE = {
    "of them told": lambda part: _percent(part["told"]),
    "later by, the median": _quartile(1),
    "  a quarter by less than": _quartile(0),
    "  a quarter by more than": _quartile(2),
}
PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "stills": (
        "still faces, {:g} s of each",
        {
            "faces": lambda part: str(part["faces"]),
            "changes of a face, the mean": lambda part: f"{part['changes']:.2f}",
            "  in 95 % of samples": lambda p: "{:.2f} to {:.2f}".format(*p["interval"]),
            "faces without a change": lambda part: _percent(1 - part["moving"]),
            "  at least (95 %)": lambda part: _percent(1 - part["moving_at_most"]),
            "opening, from frame to frame": lambda part: _percent(part["trembling"]),
        },
    ),
    "silence": (
        "a man before and after he speaks",
        {
            "seconds": lambda part: f"{part['seconds']:g}",
            "changes a second": lambda part: f"{part['per_s']:.2f}",
            "  in 95 % of samples": lambda p: "{:.2f} to {:.2f}".format(*p["per_s_interval"]),
        },
    ),
    "changes": (
        "changes that show when all votes are in",
        {"changes": lambda part: str(part["due"]), **LATE},
    ),
    "phones": (
        "phones that look unlike the phone before",
        {"phones": lambda part: str(part["due"]), **LATE},
    ),
    "shapes": (
        "the phone's shape, balanced accuracy",
        {
            "frames": lambda part: str(part["frames"]),
            **{
                f"told {1000 * allowed:.0f} ms after the frame": (
                    lambda part, key=f"{allowed:g}": _percent(part["accuracy"][key])
                )
                for allowed in ALLOWED_S
            },
            "all votes in, nothing steadied": lambda part: _percent(part["unsteadied"]),
        },
    ),
}
