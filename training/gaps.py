"""How far a mouth is open, measured on points of the face, and which shapes that leaves possible.

The gap is the mean distance of the three pairs of points on the inner lips, in eye distances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.masks import mask

# The 68 usual points, counted from 0: inner lips upper and lower, and the eyes' outlines. The last
# are those of the lips.
POINTS_68, LIPS = 68, 20
LIPS_68 = ((61, 67), (62, 66), (63, 65))
EYES_68 = (range(36, 42), range(42, 48))
# The face mesh: the inner lips' middle and what lies beside it, and the corners of the eyes.
LIPS_MESH = ((13, 14), (82, 87), (312, 317))
EYES_MESH = ((33, 133), (362, 263))
# The straight line from the mesh's gap to that of the 68 points (whose closed lips lie apart by
# their own noise), fitted once on keypoints68; `python -m training.trials.mesh_gap` measures it.
SLOPE, OFFSET = 0.935, 0.034

# The levels of opening with the gaps at which each is possible: neighbours overlap, because near
# a bound neither points nor people can tell. Bounds were set by looking at rows of mouths: full
# lips that are closed are seen as far as 0.12 apart, those of a smile, drawn thin, hardly 0.08.
CLOSED_MOST, SMILE_CLOSED_MOST = 0.12, 0.08
NARROW = (0.05, 0.15)
OPEN = (0.11, 0.30)
WIDE_LEAST = 0.24


def gap_of_68(points: Sequence[complex]) -> float:
    """The gap between the inner lips, by the 68 usual points."""
    right, left = (sum(points[n] for n in eye) / len(eye) for eye in EYES_68)
    lips = sum(abs(points[upper] - points[lower]) for upper, lower in LIPS_68) / len(LIPS_68)
    return lips / abs(left - right)


def mesh_ratio(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """The gap that the mesh itself shows; of (…, 468, 2) points, NaN where it saw no face."""
    places = np.asarray(points, np.float32)
    right, left = (places[..., list(corners), :].mean(axis=-2) for corners in EYES_MESH)
    pairs = [places[..., upper, :] - places[..., lower, :] for upper, lower in LIPS_MESH]
    lips = sum(np.linalg.norm(pair, axis=-1) for pair in pairs) / len(pairs)
    return np.asarray(lips / np.linalg.norm(left - right, axis=-1), np.float32)


def gap_of_mesh(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """The gap between the inner lips, by the mesh, as the 68 points would show it."""
    return np.asarray(SLOPE * mesh_ratio(points) + OFFSET, np.float32)


def bounds() -> list[float]:
    """The gaps at which what is possible changes."""
    return sorted({CLOSED_MOST, SMILE_CLOSED_MOST, *NARROW, *OPEN, WIDE_LEAST})


def shapes_at(gap: float, smiling: bool | None = None) -> int:
    """The shapes that a mouth may show which is open so far, as bits of `training.masks`.

    Points do not tell whether lips are rounded, for a mouth hardly grows narrower by it: where it
    is open a little it may be rounded, and where hardly or not at all, puckered. Whoever smiles
    does neither."""
    if math.isnan(gap):
        return 0
    possible = {
        "closed": gap <= (SMILE_CLOSED_MOST if smiling else CLOSED_MOST),
        "narrow": NARROW[0] <= gap <= NARROW[1],
        "open": OPEN[0] <= gap <= OPEN[1],
        "wide_open": gap >= WIDE_LEAST,
        "rounded": not smiling and NARROW[0] <= gap <= OPEN[1],
        "puckered": not smiling and gap <= NARROW[1],
    }
    return mask(*(shape for shape, may_be in possible.items() if may_be))
