"""Ships a trained model of mouths: its figures go into the file and, with the rest, onto a card
beside it; the tables, if asked for, into a page as well.

lipwire evaluate viseme --dataset keypoints68 --root KEYPOINTS --run RUN --slices --json MOUTHS.json
lipwire evaluate viseme --dataset keypoints68 --root KEYPOINTS --run TF --slices --json TF.json
lipwire evaluate viseme --dataset grid --root GRID --run RUN --json GRID.json
lipwire evaluate viseme --dataset grid --root GRID --run RUN --part cross --json CROSS.json
python -m training.evaluate.viseme_card RUN/all.tflite MOUTHS.json GRID.json --cross CROSS.json \\
    --beside TF.json --out edge/models/viseme.tflite --page docs/visemes.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edge.description import Metric, read
from edge.errors import LipwireError, SettingsError
from training.evaluate.card import read_figures, ship, whole_figures
from training.evaluate.viseme_card_text import card
from training.evaluate.viseme_tables import COMMANDS, PROTOCOLS, Measured, figures
from training.written import written

BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->"  # of a page


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the model, its card and the page; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="training.evaluate.viseme_card", description=" ".join((__doc__ or "").split("\n")[:2])
    )
    add = parser.add_argument
    add("model", type=Path)
    add("pictures", type=Path, help="what evaluate viseme --run wrote of keypoints68")
    add("grid", type=Path, help="the same of grid")
    add("--cross", type=Path, metavar="FILE", help="the same of grid and --part cross")
    add("--beside", type=Path, metavar="FILE", help="of keypoints68 and a run of viseme-tf")
    add("--out", type=Path, required=True)
    add("--page", type=Path, metavar="FILE.md", help="its block of figures is written anew")
    options = parser.parse_args(arguments)
    try:
        measured = Measured(
            read_figures(options.pictures, "viseme", ("keypoints68", "folds")),
            read_figures(options.grid, "viseme", ("grid", "folds")),
            options.cross and read_figures(options.cross, "viseme", ("grid", "cross")),
            options.beside and read_figures(options.beside, "viseme", ("keypoints68", "folds")),
        )
        with whole_figures():
            said = replace(read(options.model), metrics=tuple(metrics(measured)))
            text = card(options.out.name, options.model.stat().st_size, said, measured)
            page = options.page and filled(options.page, figures(measured))
        ship(options.model, options.out, said, text)
        if page:
            with written(options.page) as file:
                file.write_text(page, encoding="utf-8")
    except LipwireError as error:
        print(f"training.evaluate.viseme_card: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def metrics(measured: Measured) -> Iterator[Metric]:
    """The figures that are embedded."""
    wanted = [
        ("pictures", measured.pictures, "open_closed_accuracy", "interval", "n_clear"),
        ("pictures", measured.pictures, "auc", "auc_interval", "n"),
        ("grid", measured.grid, "balanced_accuracy", "balanced_accuracy_interval", "n"),
    ]
    if measured.cross:
        across = "balanced_accuracy_interval"
        wanted.append(("cross", measured.cross, "balanced_accuracy", across, "n"))
    for key, found, name, interval, n in wanted:
        low, high = found[interval]
        yield Metric(name, found[name], (low, high), found[n], PROTOCOLS[key], COMMANDS[key])


def filled(page: Path, text: str) -> str:
    """A page with a text between its two marks."""
    try:
        before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{page}: cannot be read: {error}") from None
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SettingsError(f"{page}: has no lines {BEGIN.strip()} and {END}")
    return before + begin + text + end + after


if __name__ == "__main__":
    sys.exit(main())
