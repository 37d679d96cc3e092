"""Ships a trained model: its figures go into the file and, with the rest, onto a card beside it.

lipwire evaluate smile --dataset genki4k --root GENKI --run RUN --json folds.json
python -m training.card RUN/all.tflite folds.json --out edge/models/smile.tflite
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.description import Description, Metric, embed, read

PROTOCOL = (
    "GENKI-4K folds: 4, file number mod 4; each fold's int8 file, trained without it, on all its "
    "pictures from detection to answer; a face that is not found counts as wrong; mean of folds"
)
COMMAND = "lipwire evaluate smile --dataset genki4k --root GENKI --run RUN"


def main() -> None:
    """Write the model and its card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("figures", type=Path, help="what evaluate --run wrote with --json")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    figures = json.loads(options.figures.read_text(encoding="utf-8"))
    shutil.copyfile(options.model, options.out)
    embed(options.out, replace(read(options.out), metrics=metrics(figures)))
    options.out.with_suffix(".md").write_text(card(options.out, figures), encoding="utf-8")


def metrics(figures: dict[str, Any]) -> tuple[Metric, ...]:
    """The folds' figures as they are embedded."""
    accuracy = Metric(
        name="accuracy",
        value=figures["accuracy"],
        interval=tuple(figures["interval"]),
        n=figures["n"],
        protocol=PROTOCOL,
        command=COMMAND,
    )
    return (accuracy,)


def card(model: Path, figures: dict[str, Any]) -> str:
    """The model card in Markdown."""
    said = read(model)
    low, high = (100 * value for value in figures["interval"])
    folds = ", ".join(f"{100 * value:.1f}" for value in figures["per_fold"])
    shape = f"`{said.crop}`, {said.crop_size}x{said.crop_size}"
    return f"""# {model.name}

Tells whether an upright face, cut by `edge/crop.py`, smiles. Written by `python -m training.card`.

| | |
| --- | --- |
| task | {said.task}: {", ".join(said.labels)} |
| input | {shape} grey pixels less 128, {said.input.dtype} |
| output | logit, {said.output.dtype}; divided by the temperature {said.temperature:g} |
| thresholds | a smile begins at {said.on_threshold:g} and ends at {said.off_threshold:g} |
| size | {model.stat().st_size // 1000} kB |
| made | {said.created}, {", ".join(f"{name} {v}" for name, v in said.versions.items())} |

## Figures
{PROTOCOL}.

| figure | value |
| --- | --- |
| accuracy | {100 * figures["accuracy"]:.1f} % (95 % interval {low:.1f} to {high:.1f}) |
| by fold | {folds} % |
| pictures | {figures["n"]}, of which {figures["undetected"]} without a face found |
| balanced accuracy | {100 * figures["balanced_accuracy"]:.1f} % |
| area under ROC | {figures["auc"]:.4f} |
| calibration error | {figures["calibration_error"]:.4f} |

Command: `{COMMAND}`. This file itself was trained on everything, so there is no figure of its own.

## Data
{_sources(said)}
Some of it is for research use only. Who needs other terms trains on own pictures with the same
commands (`lipwire prepare`, `lipwire train`).

## Limits
- Thresholds and times are plain choices, not yet taken from measured false smiles an hour.
- Not yet measured: slices by head pose, face width, brightness and skin tone.
- Faces down to 19 pixels wide are read; small, dark and turned faces are less certain.
- Web photographs of posed people: a kiosk sees other faces and other light.
"""


def _sources(said: Description) -> str:
    rows = [f"| {s.name} | {s.pictures} | {s.licence} |" for s in said.sources]
    return "\n".join(["| set | crops | terms |", "| --- | --- | --- |", *rows]) + "\n"


if __name__ == "__main__":
    main()
