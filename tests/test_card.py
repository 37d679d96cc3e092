"""A shipped model and its card: what was measured, and nothing that was learned from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.description import read
from edge.detectors.blazeface import BlazeFace
from tests.runs import write_run
from tests.sets import write_genki
from training.evaluate.card import main
from training.evaluate.smile import Extras, evaluate, evaluate_cross, evaluate_folds

EXTRAS = Extras(slices=True, mirrored=True)
RATE = {"arrived": 199, "minutes": 25.0, "smiles": 1, "per_hour": 2.4, "per_hour_at_most": 11.4}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


@pytest.fixture
def figures(run: Path, detector: BlazeFace, tmp_path: Path) -> dict[str, Path]:
    """Files of figures, as the commands write them."""
    genki = write_genki(tmp_path / "genki")
    half = {"talking": RATE, "talking_fresh": RATE, "not_smiling": {**RATE, "per_hour": None}}
    half["smiling"] = {"arrived": 100, "counted": 93}
    measured: dict[str, dict[str, Any]] = {
        "folds": evaluate_folds("genki4k", genki, run, detector, EXTRAS),
        "cross": evaluate_cross("genki4k", genki, run, detector),
        "own": evaluate("genki4k", genki, run / "all.tflite", detector),
        "false": {"task": "false-smiles", "trained_on": False, "chosen": True, "report": half},
    }
    paths = {name: tmp_path / f"{name}.json" for name in measured}
    for name, path in paths.items():
        path.write_text(json.dumps(measured[name]))
    return paths


def ship(run: Path, out: Path, figures: Path, *more: str | Path) -> int:
    return main([str(each) for each in (run / "all.tflite", figures, "--out", out, *more)])


def test_a_card_has_everything_that_was_measured(
    run: Path, figures: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "smile.tflite"
    more = ("--cross", figures["cross"], "--false-smiles", figures["false"])
    assert ship(run, out, figures["folds"], *more) == 0
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert "| accuracy | 75.0 % (" in card
    assert "| figure | folds | cross |" in card
    assert "### Reliability" in card
    assert "**face width**" in card
    assert "| a man who talks (GRID), as one film | 199 | 25 | 1 | 2.4 | 11.4 |" in card
    assert "93 of 100 faces" in card
    assert "chosen on the first half" in card
    assert "which the device does not do" in card
    assert "Not yet measured" not in card
    rows = [line for line in card.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)
    metrics = read(out).metrics
    assert [(m.value, m.n) for m in metrics] == [(0.75, 8), (0.75, 8)]
    assert ["cross" in m.protocol for m in metrics] == [False, True]


def test_a_card_says_what_was_not_measured(
    run: Path, figures: dict[str, Path], tmp_path: Path
) -> None:
    told = json.loads(figures["folds"].read_text())
    del told["slices"], told["mirrored"]
    figures["folds"].write_text(json.dumps(told))
    out = tmp_path / "smile.tflite"
    assert ship(run, out, figures["folds"]) == 0
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert card.count("Not yet measured") == 2
    assert "## Slices" not in card
    assert "plain choices" in card


def test_figures_that_do_not_belong_on_a_card_are_refused(
    run: Path, figures: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "smile.tflite"
    told = json.loads(figures["folds"].read_text())
    del told["auc"]
    (tmp_path / "short.json").write_text(json.dumps(told))
    (tmp_path / "none.json").write_text("[]")
    cases = {
        "own": "learned from",
        "cross": "wanted is genki4k, folds",
        "false": "not figures of lipwire evaluate smile",
        "none": "not figures of",
        "short": "not complete",
        "nowhere": "cannot be read",
    }
    for name, said in cases.items():
        assert ship(run, out, tmp_path / f"{name}.json") == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    assert not out.exists()
    assert not out.with_suffix(".md").exists()
