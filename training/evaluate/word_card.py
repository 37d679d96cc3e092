"""Ships a trained reader of words: its figures go into the file and, with the rest, onto a card
beside it.

lipwire evaluate word --dataset miracl-vc1 --root WORDS.npz --run RUN --other --json F.json
lipwire evaluate word-boxes --run RUN --clips WORDS.npz --grid GRID --keypoints FACES --json B.json
python -m training.evaluate.word_card RUN/all.tflite F.json --boxes B.json --out word-15.tflite
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.description import Metric, read
from edge.errors import LipwireError, SettingsError
from training.evaluate.card import read_figures, ship, whole_figures
from training.evaluate.word_card_text import card


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the model and its card; gives the exit status."""
    about = " ".join((__doc__ or "").split("\n")[:2])
    parser = argparse.ArgumentParser(prog="training.evaluate.word_card", description=about)
    add = parser.add_argument
    add("model", type=Path)
    add("figures", type=Path, help="what evaluate word --run wrote with --json")
    add("--boxes", type=Path, help="what evaluate word-boxes wrote with --json")
    add("--spot", type=float, help="score from which on a word is told within running speech")
    add("--refractory", type=float, help="seconds in which it is not told again")
    add("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        found = read_figures(options.figures, "word")
        with whole_figures():
            metric = Metric(
                name="accuracy",
                value=found["accuracy"],
                interval=tuple(found["interval"]),
                n=found["n"],
                protocol=found["protocol"],
                command=f"lipwire evaluate word --dataset {found['dataset']} --root NPZ --run RUN"
                f" --window {found['window']}",
            )
            said = replace(read(options.model), frames=found["window"], metrics=(metric,))
            if options.spot is not None:
                said = replace(said, spot_threshold=options.spot)
            if options.refractory is not None:
                said = replace(said, refractory_s=options.refractory)
            verdict = _verdict(options.boxes) if options.boxes else None
            text = card(options.out.name, options.model.stat().st_size, said, found, verdict)
        ship(options.model, options.out, said, text)
    except LipwireError as error:
        print(f"training.evaluate.word_card: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _verdict(path: Path) -> dict[str, Any]:
    """What live lip boxes cost, and whether that is too much."""
    try:
        verdict: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["verdict"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    return verdict


if __name__ == "__main__":
    sys.exit(main())
