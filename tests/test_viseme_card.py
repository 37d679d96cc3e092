"""The card of a model of mouths, and the tables of a page: what was measured, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.description import read
from edge.detectors.blazeface import BlazeFace
from edge.shapes import SHAPES
from tests.mouths import GAPS, always, write_keypoints, write_viseme
from training.evaluate.asked import Extras
from training.evaluate.mouth_readers import Files
from training.evaluate.shapes import shape_figures
from training.evaluate.viseme import evaluate
from training.evaluate.viseme_card import main

PAGE = "# Mouths\n\nBefore.\n\n<!-- figures -->\nold\n<!-- /figures -->\n\nAfter.\n"


def written(path: Path, figures: Any) -> Path:
    path.write_text(json.dumps(figures), encoding="utf-8")
    return path


def slice_(name: str, value: str, **more: Any) -> dict[str, Any]:
    row = {"slice": name, "value": value, "n": 40, "accuracy": 0.9, "interval": [0.85, 0.95]}
    return row | {"undetected": 0, "auc": 0.95} | more


def pictures(accuracy: float = 0.97) -> dict[str, Any]:
    """Figures of keypoints68, as the command writes them."""
    bins = [{"low": 0.0, "high": 0.05, "n": 9, "told": 0.04, "true": 0.03}]
    return {
        "task": "viseme",
        "dataset": "keypoints68",
        "protocol": "folds",
        "trained_on": False,
        "n": 100,
        "n_clear": 60,
        "accuracy": accuracy,
        "interval": [0.95, 0.98],
        "open_closed_accuracy": accuracy,
        "auc": 0.95,
        "auc_interval": [0.94, 0.96],
        "auc_clear": 0.99,
        "gap_correlation": 0.81,
        "gap_error": 0.031,
        "undetected": 1,
        "confusion": {
            "labels": ["closed", "open"],
            "counts": [[29, 1], [1, 28]],
            "undetected": [0, 1],
        },
        "per_fold": [{"fold": 0, "accuracy": 0.98}, {"fold": 1, "accuracy": None}],
        "openings": [*bins, {"low": 0.3, "high": None, "n": 2, "told": 0.35, "true": 0.33}],
        "slices": [
            slice_("brightness", "0.4", as_it_is=0.97),
            slice_("crop shifted", "left", as_it_is=0.97),
            slice_("yaw", "0-5"),
        ],
    }


def clips(protocol: str = "folds") -> dict[str, Any]:
    """Figures of GRID: the first of each two frames is told right, the other is told closed."""
    truth = np.repeat(np.arange(6), 2)
    logits = np.eye(6)[[number for shape in range(6) for number in (shape, 0)]] * 3
    figures = shape_figures(logits, truth, np.arange(12) // 3)
    look_aheads = [{"frames": n, "seconds": n / 25, **figures} for n in range(3)]
    baseline = {**figures, "gain": 0.12, "gain_interval": [0.05, 0.2]}
    return {
        "task": "viseme",
        "dataset": "grid",
        "protocol": protocol,
        "trained_on": False,
        "clips": 4,
        **figures,
        "look_aheads": look_aheads,
        "baselines": dict.fromkeys(("closed", "geometry", "geometry_near"), baseline),
        **(
            {"all_clips": {"clips": 9, **figures, "look_aheads": look_aheads}}
            if protocol == "cross"
            else {}
        ),
    }


@pytest.fixture
def measured(tmp_path: Path) -> dict[str, Path]:
    """Files of figures; those of viseme-tf tell no gap."""
    beside = pictures(0.91) | {"gap_correlation": None}
    del beside["gap_error"], beside["openings"]
    beside["slices"] = beside["slices"][:1]
    return {
        "pictures": written(tmp_path / "pictures.json", pictures()),
        "grid": written(tmp_path / "grid.json", clips()),
        "cross": written(tmp_path / "cross.json", clips("cross")),
        "beside": written(tmp_path / "beside.json", beside),
    }


def ship(folder: Path, pictures: Path, grid: Path, *more: str | Path) -> int:
    model = write_viseme(folder / "all.tflite")
    asked = (model, pictures, grid, "--out", folder / "viseme.tflite", *more)
    return main([str(each) for each in asked])


def test_a_card_and_a_page_have_everything_that_was_measured(
    tmp_path: Path, measured: dict[str, Path]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    more = ("--cross", measured["cross"], "--beside", measured["beside"], "--page", page)
    assert ship(tmp_path, measured["pictures"], measured["grid"], *more) == 0
    card = (tmp_path / "viseme.md").read_text(encoding="utf-8")
    assert "| figure | `viseme-small` | `viseme-tf` |" in card
    row = "| open or closed, clear cases | 97.0 % (95.0 to 98.0) | 91.0 % (95.0 to 98.0) |"
    assert row in card
    assert "| correlation with the measured gap | 0.810 | – |" in card
    assert "By fold: 98.0 %, –." in card
    assert "| balanced accuracy, 80 ms of look-ahead | 58.3 %" in card
    assert "| all clips, nothing of GRID learned |" in card
    assert "| `rounded` | 50.0 % of 2 | 50.0 % of 2 | 50.0 % of 2 |" in card
    assert "| **puckered** | 1 | 0 | 0 | 0 | 0 | 1 | 0 |" in card
    assert "| always closed | 58.3 %" in card
    assert "+12.0 (+5.0 to +20.0)" in card
    assert "| over 0.3 | 2 | 0.350 | 0.330 |" in card
    assert "**brightness**: every pixel times this | 0.4 | 40 | 0 | 90.0 % (85.0 to 95.0) |" in card
    assert "| yaw" not in card  # named in bold
    assert "**yaw**" in card
    assert "GRID s1 is one speaker" in card
    assert "microphones" in card
    assert "| fer2013 | 100 | free |" in card
    assert "Not yet measured" not in card
    tables = [line for line in card.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Mouths\n\nBefore.\n\n<!-- figures -->\n### Open or closed")
    assert text.endswith("<!-- /figures -->\n\nAfter.\n")
    assert "old" not in text.split()
    assert row in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head(
    tmp_path: Path, measured: dict[str, Path]
) -> None:
    more = ("--cross", measured["cross"], "--beside", measured["beside"])
    assert ship(tmp_path, measured["pictures"], measured["grid"], *more) == 0
    wide = 0
    for line in (tmp_path / "viseme.md").read_text(encoding="utf-8").splitlines():
        cells = line.count("|")
        assert not cells or not wide or cells == wide, line
        wide = cells


def test_figures_are_in_the_file_with_their_protocol(
    tmp_path: Path, measured: dict[str, Path]
) -> None:
    assert ship(tmp_path, measured["pictures"], measured["grid"], "--cross", measured["cross"]) == 0
    found = {(m.name, m.command[-4:]): m for m in read(tmp_path / "viseme.tflite").metrics}
    accuracy = found["open_closed_accuracy", "ices"]
    assert (accuracy.value, accuracy.interval, accuracy.n) == (0.97, (0.95, 0.98), 60)
    assert found["auc", "ices"].n == 100
    assert found["balanced_accuracy", " RUN"].value == pytest.approx(0.5833)
    assert "not learned from GRID" in found["balanced_accuracy", "ross"].protocol


def test_a_card_says_what_was_not_measured(tmp_path: Path, measured: dict[str, Path]) -> None:
    told = pictures()
    del told["slices"]
    assert ship(tmp_path, written(tmp_path / "plain.json", told), measured["grid"]) == 0
    card = (tmp_path / "viseme.md").read_text(encoding="utf-8")
    assert card.count("Not yet measured") == 2
    assert "viseme-tf" not in card
    assert "### Slices" not in card


def test_figures_that_do_not_belong_on_a_card_are_refused(
    tmp_path: Path, measured: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    short = pictures()
    del short["auc"]
    cases = {
        "own": (pictures() | {"trained_on": True}, "learned from"),
        "one": (
            pictures() | {"protocol": "one file, all pictures"},
            "wanted is keypoints68, folds",
        ),
        "grid": (clips(), "measured on grid, folds; wanted is keypoints68, folds"),
        "smile": (pictures() | {"task": "smile"}, "not figures of lipwire evaluate viseme"),
        "short": (short, "not complete"),
    }
    for name, (figures, said) in cases.items():
        assert ship(tmp_path, written(tmp_path / f"{name}.json", figures), measured["grid"]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    page = tmp_path / "unmarked.md"
    page.write_text("# Nothing here\n")
    assert ship(tmp_path, measured["pictures"], measured["grid"], "--page", page) == 2
    assert "has no lines <!-- figures --> and <!-- /figures -->" in capsys.readouterr().err
    assert not (tmp_path / "viseme.tflite").exists()
    assert not (tmp_path / "viseme.md").exists()
    assert page.read_text() == "# Nothing here\n"


def test_made_up_figures_have_the_fields_that_the_command_writes(
    tmp_path: Path, detector: BlazeFace
) -> None:
    root = write_keypoints(tmp_path / "keypoints", GAPS)
    files = Files("run", "folds", lambda fold: always(0.2 + fold / 10, SHAPES[fold]))
    told = evaluate("keypoints68", root, files, detector, Extras(slices=True))
    assert pictures().keys() <= told.keys()
    assert pictures()["per_fold"][0].keys() <= told["per_fold"][0].keys()
    assert pictures()["openings"][0].keys() == told["openings"][0].keys()
    assert any(pictures()["slices"][0].keys() == row.keys() for row in told["slices"])
