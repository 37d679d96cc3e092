"""`lipwire evaluate false-smiles`: smiles told of faces that do not smile, and the price of fewer.

Everything is measured on two halves of the films. Rules are chosen on the one; how good they are
is what the other says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.assemble import smile_rules
from edge.decide import SmileRules
from edge.description import Description, embed, read
from edge.settings import SmileSettings
from training.evaluate.figures import interval
from training.trials import choice
from training.trials.choice import Half, Outcome, choose, cuts, sweep
from training.trials.films import Films
from training.trials.replay import Brief, Count, brief, count
from training.trials.traces import Trace, Traces

HALVES = {"choice": True, "report": False}
PEOPLE = 1  # in GRID's s1
OFTEN = 0.5  # share of smiles that are told, for the delay of these to say anything
Figures = dict[str, Any]


def evaluate_false_smiles(films: Films, traces: Traces, most: float | None) -> Figures:
    """Figures on each half and on both; of rules chosen now, that count at most this share of the
    faces that do not smile, or of the model's own."""
    said = films.reader(None).description
    rules = smile_rules(SmileSettings(), said)
    halves = {name: Half.of(_of(traces, chosen)) for name, chosen in HALVES.items()}
    if most is not None:
        rules = choose(sweep(halves["choice"], rules.refractory_s), most)
    learned = {source.name for source in said.sources}
    figures = {name: _figures(half, rules) for name, half in halves.items()}
    stills = [trace for trace in traces.traces if trace.kind == "still"]
    return {
        "task": "false-smiles",
        "dataset": "grid, genki4k",
        "n": len(stills),
        "model": str(films.run or films.model),
        # Each fold's file of a run has not seen the pictures that it is shown.
        "trained_on": films.run is None and "genki4k" in learned,
        "profile": films.profile.name,
        "size": [films.profile.width, films.profile.height],
        "fps": films.profile.target_fps,
        "chosen": most is not None,
        "most": most,
        "rules": asdict(rules),
        "left_out": traces.left_out,
        **figures,
        "both": _figures(Half.of(traces.traces), rules),
        "curves": {name: _curves(cuts(half, rules)) for name, half in halves.items()},
    }


def write_rules(rules: Figures, files: Sequence[Path]) -> None:
    """Put chosen rules into models' descriptions; nothing is written where one is no model."""
    said: list[Description] = [read(file) for file in files]
    for file, description in zip(files, said, strict=True):
        chosen = replace(
            description,
            on_threshold=rules["on"],
            off_threshold=rules["off"],
            smoothing_s=rules["smoothing_s"],
            min_duration_s=rules["min_duration_s"],
        )
        embed(file, chosen)


def _of(traces: Traces, chosen: bool) -> list[Trace]:
    return [trace for trace in traces.traces if trace.choice == chosen]


def _figures(half: Half, rules: SmileRules) -> Figures:
    """All that is told of one half."""
    stream, neutral = count(half.stream, rules), count(half.neutral, rules)
    fresh, smiling = count(half.fresh, rules), count(half.smiling, rules)
    told = np.arange(smiling.faces) < smiling.counted
    return {
        "talking": {"people": PEOPLE} | _rate(stream, by_face=False),
        "talking_fresh": {"people": PEOPLE} | _rate(fresh, by_face=False),
        "not_smiling": {
            **_rate(neutral, by_face=True),
            "counted": neutral.counted,
            "share": _rounded(neutral.share),
            "share_at_most": _rounded(neutral.share_at_most),
        },
        "smiling": {
            "films": smiling.films,
            "arrived": smiling.faces,
            "counted": smiling.counted,
            "share": _rounded(smiling.share),
            "interval": interval(told) if len(told) else None,
            "repeated": smiling.repeated,
        },
        "brief": [_brief(brief(half.brief[s], s, rules)) for s in choice.SECONDS],
    }


def _rate(counted: Count, by_face: bool) -> Figures:
    """False smiles; the upper end is one-sided, 95 %."""
    return {
        "films": counted.films,
        "arrived": counted.faces,
        "minutes": round(60 * counted.hours, 2),
        "smiles": counted.smiles,
        "per_hour": _rounded(counted.per_hour, 2),
        "per_hour_at_most": _rounded(counted.per_hour_at_most(by_face), 2),
    }


def _brief(tried: Brief) -> Figures:
    share = tried.told / tried.smiles if tried.smiles else None
    return {**asdict(tried), "share": _rounded(share)}


def _curves(outcomes: dict[str, list[Outcome]]) -> dict[str, list[Figures]]:
    return {name: [_point(outcome) for outcome in row] for name, row in outcomes.items()}


def _point(outcome: Outcome) -> Figures:
    twitch, smile = _brief(outcome.twitch), _brief(outcome.smile)
    often = (smile["share"] or 0) >= OFTEN
    return {
        **asdict(outcome.rules),
        "talking_per_hour": _rounded(outcome.stream.per_hour, 2),
        "talking_fresh_per_hour": _rounded(outcome.fresh.per_hour, 2),
        "not_smiling_share": _rounded(outcome.neutral.share),
        "smiling_share": _rounded(outcome.smiling.share),
        "repeated_share": _rounded(_share(outcome.smiling.repeated, outcome.smiling.faces)),
        "twitch_share": twitch["share"],
        "smile_share": smile["share"],
        "delay_s": smile["delay_s"] if often else None,
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


def table(figures: Figures) -> str:
    """The figures for people."""
    rules = figures["rules"]
    how = "chosen now, on the first half" if figures["chosen"] else "the model's own"
    size = "x".join(map(str, figures["size"]))
    lines = [
        f"{figures['model']}, profile {figures['profile']} ({size}, {figures['fps']:g} FPS)",
        f"a smile begins at {rules['on']:g}, ends at {rules['off']:g}, exists after "
        f"{rules['min_duration_s']:g} s; smoothed over {rules['smoothing_s']:g} s ({how})",
        f"{'':<34}{'to choose':>16}{'to report':>16}{'both':>16}",
    ]
    halves = [figures[name] for name in (*HALVES, "both")]
    for part, title in PARTS.items():
        lines.append(title)
        for key, text in ROWS.items():
            if key in halves[0][part]:
                lines.append(_line(text, [_cell(key, half[part][key]) for half in halves]))
    lines.append("smiles of a short time, told once, and seconds from their beginning until then")
    for row in zip(*(half["brief"] for half in halves), strict=True):
        cells = [f"{_cell('share', b['share'])} {_cell('', b['delay_s'])}" for b in row]
        lines.append(_line(f"of {row[0]['seconds']:g} s", cells))
    if figures["trained_on"]:
        lines.append("the model learned from these pictures: its figures on them say too little")
    return "\n".join(lines)


PARTS = {
    "talking": "a man who talks, his clips one after another",
    "talking_fresh": "the same, a stranger in every clip",
    "not_smiling": "pictures that do not smile, a stranger in every one",
    "smiling": "pictures that smile",
}
ROWS = {
    "arrived": "faces",
    "minutes": "minutes",
    "smiles": "smiles told",
    "per_hour": "an hour",
    "per_hour_at_most": "an hour, at most (95 %)",
    "share": "faces counted",
    "share_at_most": "faces counted, at most (95 %)",
    "repeated": "faces counted more than once",
}


def _line(text: str, cells: Sequence[str]) -> str:
    return "".join([f"  {text:<32}", *(f"{cell:>16}" for cell in cells)])


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{100 * value:.1f} %" if key.startswith("share") else f"{value:.4g}"
