"""The words of a model card, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edge.description import Description
from training.evaluate.slices import NOTES

Figures = dict[str, Any]
WHOLE_WAY = "on all its pictures from detection to answer; a face that is not found counts as wrong"
PROTOCOLS = {
    "folds": "GENKI-4K folds: 4, file number mod 4; each fold's int8 file, trained without it, "
    f"{WHOLE_WAY}; mean of folds",
    "cross": f"cross: an int8 file trained without any picture of GENKI-4K, {WHOLE_WAY}",
}
COMMAND = "lipwire evaluate smile --dataset genki4k --root GENKI --run RUN"
COMMANDS = {"folds": COMMAND, "cross": f"{COMMAND} --part cross"}
FALSE_SMILES = "lipwire evaluate false-smiles --grid GRID --genki GENKI --run RUN"


@dataclass(frozen=True)
class Measured:
    """What was measured of the run that a model comes from."""

    folds: Figures
    cross: Figures | None = None
    false_smiles: Figures | None = None


def card(name: str, size: int, said: Description, measured: Measured) -> str:
    """The model card in Markdown."""
    parts = [_head(name, size, said, measured), _figures(measured)]
    if "slices" in measured.folds:
        parts.append(_slices(measured.folds))
    if measured.false_smiles:
        parts.append(_false_smiles(measured.false_smiles))
    return "\n".join([*parts, data(said), _limits(measured)])


def _head(name: str, size: int, said: Description, measured: Measured) -> str:
    shape = f"`{said.crop}`, {said.crop_size}x{said.crop_size}"
    rules = (
        f"a smile begins at {said.on_threshold:g}, ends at {said.off_threshold:g} and exists after "
        f"{said.min_duration_s:g} s; smoothed over {said.smoothing_s:g} s"
    )
    rows = {
        "task": f"{said.task}: {', '.join(said.labels)}",
        "input": f"{shape} grey pixels less 128, {said.input.dtype}",
        "output": f"logit, {said.output.dtype}; divided by the temperature {said.temperature:g}, "
        "which was fitted on validation data",
        "rules": f"{rules} ({_chosen(measured.false_smiles)})",
        "size": f"{size // 1000} kB",
        "made": f"{said.created}, {', '.join(f'{name} {v}' for name, v in said.versions.items())}",
    }
    return (
        f"# {name}\n\nTells whether an upright face, cut by `edge/crop.py`, smiles. Written by "
        f"`python -m training.evaluate.card`.\n\n{table(('', ''), rows.items())}"
    )


def _chosen(false_smiles: Figures | None) -> str:
    if false_smiles and false_smiles.get("chosen"):
        return "chosen on the first half of the films under False smiles, not on the other"
    return "plain choices"


def _figures(measured: Measured) -> str:
    columns = [("folds", measured.folds)]
    if measured.cross:
        columns.append(("cross", measured.cross))
    rows: list[tuple[str, ...]] = [
        ("accuracy", *(with_interval(f, "accuracy", "interval") for _, f in columns)),
        ("pictures", *(str(f["n"]) for _, f in columns)),
        ("without a face found", *(str(f["undetected"]) for _, f in columns)),
        *(
            (title, *(with_interval(f, key, f"{key}_interval", digits) for _, f in columns))
            for title, key, digits in (
                ("balanced accuracy", "balanced_accuracy", 1),
                ("area under ROC", "auc", 4),
            )
        ),
        ("calibration error", *(f"{f['calibration_error']:.4f}" for _, f in columns)),
    ]
    folds = ", ".join(f"{100 * value:.1f}" for value in measured.folds["per_fold"])
    lines = [
        "## Figures",
        *(f"- {PROTOCOLS[name]}. Command: `{COMMANDS[name]}`" for name, _ in columns),
        "\nWith 95 % intervals (bootstrap by picture); the threshold of the calibrated probability "
        f"is {measured.folds['threshold']:g}, chosen before. This file itself was trained on "
        "everything, so there is no figure of its own.\n",
        table(("figure", *(name for name, _ in columns)), rows),
        f"By fold: {folds} %.\n",
    ]
    if told := measured.folds.get("mirrored"):
        lines.insert(-1, _mirrored(told))
    head = ("probability", "pictures", "mean told", "smiles in truth", "")
    return "\n".join(
        [
            *lines,
            "### Reliability: what is told and what is true (folds)",
            reliability(head, measured.folds["reliability"]),
        ]
    )


def _mirrored(told: Figures) -> str:
    low, high = told["gain_interval"]
    return (
        f"Averaged with the answer to its mirror image, which the device does not do, folds would "
        f"have {100 * told['accuracy']:.1f} %: {100 * told['gain']:+.2f} points (95 % interval "
        f"{100 * low:+.2f} to {100 * high:+.2f}) for twice the reading.\n"
    )


def reliability(head: Sequence[str], parts: Sequence[Figures]) -> str:
    """A table of what is told and what is true."""
    rows = [
        (
            f"{100 * part['low']:.0f} to {100 * part['high']:.0f} %",
            str(part["n"]),
            f"{100 * part['told']:.1f} %",
            f"{100 * part['true']:.1f} %",
            "#" * round(20 * part["true"]),
        )
        for part in parts
    ]
    return table(head, rows)


def _slices(figures: Figures) -> str:
    rows, before = [], None
    for row in figures["slices"]:
        name = row["slice"]
        rows.append(
            (
                "" if name == before else f"**{name}**: {NOTES.get(name, '')}",
                row["value"],
                str(row["n"]),
                str(row["undetected"]),
                with_interval(row, "accuracy", "interval"),
                f"{100 * row['as_it_is']:.1f} %" if "as_it_is" in row else "",
            )
        )
        before = name
    head = ("slice", "", "pictures", "not found", "accuracy", "unaltered")
    return (
        "## Slices\nOf the folds, the whole way again for each altered picture; a face that is not "
        f"found counts as wrong. Command: `{COMMAND} --slices`\n\n{table(head, rows)}"
    )


def _false_smiles(figures: Figures) -> str:
    half = figures["report"]
    titles = {
        "talking": "a man who talks (GRID), as one film",
        "talking_fresh": "the same, a stranger in every clip",
        "not_smiling": "GENKI-4K's pictures without a smile, as films",
    }
    rows = [
        (
            title,
            str(half[key]["arrived"]),
            f"{half[key]['minutes']:g}",
            str(half[key]["smiles"]),
            _number(half[key]["per_hour"]),
            _number(half[key]["per_hour_at_most"]),
        )
        for key, title in titles.items()
    ]
    smiling = half["smiling"]
    head = ("shown", "faces", "minutes", "false smiles", "an hour", "at most, 95 %")
    counted = f"{smiling['counted']} of {smiling['arrived']}"
    return (
        "## False smiles\nThe whole way of a frame, on films that no rule was chosen on; the man "
        f"is one person. Command: `{FALSE_SMILES}`\n\n{table(head, rows)}\n"
        f"Of GENKI-4K's smiling pictures, as films, {counted} faces were counted.\n"
    )


def data(said: Description, kept: str = "crops") -> str:
    """What the model learned from, and on which terms."""
    rows = [(source.name, str(source.pictures), source.licence) for source in said.sources]
    text = f"## Data\n{table(('set', kept, 'terms'), rows)}\n"
    if not any("research" in source.licence for source in said.sources):
        return text
    return text + (
        "Some of it is for research use only. Who needs other terms trains on own pictures with "
        "the same\ncommands (`lipwire prepare`, `lipwire train`).\n"
    )


def _limits(measured: Measured) -> str:
    lines = [
        "Faces down to 19 pixels wide are read; small, dark and turned faces are less certain.",
        "Web photographs of posed people: a kiosk sees other faces and other light.",
    ]
    if "slices" in measured.folds:
        lines.append("Cheek brightness says little of skin tone: light and exposure weigh as much.")
    else:
        lines.append("Not yet measured: slices by head pose, face width and light.")
    if not measured.false_smiles:
        lines.append("Not yet measured: false smiles an hour.")
    return "## Limits\n" + "".join(f"- {line}\n" for line in lines)


def with_interval(figures: Figures, key: str, interval: str, digits: int = 1) -> str:
    """In percent with one digit, else as it is."""
    value, ends = figures[key], figures[interval]
    if value is None:
        return "–"
    if digits == 1:
        return f"{100 * value:.1f} % ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})"
    return f"{value:.{digits}f} ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
