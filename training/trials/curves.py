"""The curves of `lipwire evaluate false-smiles` as one SVG picture.

Lines are the half on which rules are chosen, dots the half that is reported; a dashed line stands
where the rules are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from edge.errors import SettingsError
from training.report.plot import WIDTH, Axis, Plot

# A plot each: what is changed, and the figures that are shown.
TALKING = {
    "talking_per_hour": "smiles told an hour of talking",
    "talking_fresh_per_hour": "the same, a stranger in every clip",
}
TOLD = {"smile_share": "smiles of 1 s told once", "twitch_share": "smiles of 0.4 s told once"}
PLOTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("on", {"smiling_share": "smiling pictures counted", "smile_share": TOLD["smile_share"]}),
    ("on", {"not_smiling_share": "non-smiling pictures counted"}),
    ("on", TALKING),
    ("between", {"repeated_share": "smiling pictures counted more than once"}),
    ("min_duration_s", TOLD),
    ("min_duration_s", TALKING),
    ("smoothing_s", TOLD),
    ("smoothing_s", {"delay_s": "seconds until a smile of 1 s is told"}),
)
CHANGED = {
    "on": "probability that begins a smile",
    "between": "the same less that which ends it",
    "min_duration_s": "minimum duration, s",
    "smoothing_s": "smoothing, s",
}
HEIGHT, LINE, COLUMNS = 220, 16, 2
COLOURS = ("#2471a3", "#b9770e")
FEW = 0.3  # shares up to this are drawn larger
STYLE = """
svg{font:11px sans-serif;background:#fff} text{fill:#333} .middle{text-anchor:middle}
.end{text-anchor:end} .line{fill:none;stroke-width:2} .guide{stroke:#888;stroke-dasharray:4 3}
.grid{stroke:#ddd} .axis{stroke:#666}
"""


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Write the picture, all or nothing."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(picture(figures), encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise SettingsError(f"--plot {path}: cannot be written: {error.strerror}") from None


def picture(figures: Mapping[str, Any]) -> str:
    """All plots under the names of their lines."""
    above = LINE * (1 + max(len(names) for _, names in PLOTS))
    step = HEIGHT + above
    parts = []
    for number, (changed, names) in enumerate(PLOTS):
        x, y = number % COLUMNS * WIDTH, number // COLUMNS * step
        keys = "".join(
            f'<text x="46" y="{LINE * (i + 1.5)}" style="fill:{COLOURS[i]}">{escape(name)}</text>'
            for i, name in enumerate(names.values())
        )
        plot = _plot(figures, changed, list(names))
        parts.append(
            f'<svg x="{x}" y="{y}" width="{WIDTH}" height="{step}">{keys}<svg y="{above}" '
            f'width="{WIDTH}" height="{HEIGHT}">{plot}</svg></svg>'
        )
    colours = "".join(
        f".line.c{i}{{stroke:{colour}}}.dot.c{i}{{fill:{colour}}}"
        for i, colour in enumerate(COLOURS)
    )
    width, height = COLUMNS * WIDTH, -(-len(PLOTS) // COLUMNS) * step
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}"><style>{STYLE}{colours}</style>{"".join(parts)}</svg>\n'
    )


def _plot(figures: Mapping[str, Any], changed: str, names: list[str]) -> str:
    curves = [figures["curves"][half][changed] for half in ("choice", "report")]
    across = [_place(point, changed) for point in curves[0]]
    is_share = names[0].endswith("_share")
    known = [point[name] for row in curves for point in row for name in names]
    high = max([0.05 if is_share else 1.0, *(value for value in known if value is not None)])
    high = 1.0 if is_share and high > FEW else high
    plot = Plot(
        ", ".join(names),
        Axis(CHANGED[changed], min(across), max(across)),
        Axis("", 0, high, percent=is_share),
        HEIGHT,
    )
    here = _place(figures["rules"], changed)
    plot.guide((here, 0), (here, high))
    for colour, name in enumerate(names):
        points = [(x, p[name]) for x, p in zip(across, curves[0], strict=True)]
        points = [(x, value) for x, value in points if value is not None]
        plot.line([x for x, _ in points], [value for _, value in points], colour)
        for point in curves[1]:
            if point[name] is not None:
                plot.dot(_place(point, changed), point[name], colour)
    return plot.svg()


def _place(rules: Mapping[str, Any], changed: str) -> float:
    return float(rules["on"] - rules["off"] if changed == "between" else rules[changed])
