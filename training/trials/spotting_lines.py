"""Figures of spotting as lines of text and as a plot, for people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from edge.errors import SettingsError
from training.report.plot import WIDTH, Axis, Plot

HEIGHT, LINE = 260, 16
COLOURS = ("#2471a3", "#b9770e")
STYLE = """
svg{font:11px sans-serif;background:#fff} text{fill:#333} .middle{text-anchor:middle}
.end{text-anchor:end} .line{fill:none;stroke-width:2} .guide{stroke:#888;stroke-dasharray:4 3}
.grid{stroke:#ddd} .axis{stroke:#666}
"""
Figures = dict[str, Any]


def table(figures: Figures) -> str:
    """The figures for people."""
    rules, chosen = figures["rules"], figures["chosen_on"]
    how = "the model's own"
    if chosen:
        how = f"chosen on {_folds(chosen)}, at most {figures['most']:g} false words a minute there"
    lines = [
        f"{figures['model']}, profile {figures['profile']}",
        f"a word is told from {rules['threshold']:g} on, and not again within "
        f"{rules['refractory_s']:g} s ({how})",
        "",
        *_half(_folds(figures["folds"]), figures),
    ]
    if figures["choice"]:
        lines += ["", *_half(_folds(chosen), figures["choice"])]
    if way := figures["whole_way"]:
        same = "the same as reckoned" if way["same"] else f"not those reckoned ({way['due']})"
        lines += ["", f"the daemon told {way['words']} words over {way['broker']}: {same}"]
    if figures["trained_on"]:
        lines.append("the model learned from these clips: its figures on them say too little")
    return "\n".join(lines)


def _folds(numbers: list[int]) -> str:
    return f"fold{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def _half(name: str, half: Figures) -> list[str]:
    who = "one" if half["people"] == 1 else str(half["people"])
    places = ", ".join(f"{count} at {place}" for place, count in half["false_at"].items())
    return [
        f"{name}: {half['clips']} clips, {half['minutes']:g} minutes, {who} who talk"
        + "s" * (half["people"] == 1),
        f"  words told      {_share(half['told'], half['n'], half['interval'])}",
        f"  false words     {_rate(half)}" + (f": {places}" if places else ""),
        f"  told after      {_late(half['late_s'])}",
        *_isolated(half["isolated"]),
        f"  {'score':<10}{'told':>8}{'(95 %)':>18}{'false a minute':>17}{'at most':>9}"
        f"{'told after':>13}",
        *map(_row, half["curve"]),
    ]


def _isolated(part: Figures) -> list[str]:
    many = part["sentences"]
    return [
        f"  of {many} sentences between silences, as utterances of words that stand alone",
        *(
            f"    {name} seen within 0.3 s  "
            f"{_share(part[key]['found'], many, part[key]['interval'])}"
            + (f", {1000 * late:+.0f} ms" if (late := part[key]["late_s"]) is not None else "")
            for name, key in (("beginnings", "begun"), ("ends      ", "ended"))
        ),
        f"    seen as one utterance     {part['in_one']} of {many}",
        f"    where nobody speaks       {_rate(part)}",
        f"    words told of them        {part['words']}",
    ]


def _share(count: int, of: int, ends: list[float]) -> str:
    low, high = (100 * end for end in ends)
    return f"{100 * count / of:.1f} % ({low:.1f} to {high:.1f}) of {of}"


def _rate(part: Figures) -> str:
    most = part["false_a_minute_at_most"]
    return f"{part['false']}, {part['false_a_minute']:.2f} a minute (at most {most:.2f})"


def _late(quartiles: list[float] | None) -> str:
    if quartiles is None:
        return "-"
    low, median, high = (1000 * each for each in quartiles)
    return f"{median:.0f} ms in the median ({low:.0f} to {high:.0f}: half of them)"


def _row(point: Figures) -> str:
    low, high = (100 * end for end in point["interval"])
    between = f"({low:.1f} to {high:.1f})"
    late = f"{1000 * point['late_s'][1]:.0f} ms" if point["late_s"] else "-"
    return (
        f"  {point['threshold']:<10g}{100 * point['recall']:>6.1f} %{between:>18}"
        f"{point['false_a_minute']:>17.2f}{point['false_a_minute_at_most']:>9.2f}{late:>13}"
    )


def draw(figures: Figures, path: Path) -> None:
    """Write the curves as an SVG picture, all or nothing."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(picture(figures), encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise SettingsError(f"--plot {path}: cannot be written: {error.strerror}") from None


def picture(figures: Figures) -> str:
    """Words told at the price of false ones: a line for each part of the films, and a dot where
    the rules are; whiskers are 95 %."""
    halves = {_folds(figures["folds"]): figures}
    if figures["choice"]:
        halves[f"{_folds(figures['chosen_on'])}, to choose"] = figures["choice"]
    most = max(point["false_a_minute"] for half in halves.values() for point in half["curve"])
    plot = Plot(
        "words told by false words",
        Axis("false words a minute", 0, max(most, 1)),
        Axis("words told", 0, 1, percent=True),
        HEIGHT,
    )
    for colour, half in enumerate(halves.values()):
        curve = half["curve"]
        plot.line([p["false_a_minute"] for p in curve], [p["recall"] for p in curve], colour)
        plot.dot(half["false_a_minute"], half["recall"], colour)
        plot.whisker(half["false_a_minute"], *half["interval"], colour)
    above = LINE * (1 + len(halves))
    keys = "".join(
        f'<text x="46" y="{LINE * (number + 1)}" style="fill:{COLOURS[number]}">{name}</text>'
        for number, name in enumerate(halves)
    )
    colours = "".join(
        f".line.c{number}{{stroke:{colour}}}.dot.c{number}{{fill:{colour}}}"
        for number, colour in enumerate(COLOURS)
    )
    height = HEIGHT + above
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}"><style>{STYLE}{colours}</style>{keys}<svg y="{above}" '
        f'width="{WIDTH}" height="{HEIGHT}">{plot.svg()}</svg></svg>\n'
    )
