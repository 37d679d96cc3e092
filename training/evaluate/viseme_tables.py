"""What was measured of a model of mouths as tables in Markdown, for its card and for a page."""

from __future__ import annotations

from dataclasses import dataclass

from edge.shapes import SHAPES
from training.evaluate.card_text import Figures, reliability, table, with_interval
from training.evaluate.slices import NOTES
from training.evaluate.viseme_lines import NAMES

UNSEEN = "a face that is not found counts as wrong"
_OF_68 = "lipwire evaluate viseme --dataset keypoints68 --root KEYPOINTS --run"
_OF_GRID = "lipwire evaluate viseme --dataset grid --root GRID --run RUN"
COMMANDS = {
    "pictures": f"{_OF_68} RUN --slices",
    "beside": f"{_OF_68} TF --slices",
    "grid": _OF_GRID,
    "cross": f"{_OF_GRID} --part cross",
}
PROTOCOLS = {
    "pictures": "keypoints68, 5 folds by person, each picture read by the int8 file of its fold, "
    f"which has not learned from its person, from detection to answer; {UNSEEN}; clear cases have "
    "a gap of at most 0.04 or at least 0.15 eye distances, the area under ROC is over all "
    "pictures, open being a gap over 0.095",
    "grid": "GRID s1, fold 0: frames whose phone speaks, was agreed upon and must show one shape, "
    "each found and cut like a picture of its own, read by an int8 file that has not learned from "
    f"these clips but from others of the same man; two frames (80 ms) of look-ahead; {UNSEEN}",
    "cross": "the same frames, read by an int8 file that has not learned from GRID at all",
}
NEVER = "–"


@dataclass(frozen=True)
class Measured:
    """What was measured of the run that a model comes from."""

    pictures: Figures  # of keypoints68
    grid: Figures
    cross: Figures | None = None  # of GRID with none of it learned
    beside: Figures | None = None  # of keypoints68 by viseme-tf


def figures(measured: Measured) -> str:
    """All that was measured, as a card and a page have it."""
    parts = [_opened(measured), _shapes(measured), _calibration(measured)]
    if "slices" in measured.pictures:
        parts.append(_slices(measured))
    return "\n".join(parts)


def _opened(measured: Measured) -> str:
    columns = [("pictures", "viseme-small", measured.pictures)]
    if measured.beside:
        columns.append(("beside", "viseme-tf", measured.beside))
    found = [f for *_, f in columns]
    rows = [
        ("open or closed, clear cases", *(with_interval(f, "accuracy", "interval") for f in found)),
        ("clear cases", *(str(f["n_clear"]) for f in found)),
        (
            "area under ROC, all pictures",
            *(with_interval(f, "auc", "auc_interval", 4) for f in found),
        ),
        ("pictures", *(str(f["n"]) for f in found)),
        ("area under ROC, clear cases", *(_plain(f["auc_clear"], 4) for f in found)),
        ("correlation with the measured gap", *(_plain(f["gap_correlation"], 3) for f in found)),
        ("error of the gap, mean", *(_plain(f.get("gap_error"), 3) for f in found)),
        ("without a face found", *(str(f["undetected"]) for f in found)),
    ]
    folds = ", ".join(_percent(fold["accuracy"]) for fold in measured.pictures["per_fold"])
    commands = " and ".join(f"`{COMMANDS[key]}`" for key, *_ in columns)
    return "\n".join(
        [
            f"### Open or closed\n{_sentence(PROTOCOLS['pictures'])} With 95 % intervals "
            f"(bootstrap by person). Commands: {commands}\n",
            table(("figure", *(f"`{name}`" for _, name, _ in columns)), rows),
            f"By fold: {folds}.\n",
            *(_matrix(f"`{name}`, clear cases", f) for _, name, f in columns),
        ]
    )


