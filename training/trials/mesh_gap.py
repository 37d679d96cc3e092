"""How well the face mesh tells the gap between the lips, and the line that carries it there.

lipwire prepare viseme --dataset keypoints68 --root ROOT --out FILE.npz
python -m training.trials.mesh_gap FILE.npz
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import LipwireError, SourceError
from training.crops import Crops
from training.gaps import OFFSET, SLOPE, mesh_ratio

Values = NDArray[np.floating]


@dataclass(frozen=True)
class Line:
    """A straight line from the mesh's gap to that of the 68 points."""

    slope: float
    offset: float

    def __call__(self, seen: Values) -> Values:
        return self.slope * seen + self.offset


@dataclass(frozen=True)
class Agreement:
    """How near the mesh comes, on people whom the line was not fitted to."""

    n: int
    unseen: int  # pictures in which the mesh sees no face
    line: Line  # fitted to all
    correlation: float
    error: float  # root of the mean square, in eye distances
    absolute: float  # mean
    shipped: float  # the error with the line of `training.gaps`


def fit(seen: Values, gaps: Values) -> Line:
    """The line of least squares."""
    slope, offset = np.polyfit(seen, gaps, 1)
    return Line(float(slope), float(offset))


def measure(crops: Crops) -> Agreement:
    """Fit to all folds but one, ask that one; folds are by person."""
    if not crops.points.shape[1] or np.isnan(crops.gaps).any() or len(set(crops.folds)) < 2:
        raise SourceError("expected crops of keypoints68, prepared for viseme with --points")
    ratios = mesh_ratio(crops.points)
    there = ~np.isnan(ratios)
    seen, gaps, folds = ratios[there], crops.gaps[there], crops.folds[there]
    told = np.empty_like(gaps)
    for fold in np.unique(folds):
        out = folds == fold
        told[out] = fit(seen[~out], gaps[~out])(seen[out])
    return Agreement(
        len(seen),
        int((~there).sum()),
        fit(seen, gaps),
        float(np.corrcoef(told, gaps)[0, 1]),
        _error(told, gaps),
        float(np.abs(told - gaps).mean()),
        _error(Line(SLOPE, OFFSET)(seen), gaps),
    )


def _error(told: Values, gaps: Values) -> float:
    return float(np.sqrt(np.mean((told - gaps) ** 2)))


def main() -> int:
    """Print what was measured; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("crops", type=Path, metavar="FILE.npz")
    options = parser.parse_args()
    try:
        found = measure(Crops.read(options.crops))
    except LipwireError as error:
        print(f"lipwire: {error}", file=sys.stderr)
        return error.exit_status
    print(f"{found.n} faces, and {found.unseen} in which the mesh sees none")
    print(f"gap = {found.line.slope:.3f} * mesh + {found.line.offset:.3f}")
    print(f"correlation on other people {found.correlation:.3f}")
    print(f"error {found.error:.3f} (root mean square), {found.absolute:.3f} (mean) eye distances")
    print(f"with the line in use ({SLOPE} * mesh + {OFFSET}): {found.shipped:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
