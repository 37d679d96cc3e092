"""Ships a trained model: its figures go into the file and, with the rest, onto a card beside it.

lipwire evaluate smile --dataset genki4k --root GENKI --run RUN --slices --mirrored --json F.json
lipwire evaluate smile --dataset genki4k --root GENKI --run RUN --part cross --json CROSS.json
lipwire evaluate false-smiles --grid GRID --genki GENKI --run RUN --json FALSE.json
python -m training.evaluate.card RUN/all.tflite F.json --cross CROSS.json \\
    --false-smiles FALSE.json --out edge/models/smile.tflite
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from edge.description import Description, Metric, embed, read
from edge.errors import LipwireError, SettingsError
from training.evaluate.card_text import COMMANDS, PROTOCOLS, Figures, Measured, card
from training.written import written

DATASET = "genki4k"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the model and its card; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="training.evaluate.card", description=__doc__.splitlines()[0] if __doc__ else None
    )
    add = parser.add_argument
    add("model", type=Path)
    add("figures", type=Path, help="what evaluate smile --run wrote with --json")
    add("--cross", type=Path, metavar="FILE", help="the same of --part cross")
    add("--false-smiles", type=Path, metavar="FILE", help="what evaluate false-smiles wrote")
    add("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        measured = Measured(
            read_figures(options.figures, "smile", (DATASET, "folds")),
            read_figures(options.cross, "smile", (DATASET, "cross")) if options.cross else None,
            read_figures(options.false_smiles, "false-smiles") if options.false_smiles else None,
        )
        with whole_figures():
            said = replace(read(options.model), metrics=metrics(measured))
            text = card(options.out.name, options.model.stat().st_size, said, measured)
        ship(options.model, options.out, said, text)
    except LipwireError as error:
        print(f"training.evaluate.card: {error}", file=sys.stderr)
        return error.exit_status
    return 0


@contextmanager
def whole_figures() -> Iterator[None]:
    """Where figures are put into words, of which some may be missing."""
    try:
        yield
    except (KeyError, TypeError) as error:
        raise SettingsError(f"figures are not complete: {error}; evaluate anew") from None


def ship(model: Path, out: Path, said: Description, text: str) -> None:
    """Copy the model with what is said of it in it, and write its card."""
    with written(out) as file:
        shutil.copyfile(model, file)
        embed(file, said)
    with written(out.with_suffix(".md")) as file:
        file.write_text(text, encoding="utf-8")


def read_figures(path: Path, task: str, wanted: tuple[str, str] | None = None) -> Figures:
    """Figures of an evaluation; those of pictures that were learned from are refused."""
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    if not isinstance(figures, dict) or figures.get("task") != task:
        raise SettingsError(f"{path}: not figures of lipwire evaluate {task}")
    if figures.get("trained_on") is not False:
        raise SettingsError(f"{path}: measured on pictures that were learned from: not for a card")
    found = (figures.get("dataset"), figures.get("protocol"))
    if wanted and found != wanted:
        raise SettingsError(
            f"{path}: measured on {found[0]}, {found[1]}; wanted is {', '.join(wanted)}"
        )
    return figures


def metrics(measured: Measured) -> tuple[Metric, ...]:
    """The accuracies as they are embedded."""
    found = (("folds", measured.folds), ("cross", measured.cross))
    return tuple(
        Metric(
            name="accuracy",
            value=figures["accuracy"],
            interval=tuple(figures["interval"]),
            n=figures["n"],
            protocol=PROTOCOLS[protocol],
            command=COMMANDS[protocol],
        )
        for protocol, figures in found
        if figures
    )


if __name__ == "__main__":
    sys.exit(main())