def _shapes(measured: Measured) -> str:
    columns = [("fold 0", measured.grid)]
    if measured.cross:
        columns.append(("fold 0, nothing of GRID learned", measured.cross))
        columns.append(("all clips, nothing of GRID learned", measured.cross["all_clips"]))
    found = [f for _, f in columns]
    steps = [each["seconds"] for each in measured.grid["look_aheads"]]
    balanced = ("balanced_accuracy", "balanced_accuracy_interval")
    rows: list[tuple[str, ...]] = [
        (
            f"balanced accuracy, {1000 * step:g} ms of look-ahead",
            *(with_interval(f["look_aheads"][n], *balanced) for f in found),
        )
        for n, step in enumerate(steps)
    ]
    rows += [
        ("accuracy", *(with_interval(f, "accuracy", "interval") for f in found)),
        ("frames", *(str(f["n"]) for f in found)),
        ("clips", *(str(f["clips"]) for f in found)),
        ("without a face found", *(str(f["undetected"]) for f in found)),
        *((f"`{shape}`", *(_of_class(f, shape) for f in found)) for shape in SHAPES),
    ]
    protocols = f"{_sentence(PROTOCOLS['grid'])} Command: `{COMMANDS['grid']}`"
    if measured.cross:
        protocols += f"\n{_sentence(PROTOCOLS['cross'])} Command: `{COMMANDS['cross']}`"
    return "\n".join(
        [
            f"### Six shapes\n{protocols}\n\n**GRID s1 is one speaker.** With 95 % intervals "
            "(bootstrap by clip).\n",
            table(("figure", *(name for name, _ in columns)), rows),
            "Beside it, on the frames of fold 0, what needs no such model; the face mesh is "
            "MediaPipe's, its gap, inner width, outer height and outer width, and their squares, "
            "go into a softmax regression fitted on the other folds:\n",
            _baselines(measured.grid),
            *(_matrix(name, f) for name, f in columns),
        ]
    )


def _baselines(found: Figures) -> str:
    rows = []
    for name, each in found["baselines"].items():
        low, high = each["gain_interval"]
        rows.append(
            (
                NAMES[name],
                with_interval(each, "balanced_accuracy", "balanced_accuracy_interval"),
                with_interval(each, "accuracy", "interval"),
                f"{100 * each['gain']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})",
            )
        )
    return table(("answer", "balanced accuracy", "accuracy", "the model's gain, points"), rows)


def _calibration(measured: Measured) -> str:
    head = ("probability", "frames", "mean told", "right in truth", "")
    lines = [
        "### Calibration",
        "Of the likeliest shape on fold 0 of GRID; calibration error "
        f"{measured.grid['calibration_error']:.4f}:\n",
        reliability(head, measured.grid["reliability"]),
        "Of the opening on keypoints68, in eye distances:\n",
        table(
            ("told", "pictures", "mean told", "mean measured"),
            [
                (
                    f"{part['low']:g} to {part['high']:g}"
                    if part["high"]
                    else f"over {part['low']:g}",
                    str(part["n"]),
                    f"{part['told']:.3f}",
                    f"{part['true']:.3f}",
                )
                for part in measured.pictures["openings"]
            ],
        ),
    ]
    return "\n".join(lines)


def _slices(measured: Measured) -> str:
    other = {}
    if measured.beside:
        other = {(row["slice"], row["value"]): row for row in measured.beside.get("slices", ())}
    rows, before = [], None
    for row in measured.pictures["slices"]:
        name, value = row["slice"], row["value"]
        theirs = other.get((name, value))
        rows.append(
            (
                "" if name == before else f"**{name}**: {NOTES[name]}",
                value,
                str(row["n"]),
                str(row["undetected"]),
                *_slice(row),
                *(_slice(theirs) if theirs else (NEVER, NEVER) if other else ()),
            )
        )
        before = name
    head = ["slice", "", "clear cases", "not found", "accuracy", "unaltered"]
    if other:
        head += ["`viseme-tf`", "unaltered"]
    return (
        "### Slices\nOf the folds of keypoints68, clear cases. An altered picture goes the whole "
        f"way again, and {UNSEEN}; a crop is shifted or turned after the face was found.\n\n"
        f"{table(head, rows)}"
    )


def _slice(row: Figures) -> tuple[str, str]:
    before = row.get("as_it_is")
    return with_interval(row, "accuracy", "interval"), "" if before is None else _percent(before)


def _matrix(title: str, found: Figures) -> str:
    matrix = found["confusion"]
    rows = [
        (f"**{label}**", *map(str, counts), str(unseen))
        for label, counts, unseen in zip(
            matrix["labels"], matrix["counts"], matrix["undetected"], strict=True
        )
    ]
    head = ("true, told across", *matrix["labels"], "no face")
    return f"Confusion, {title}:\n\n{table(head, rows)}"


def _of_class(found: Figures, shape: str) -> str:
    each = found["per_class"].get(shape)
    return f"{_percent(each['accuracy'])} of {each['n']}" if each else NEVER


def _percent(value: float | None) -> str:
    return NEVER if value is None else f"{100 * value:.1f} %"


def _plain(value: float | None, digits: int) -> str:
    return NEVER if value is None else f"{value:.{digits}f}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
