"""Reading crops: the probability that a smile model gives, and which models are refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import description, models
from edge.description import Quantisation
from edge.errors import ModelError
from edge.interpreter import Interpreter
from edge.read import SmileReader
from tests.conftest import complaint

SMILE = models.shipped("smile")


def redescribe(path: Path, **changes: Any) -> None:
    description.embed(path, replace(description.read(path), **changes))


def refused(path: Path) -> str:
    return complaint(lambda: SmileReader(path), ModelError)


def test_the_shipped_smile_model_fits_its_description() -> None:
    reader = SmileReader(SMILE)
    assert reader.interpreter.inputs[0].shape == (1, 64, 64, 1)
    assert reader.description.labels == ("no smile", "smile")


def test_grey_pixels_reach_the_model_rounded_and_clipped_as_it_says() -> None:
    reader = SmileReader(SMILE)
    face = np.random.default_rng(7).integers(0, 256, (64, 64), np.uint8)
    face.flat[:256] = np.arange(256)
    said = reader.description.input
    integers = np.clip(np.round(face / 255 / said.scale) + said.zero_point, -128, 127)
    (answer,) = Interpreter(SMILE).run(integers.astype(np.int8)[None, ..., None])
    output = reader.description.output
    assert reader.logit(face) == pytest.approx(
        (int(answer[0, 0]) - output.zero_point) * output.scale
    )


def test_a_probability_is_the_logit_over_the_temperature() -> None:
    reader = SmileReader(SMILE)
    for grey in (0, 128, 255):
        face = np.full((64, 64), grey, np.uint8)
        logit = reader.logit(face) / reader.description.temperature
        assert reader(face) == pytest.approx(1 / (1 + np.exp(-logit)))


def test_no_logit_is_too_far_from_0_for_a_probability(smile_model: Path) -> None:
    redescribe(smile_model, temperature=1e-3)
    reader = SmileReader(smile_model)
    far = [np.full((64, 64), grey, np.uint8) for grey in (0, 255)]
    assert min(reader.logit(face) for face in far) < 0
    assert {reader(face) for face in far} <= {0.0, 1.0}


def test_a_model_for_another_task_is_refused(smile_model: Path) -> None:
    redescribe(smile_model, task="viseme")
    assert refused(smile_model) == f"{smile_model}: made for viseme, not for smile"


@pytest.mark.parametrize("change", [{"crop_size": 8}, {"crop_size": 1000}, {"crop": "aligned-ear"}])
def test_a_model_for_another_crop_is_refused(smile_model: Path, change: dict[str, Any]) -> None:
    redescribe(smile_model, **change)
    said = refused(smile_model)
    assert "wants crops" in said
    assert str(next(iter(change.values()))) in said
    assert "aligned-mouth of 16 to 512" in said


@pytest.mark.parametrize(
    ("side", "change"),
    [
        ("input", {"scale": 1 / 128}),
        ("input", {"zero_point": 0}),
        ("input", {"dtype": "uint8"}),
        ("output", {"scale": 1.0}),
        ("output", {"zero_point": -128}),
        ("output", {"dtype": "float32"}),
    ],
)
def test_a_description_that_does_not_fit_the_tensors_is_refused(
    smile_model: Path, side: str, change: dict[str, Any]
) -> None:
    said: Quantisation = getattr(description.read(smile_model), side)
    redescribe(smile_model, **{side: replace(said, **change)})
    assert f"its {side} is not what its description says" in refused(smile_model)


def test_another_network_under_the_description_of_this_one_is_refused(
    fetched: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(fetched / models.SHORT_RANGE, tmp_path))
    description.embed(path, description.read(SMILE))
    assert "its input is not what its description says" in refused(path)


def test_random_bytes_under_a_good_description_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "smile.tflite"
    path.write_bytes(np.random.default_rng(1).bytes(100_000))
    description.embed(path, description.read(SMILE))
    assert "not a usable TFLite model" in refused(path)
