"""How well the cues of `lipwire track` fit what is spoken, and how much earlier they had better be.

python -m training.trials.cues GRID [--fold N] [--model FILE]
"""

from __future__ import annotations

import argparse
import sys
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge import models, profiles
from edge.errors import LipwireError
from edge.film import Film, Reel, watch
from edge.progress import progress
from edge.settings import VisemeSettings
from edge.shapes import SHAPES
from training.datasets.grid import read_phones
from training.datasets.layout import table
from training.phones import GRID_FPS, Spoken, phone_at, scored_shape

EARLIER_S = (0.0, 0.02, 0.04, 0.06, 0.08)


def films(root: Path, fold: int, model: Path, ahead_s: float | None) -> dict[str, Film]:
    """Each clip of a fold, as `lipwire track` sees it."""
    rows = table(root / "folds.csv", ("clip", "fold"))
    clips = [row["clip"] for row in rows if row["fold"] == str(fold)]
    profile = profiles.choose(None)
    found = {}
    for clip in progress(clips, "clips"):
        found[clip] = watch(Reel(root / f"s1/{clip}.mp4"), profile, None, model, ahead_s)
    return {clip: film for clip, film in found.items() if film.faces}


def balanced(
    clips: Mapping[str, Film], phones: Mapping[str, Sequence[Spoken]], earlier_s: float
) -> tuple[float, int]:
    """Mean over the shapes of the share of frames whose cue is the phone's, and those frames."""
    right: list[list[bool]] = [[] for _ in SHAPES]
    for clip, film in clips.items():
        cues = replace(film, lag_s=earlier_s).cues(1)
        starts = [cue.start_s for cue in cues]
        for frame in range(film.frames):
            shape = scored_shape(phone_at(phones.get(clip, ()), frame))
            if shape is not None:
                cue = cues[bisect_right(starts, (frame + 0.5) / GRID_FPS) - 1]
                right[shape].append(cue.shape == SHAPES[shape])
    return float(np.mean([np.mean(each) for each in right if each])), sum(map(len, right))


def _print(clips: Mapping[str, Film], phones: Mapping[str, Sequence[Spoken]]) -> None:
    changes = sum(len(film.cues(1)) for film in clips.values())
    print(f"{changes / sum(film.duration_s for film in clips.values()):.2f} cues a second")
    used_s = round(next(iter(clips.values())).lag_s, 3)
    for earlier_s in sorted({*EARLIER_S, used_s}):
        share, n = balanced(clips, phones, earlier_s)
        used = "  <- as lipwire track has it" if earlier_s == used_s else ""
        print(f"{1000 * earlier_s:3.0f} ms earlier: {100 * share:.1f} % of {n} frames{used}")


def main() -> int:
    """Print what was measured; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("grid", type=Path, metavar="GRID")
    parser.add_argument("--fold", type=int, default=0, help="default: 0")
    parser.add_argument("--model", type=Path, metavar="FILE", default=models.shipped("viseme"))
    options = parser.parse_args()
    try:
        phones = read_phones(options.grid / "phones.csv")
        for ahead_s in (0.0, VisemeSettings().ahead_s, None):
            clips = films(options.grid, options.fold, options.model, ahead_s)
            waits = "all" if ahead_s is None else f"{1000 * ahead_s:.0f} ms"
            print(f"{len(clips)} clips, waiting for {waits} of what later frames tell:")
            _print(clips, phones)
    except LipwireError as error:
        print(f"lipwire: {error}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
