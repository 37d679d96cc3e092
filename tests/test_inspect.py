"""`lipwire models inspect`: what it tells of a model file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge import inspect, models
from edge.detectors.blazeface import SHORT_RANGE
from tests.command import Lipwire

SMILE = models.shipped("smile")


def test_a_shipped_model_is_told_with_its_tensors_and_its_description() -> None:
    report = inspect.report(SMILE)
    assert report["bytes"] == SMILE.stat().st_size
    assert report["inputs"][0]["shape"] == [1, 64, 64, 1]
    assert report["inputs"][0]["dtype"] == report["outputs"][0]["dtype"] == "int8"
    assert report["description"]["task"] == "smile"


def test_the_command_prints_the_report_as_json(lipwire: Lipwire) -> None:
    result = lipwire("models", "inspect", SMILE)
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert told == json.loads(json.dumps(inspect.report(SMILE)))
    assert told["description"]["labels"] == ["no smile", "smile"]


def test_of_a_model_of_mediapipes_the_tensors_are_told(fetched: Path) -> None:
    report = inspect.report(fetched / models.SHORT_RANGE)
    assert report["description"] is None
    assert report["inputs"][0]["shape"] == [1, SHORT_RANGE.side, SHORT_RANGE.side, 3]
    assert report["inputs"][0]["scale"] == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none", "cannot be read: No such file"),
        ("folder", "cannot be read: Is a directory"),
        ("text", "not a usable TFLite model: "),
    ],
)
def test_what_is_no_model_is_refused(lipwire: Lipwire, name: str, said: str) -> None:
    (lipwire.home / "folder").mkdir()
    (lipwire.home / "text").write_text("not a model")
    assert lipwire.complaint("models", "inspect", name).startswith(f"lipwire: {name}: {said}")
