"""`lipwire models inspect`: what it tells of a model file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge import inspect, models
from edge.detectors.blazeface import SHORT_RANGE
from edge.interpreter import Interpreter
from edge.operators import Graph, multiply_accumulates
from edge.shapes import SHAPES
from tests.command import Lipwire

SMILE = models.shipped("smile")


def test_a_shipped_model_is_told_with_its_tensors_and_its_description() -> None:
    report = inspect.report(SMILE)
    assert report["bytes"] == SMILE.stat().st_size
    assert report["inputs"][0]["shape"] == [1, 64, 64, 1]
    assert report["inputs"][0]["dtype"] == report["outputs"][0]["dtype"] == "int8"
    assert report["description"]["task"] == "smile"


def test_the_command_prints_the_report_as_json(lipwire: Lipwire) -> None:
    result = lipwire("models", "inspect", SMILE, "--json", "-")
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert told == json.loads(json.dumps(inspect.report(SMILE)))
    assert told["description"]["labels"] == ["no smile", "smile"]


def test_people_are_told_everything_that_json_holds(lipwire: Lipwire) -> None:
    result = lipwire("models", "inspect", SMILE, "--json", "told.json")
    told = json.loads((lipwire.home / "told.json").read_text())
    assert result.stdout == inspect.text(told) + "\n"
    for operator in told["operators"]:
        (line,) = [li for li in result.stdout.splitlines() if li.startswith(operator["name"])]
        assert line.split()[:3] == [operator["name"], str(operator["count"]), operator["types"]]
    said = told["description"]
    for name, value in said.items():
        if isinstance(value, str | float) and name != "format":
            assert any(
                line.split(maxsplit=1) == [name, str(value)] for line in result.stdout.splitlines()
            )
    for source in said["sources"]:
        assert f"{source['name']}, {source['pictures']:,} pictures" in result.stdout
    assert "scale 0.00392157, zero point -128" in result.stdout
    assert "in float: none" in result.stdout


def test_of_a_model_of_mouth_shapes_labels_and_moments_are_told() -> None:
    lines = inspect.text(inspect.report(models.shipped("viseme"))).splitlines()
    told = dict(line.split(maxsplit=1) for line in lines if len(line.split()) > 1)
    assert told["labels"] == ", ".join(SHAPES)
    assert told["votes_s"] == "-0.08, -0.04, 0.0, 0.04, 0.08"
    assert "votes_s" not in inspect.text(inspect.report(SMILE))


def test_of_a_model_of_mediapipes_the_tensors_are_told(fetched: Path) -> None:
    report = inspect.report(fetched / models.SHORT_RANGE)
    assert report["description"] is None
    assert report["inputs"][0]["shape"] == [1, SHORT_RANGE.side, SHORT_RANGE.side, 3]
    assert report["inputs"][0]["scale"] == 0
    assert "no description" in inspect.text(report)


def test_the_shipped_model_is_int8_throughout_and_within_its_budget() -> None:
    report = inspect.report(SMILE)
    assert report["float_operators"] == ""
    assert {row["types"] for row in report["operators"]} == {"int8"}
    assert multiply_accumulates(SMILE) == report["multiply_accumulates"] <= 12_000_000


def test_the_sum_is_made_of_the_operators_counts() -> None:
    report = inspect.report(SMILE)
    counts = [row["multiply_accumulates"] for row in report["operators"]]
    assert sum(counts) == report["multiply_accumulates"]
    assert sum(row["count"] for row in report["operators"]) == len(
        Graph(Interpreter(SMILE)).operators
    )


def test_activations_need_at_least_the_largest_step_and_at_most_all_of_them() -> None:
    interpreter = Interpreter(SMILE)
    graph = Graph(interpreter)
    _, tensors = interpreter.graph()
    sizes = {int(t["index"]): int(t["shape"].prod()) for t in tensors}  # of int8: bytes
    convolutions = [o for o in graph.operators if o.name == "CONV_2D"]
    steps = [sizes[o.inputs[0]] + sizes[o.outputs[0]] for o in convolutions]
    everything = sum(sizes[o.outputs[0]] for o in graph.operators) + 64 * 64
    assert max(steps) <= graph.activation_bytes < everything


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        (models.SHORT_RANGE, 31),
        (models.FULL_RANGE, 117),
        ("face_landmark.tflite", 35),
    ],
)
def test_mediapipes_models_cost_what_is_known_of_them(
    fetched: Path, name: str, millions: int
) -> None:
    assert round(multiply_accumulates(fetched / name) / 1e6) == millions


def test_weights_that_are_widened_once_are_no_work_of_a_run(fetched: Path) -> None:
    report = inspect.report(fetched / models.FULL_RANGE)
    assert {"DENSIFY", "DEQUANTIZE"}.isdisjoint(row["name"] for row in report["operators"])
    assert report["float_operators"].startswith("PAD, CONV_2D")


def test_a_model_with_damaged_names_is_refused(lipwire: Lipwire) -> None:
    content = SMILE.read_bytes()
    assert content.count(b"serving_default") > 0
    (lipwire.home / "odd.tflite").write_bytes(content.replace(b"serving_default", b"\xff" * 15))
    said = lipwire.complaint("models", "inspect", "odd.tflite")
    assert said.startswith("lipwire: odd.tflite: not a usable TFLite model: ")


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
