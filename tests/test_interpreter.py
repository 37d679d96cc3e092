"""The model runtime: silent where a model loads, one line where a file is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge import models
from edge.errors import ModelError
from edge.interpreter import Interpreter
from tests.conftest import complaint


def refused(path: Path) -> str:
    return complaint(lambda: Interpreter(path), ModelError)


def test_a_model_loads_without_the_runtimes_greeting(capfd: pytest.CaptureFixture[str]) -> None:
    (tensor,) = Interpreter(models.shipped("smile")).inputs
    assert (tensor.shape, tensor.dtype.name) == ((1, 64, 64, 1), "int8")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda whole: whole[: len(whole) // 100],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[: len(whole) * 9 // 10],
        lambda _: np.random.default_rng(1).bytes(100_000),
    ],
    ids=["empty", "a hundredth", "a half", "nine tenths", "random"],
)
def test_a_file_that_is_no_whole_model_is_refused(
    smile_model: Path, spoil: Callable[[bytes], bytes]
) -> None:
    smile_model.write_bytes(spoil(smile_model.read_bytes()))
    assert refused(smile_model).startswith(f"{smile_model}: not a usable TFLite model: ")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.tflite"
    assert refused(path) == f"{path}: cannot be read: No such file or directory"
