"""From a data set's own layout to crops and figures; nothing here needs TensorFlow."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import models
from edge.cameras.demo import DemoCamera
from edge.crop import FACE
from edge.detectors.blazeface import BlazeFace
from edge.errors import SourceError
from training.augment import augment, centre
from training.datasets import load
from training.evaluate import evaluate
from training.figures import auc, balanced_accuracy, calibration_error, fit_temperature, interval
from training.prepare import MARGIN, Crops, prepare

SMILING, NEUTRAL = 3.0, 1.0  # moments of the demo's script


@pytest.fixture
def genki(tmp_path: Path) -> Path:
    """GENKI-4K's layout with drawn faces: 8 pictures, one of them without a face, one broken."""
    root = tmp_path / "genki"
    (root / "files").mkdir(parents=True)
    demo = DemoCamera(320, 240, 15)
    labels = []
    for number in range(1, 9):
        smile = number % 2
        image = demo.draw(SMILING + number / 50 if smile else NEUTRAL + number / 50)
        if number == 4:
            image = np.full_like(image, 120)
        path = root / "files" / f"file{number:04}.jpg"
        assert cv2.imwrite(str(path), image)
        if number == 6:
            path.write_bytes(b"no picture")
        labels.append(f"{smile} 0.0 0.0 0.0")
    (root / "labels.txt").write_text("\n".join(labels) + "\n")
    return root


def test_genki_is_read_with_its_labels_and_folds(genki: Path) -> None:
    pictures = load("genki4k", genki)
    assert [p.smile for p in pictures] == [True, False] * 4
    assert [p.fold for p in pictures] == [1, 2, 3, 0, 1, 2, 3, 0]


def test_smiles_and_fer_are_read_with_their_labels(tmp_path: Path) -> None:
    places = (
        "positives/positives7/a.jpg",
        "negatives/negatives7/b.jpg",
        "train/happy/c.jpg",
        "test/sad/d.jpg",
        "other/happy/e.jpg",
    )
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"")
    assert [(p.path.name, p.smile) for p in load("smiles", tmp_path)] == [
        ("a.jpg", True),
        ("b.jpg", False),
    ]
    assert [(p.path.name, p.smile) for p in load("fer2013", tmp_path)] == [
        ("d.jpg", False),
        ("c.jpg", True),
    ]


@pytest.mark.parametrize("name", ["genki4k", "smiles", "fer2013"])
def test_a_folder_of_another_layout_is_refused_with_the_expected_one(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="expected"):
        load(name, tmp_path)


def test_labels_that_do_not_match_the_files_are_refused(genki: Path) -> None:
    (genki / "labels.txt").write_text("1 0 0 0\n")
    with pytest.raises(SourceError, match="expected"):
        load("genki4k", genki)


def test_prepare_keeps_the_faces_and_says_what_it_left_out(
    genki: Path, tmp_path: Path, detector: BlazeFace
) -> None:
    out = tmp_path / "genki4k.npz"
    tally = prepare("genki4k", genki, out, detector)
    assert tally == {"kept": 6, "no face found": 1, "not a picture": 1}
    crops = Crops.read(out)
    side = round(FACE.size * MARGIN)
    assert crops.images.shape == (6, side, side)
    assert crops.smiles.tolist() == [True, False, True, True, True, False]
    assert "file0004.jpg" not in crops.files
    assert [path.name for path in tmp_path.glob("*.npz")] == ["genki4k.npz"]


def test_evaluate_counts_undetected_faces_as_wrong(genki: Path, detector: BlazeFace) -> None:
    figures = evaluate("genki4k", genki, models.shipped("smile"), detector)
    assert (figures["n"], figures["undetected"]) == (8, 2)
    assert figures["accuracy"] == 0.75
    assert figures["balanced_accuracy"] == 0.75
    assert figures["auc"] == 1.0
    assert figures["trained_on"] is True
    low, high = figures["interval"]  # type: ignore[misc]
    assert low < 0.75 < high


def test_augmentation_is_repeatable_and_keeps_the_size() -> None:
    wide = np.random.default_rng(0).integers(0, 256, (96, 96), np.uint8)
    one, two, other = (augment(wide, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (64, 64)
    assert (one == two).all()
    assert (one != other).any()
    assert (centre(wide) == wide[16:80, 16:80]).all()


def test_figures_of_a_known_case() -> None:
    truth = np.array([True, True, True, False, False])
    scores = np.array([0.9, 0.8, 0.3, 0.4, 0.1])
    assert auc(scores, truth) == pytest.approx(5 / 6)
    assert auc(np.full(5, 0.5), truth) == 0.5
    assert balanced_accuracy(scores > 0.5, truth) == pytest.approx((2 / 3 + 1) / 2)
    assert calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0
    assert calibration_error(np.full(4, 0.75), np.array([True, True, True, False])) == 0
    low, high = interval(np.array([True] * 90 + [False] * 10))
    assert 0.8 < low < 0.9 < high < 0.97


def test_the_temperature_makes_overconfident_logits_mean_what_they_say() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-honest))
    assert fit_temperature(honest * 3, truth) == pytest.approx(3, rel=0.06)
    assert math.isclose(fit_temperature(honest, truth), 1, rel_tol=0.06)
