"""The gap between the lips from points of either kind, and the shapes it leaves possible."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from edge.crop import FACE
from edge.errors import SourceError
from edge.shapes import SHAPES
from tests.conftest import complaint
from tests.stills import data
from training.crops import Crops, Origin, kept
from training.gaps import (
    OFFSET,
    SLOPE,
    bounds,
    gap_of_68,
    gap_of_mesh,
    mesh_ratio,
    shapes_at,
)
from training.masks import CLASSES, mask, shapes_of
from training.prepare.mesh import POINTS
from training.prepare.prepare import Order, prepare
from training.prepare.tasks import VISEME
from training.trials.mesh_gap import measure


def points_68(gap: float, turn: complex = 1) -> list[complex]:
    """Eyes 50 pixels apart, lips so far apart in eye distances."""
    points = [0j] * 68
    for eye, x in ((range(36, 42), 75), (range(42, 48), 125)):
        for place, n in enumerate(eye):
            points[n] = complex(x + 5 * math.cos(place), 80 + 3 * math.sin(place))
    middles = [sum(points[a:b]) / 6 for a, b in ((36, 42), (42, 48))]
    eyes = abs(middles[1] - middles[0])
    for upper, lower, x in ((61, 67, 95), (62, 66, 100), (63, 65, 105)):
        points[upper], points[lower] = complex(x, 130), complex(x, 130 + gap * eyes)
    return [turn * point for point in points]


def points_mesh(gap: float) -> np.ndarray:
    points = np.zeros((POINTS, 2), np.float32)
    for corner, x in ((33, 65), (133, 85), (362, 115), (263, 135)):
        points[corner] = x, 80
    for upper, lower, x in ((82, 87, 95), (13, 14, 100), (312, 317, 105)):
        points[upper], points[lower] = (x, 130), (x, 130 + 50 * gap)
    return points


@pytest.mark.parametrize("gap", [0.0, 0.15, 0.4])
def test_the_gap_is_measured_in_eye_distances_however_a_head_is_turned(gap: float) -> None:
    for turn in (1, 0.3, 2j, 1 + 0.5j):
        assert gap_of_68(points_68(gap, turn)) == pytest.approx(gap)
    assert mesh_ratio(points_mesh(gap)) == pytest.approx(gap, abs=1e-6)
    assert gap_of_mesh(points_mesh(gap)) == pytest.approx(SLOPE * gap + OFFSET, abs=1e-6)


def test_the_gap_of_a_face_that_the_mesh_does_not_see_is_unknown() -> None:
    both = np.stack([points_mesh(0.2), np.full((POINTS, 2), np.nan)])
    known, unknown = mesh_ratio(both.astype(np.float16))
    assert known == pytest.approx(0.2, abs=0.003)
    assert math.isnan(unknown)
    assert shapes_at(float(unknown)) == 0


@pytest.mark.parametrize(
    ("gap", "smile", "neutral"),
    [
        (0.0, "closed", "closed puckered"),
        (0.04, "closed", "closed puckered"),
        (0.06, "closed narrow", "closed narrow rounded puckered"),
        (0.10, "narrow", "closed narrow rounded puckered"),
        (0.13, "narrow open", "narrow open rounded puckered"),
        (0.20, "open", "open rounded"),
        (0.28, "open wide_open", "open wide_open rounded"),
        (0.5, "wide_open", "wide_open"),
    ],
)
def test_a_gap_allows_its_level_its_neighbour_near_a_bound_and_rounding_unless_one_smiles(
    gap: float, smile: str, neutral: str
) -> None:
    assert shapes_of(shapes_at(gap, smiling=True)) == tuple(smile.split())
    assert shapes_of(shapes_at(gap)) == shapes_of(shapes_at(gap, False)) == tuple(neutral.split())


def test_every_gap_allows_something_and_no_bound_leaves_a_hole() -> None:
    for gap in np.linspace(0, 1, 2001):
        assert shapes_at(float(gap), smiling=True)
    assert all(shapes_at(bound, smiling=True).bit_count() == 2 for bound in bounds())
    levels = mask("closed", "narrow", "open", "wide_open")
    assert all(shapes_at(gap, smiling=True) & levels for gap in (0.0, *bounds(), 1.0))


def crops(gaps: np.ndarray, points: np.ndarray) -> Crops:
    n = len(gaps)
    return Crops(
        Origin("viseme", "keypoints68", "made up", FACE.name, CLASSES),
        np.zeros((n, kept(FACE).size, kept(FACE).size), np.uint8),
        np.full(n, len(SHAPES), np.int8),
        (np.arange(n) % 5).astype(np.int8),
        np.array([f"{row}.jpg" for row in range(n)]),
        points=points.astype(np.float16),
        gaps=gaps.astype(np.float32),
    )


def test_the_line_from_mesh_to_points_is_found_and_its_error_told_of_other_people() -> None:
    seen = np.linspace(0, 0.4, 60)
    noise = np.where(np.arange(60) % 2, 0.02, -0.02)
    unseen = np.full((1, POINTS, 2), np.nan)
    points = np.concatenate([np.stack([points_mesh(gap) for gap in seen]), unseen])
    found = measure(crops(np.append(1.2 * seen + 0.05 + noise, 0.1), points))
    assert (found.n, found.unseen) == (60, 1)
    assert found.line.slope == pytest.approx(1.2, abs=0.02)
    assert found.line.offset == pytest.approx(0.05, abs=0.005)
    assert found.correlation == pytest.approx(0.99, abs=0.01)
    assert found.error == pytest.approx(0.02, abs=0.002)
    assert found.shipped > 2 * found.error


def test_crops_without_points_or_gaps_are_refused() -> None:
    bare = crops(np.full(5, np.nan), np.empty((5, 0, 2)))
    assert "expected crops of keypoints68" in complaint(lambda: measure(bare), SourceError)


def test_on_real_faces_the_shipped_line_is_the_one_that_fits(
    tmp_path: Path, face_model: Path
) -> None:
    """Four hundred of the pictures that it was fitted on; the whole: training.trials.mesh_gap."""
    root = data() / "keypoints"
    out = tmp_path / "crops.npz"
    prepare(Order(VISEME, "keypoints68", root, out, face_model.parent, limit=400))
    found = measure(Crops.read(out))
    assert found.unseen < 5
    assert found.correlation > 0.6
    assert found.line.slope == pytest.approx(SLOPE, abs=0.15)
    assert found.line.offset == pytest.approx(OFFSET, abs=0.015)
    assert found.shipped < 0.07
