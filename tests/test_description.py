"""What a model file says of itself: written, read back, and refused where it makes no sense."""

from __future__ import annotations

import errno
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import description, models
from edge.crop import KINDS
from edge.detectors.blazeface import SHORT_RANGE, BlazeFace
from edge.errors import ModelError
from edge.lipbox import LIP_BOX
from edge.read import SmileReader
from tests.conftest import complaint

SMILE = models.shipped("smile")
LATER = (
    *("smoothing_s", "min_duration_s", "votes_s"),
    *("fps", "spot_threshold", "refractory_s", "changes"),
)
METRIC = {"name": "accuracy", "value": 0.9, "interval": [0.8, 1], "n": 9} | {
    "protocol": "folds",
    "command": "lipwire evaluate",
}
SHIPPED = sorted(SMILE.parent.glob("*.tflite"))


def refused(path: Path) -> str:
    return complaint(lambda: description.read(path), ModelError)


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the description where its dataclasses would not allow it."""
    data = asdict(description.read(path))
    change(data)
    with zipfile.ZipFile(path) as archive:
        bare = path.read_bytes()[: archive.infolist()[0].header_offset]
    path.write_bytes(bare)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(description.ENTRY, json.dumps(data))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_model_says_what_it_is_made_from_and_how_good_it_is(path: Path) -> None:
    said = description.read(path)
    assert path.stem.startswith(said.task)
    assert said.input.dtype == said.output.dtype == "int8"
    assert said.crop == LIP_BOX or KINDS[said.crop].size >= said.crop_size >= 16
    assert said.labels
    assert said.sources
    assert all(source.licence and source.pictures > 0 for source in said.sources)
    assert said.metrics
    for metric in said.metrics:
        assert metric.interval[0] <= metric.value <= metric.interval[1]
        assert metric.n > 0
        assert metric.protocol
        assert metric.command


def test_a_description_comes_back_as_it_was_embedded(smile_model: Path) -> None:
    wanted = replace(
        description.read(smile_model), labels=("Mündchen: ä", "微笑"), created="2026-01-02"
    )
    description.embed(smile_model, wanted)
    assert description.read(smile_model) == wanted


def test_a_file_with_an_empty_zip_at_its_end_takes_a_description(
    fetched: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(fetched / models.SHORT_RANGE, tmp_path))
    said = description.read(SMILE)
    description.embed(path, said)
    assert description.read(path) == said
    assert BlazeFace(path).interpreter.inputs[0].shape == (1, SHORT_RANGE.side, SHORT_RANGE.side, 3)


def test_embedding_twice_leaves_one_entry_and_a_model_that_runs(smile_model: Path) -> None:
    said = description.read(smile_model)
    description.embed(smile_model, said)
    once = smile_model.read_bytes()
    description.embed(smile_model, replace(said, created="changed " * 500))
    description.embed(smile_model, said)
    with zipfile.ZipFile(smile_model) as archive:
        assert archive.namelist() == [description.ENTRY]
        assert archive.testzip() is None
    # The entry's own time stamp may differ, nothing else does.
    assert smile_model.stat().st_size == len(once)
    face = np.random.default_rng(3).integers(0, 256, (64, 64), np.uint8)
    assert SmileReader(smile_model).logit(face) == SmileReader(SMILE).logit(face)
    assert list(smile_model.parent.iterdir()) == [smile_model]


def test_a_key_of_a_later_version_is_passed_over(smile_model: Path) -> None:
    rewrite(smile_model, lambda data: data.update(mood="good"))
    assert description.read(smile_model) == description.read(SMILE)


# What is refused


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.tflite"
    assert refused(path) == f"{path}: no such model file"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_truncated_model_is_refused(smile_model: Path, kept: float) -> None:
    content = smile_model.read_bytes()
    smile_model.write_bytes(content[: int(len(content) * kept)])
    assert refused(smile_model).startswith(f"{smile_model}: damaged")


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "smile.tflite"
    path.write_bytes(np.random.default_rng(1).bytes(100_000))
    assert refused(path).startswith(f"{path}: damaged")


def test_a_model_without_a_description_is_refused(fetched: Path) -> None:
    assert "not a Lipwire model" in refused(fetched / models.SHORT_RANGE)


def test_no_flipped_bit_of_a_description_ends_in_anything_but_one_line(tmp_path: Path) -> None:
    path = tmp_path / "smile.tflite"
    path.write_bytes(b"TFL3" * 5)
    description.embed(path, description.read(SMILE))
    whole = path.read_bytes()
    other = {}
    for at in range(20, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        try:
            description.read(path)
        except ModelError:
            continue
        except Exception as error:
            other[at] = repr(error)
    assert not other


def test_a_description_of_a_later_format_is_refused(smile_model: Path) -> None:
    rewrite(smile_model, lambda data: data.update(format=2))
    assert refused(smile_model) == f"{smile_model}: description format 2, this version reads 1"


def test_a_file_from_before_rules_had_times_has_those_that_all_had_then(smile_model: Path) -> None:
    wanted = replace(description.read(smile_model), smoothing_s=0.3, min_duration_s=0.0)
    description.embed(smile_model, wanted)
    assert description.read(smile_model) == wanted
    rewrite(smile_model, lambda data: [data.pop(key) for key in LATER])
    said = description.read(smile_model)
    assert (said.smoothing_s, said.min_duration_s) == (0.15, 0.4)


def test_a_model_is_left_as_it_was_where_the_disk_is_full(
    smile_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, before = description.read(smile_model), smile_model.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(description.os, "replace", full)
    line = complaint(lambda: description.embed(smile_model, replace(said, created="")), ModelError)
    assert line == f"{smile_model}: cannot be written: No space left on device"
    assert smile_model.read_bytes() == before
    assert list(smile_model.parent.iterdir()) == [smile_model]


@pytest.mark.parametrize(
    "key", [key for key in asdict(description.read(SMILE)) if key not in LATER]
)
def test_a_description_that_lacks_a_part_is_refused(smile_model: Path, key: str) -> None:
    rewrite(smile_model, lambda data: data.pop(key))
    assert refused(smile_model).startswith(f"{smile_model}: ")


@pytest.mark.parametrize(
    "change",
    [
        {"input": None},
        {"sources": [1]},
        {"metrics": ["accuracy"]},
        {"labels": 2},
        {"crop": ["aligned-face"]},
        {"temperature": "warm"},
        {"temperature": 0},
        {"temperature": float("inf")},
        {"labels": [1, 2]},
        {"versions": ["keras"]},
        {"sources": [{"name": "faces", "licence": "CC0", "pictures": "many"}]},
        {"metrics": [METRIC | {"interval": [0.9]}]},
        {"metrics": [METRIC | {"value": float("nan")}]},
        {"on_threshold": "high"},
        {"off_threshold": 2},
        {"smoothing_s": -0.1},
        {"votes_s": []},
        {"votes_s": [0.0, 0.0]},
        {"votes_s": [0.0, 60.0]},
        {"smoothing_s": float("nan")},
        {"min_duration_s": 11},
        {"min_duration_s": "long"},
        {"fps": -1},
        {"fps": 1e6},
        {"spot_threshold": 1.5},
        {"refractory_s": -1},
    ],
    ids=str,
)
def test_a_description_that_makes_no_sense_is_refused(
    smile_model: Path, change: dict[str, Any]
) -> None:
    rewrite(smile_model, lambda data: data.update(change))
    assert refused(smile_model).startswith(f"{smile_model}: ")
