"""`lipwire bench models`: costs of all models in one run, and the accuracy of those trained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edge import models
from edge.cli import bench
from edge.description import read
from edge.errors import SettingsError
from tests.command import Lipwire
from tests.conftest import complaint
from tests.test_imports import COMMAND, run_without
from training.bench.entries import Entry, entries
from training.bench.table import percent, table
from training.bench.turns import LEAST_TURNS, in_turns


def test_things_are_measured_in_turns() -> None:
    called: list[str] = []
    jobs = {name: (lambda name=name: called.append(name)) for name in ("one", "other")}
    times = in_turns(jobs, 0.0)
    order = [name for name, before in zip(called, ["", *called], strict=False) if name != before]
    assert order == ["one", "other"] * (1 + LEAST_TURNS)
    for name in jobs:
        each = times[name]
        # The first call of all and the first of each turn are not counted.
        assert len(each.cpu) == len(each.wall) == called.count(name) - 1 - LEAST_TURNS
        assert 0 < each.wall_ms < 20


def test_a_median_is_not_moved_by_what_hits_few_calls() -> None:
    times = in_turns({"nothing": lambda: None}, 0.0)["nothing"]
    before = times.wall_ms
    times.wall[: len(times.wall) // 4] = [1.0] * (len(times.wall) // 4)
    assert times.wall_ms < before + 1


def test_a_table_is_markdown_with_columns_of_one_width() -> None:
    lines = table(("model", "share"), [("a", percent(0.5)), ("longer", percent(None))]).splitlines()
    assert lines == [
        "| model  |  share |",
        "| ------ | -----: |",
        "| a      | 50.0 % |",
        "| longer |      - |",
    ]


def test_without_the_workstations_half_one_line_says_so() -> None:
    done = run_without(("training", "convert", "keras", "tensorflow"), COMMAND, "bench", "models")
    assert done.returncode == 2
    said = "lipwire bench models is the workstation's: this installation has no training/"
    assert done.stderr.splitlines() == [f"lipwire: {said}"]


def test_without_tensorflow_the_extra_is_named() -> None:
    done = run_without(("keras", "tensorflow"), COMMAND, "bench", "models")
    assert done.returncode == 2
    assert done.stderr == "lipwire: lipwire bench models needs: pip install '.[training]'\n"


def test_the_comparisons_have_a_home() -> None:
    """The device's half names it in a text, which nothing else would check."""
    from training.cli import bench as comparisons

    assert comparisons.__name__ == bench.COMPARISONS
    assert callable(comparisons.models)
    assert callable(comparisons.detectors)


def write_run(folder: Path, recipe: dict[str, Any]) -> Path:
    """What `lipwire train` leaves, with the shipped model as its own."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"task": "smile", "recipe": recipe}))
    shutil.copy(models.shipped("smile"), folder / "all.tflite")
    (folder / "all.keras").touch()
    return folder


def named(found: list[Entry]) -> dict[str, Entry]:
    return {entry.name: entry for entry in found}


@pytest.mark.training
@pytest.mark.filterwarnings("ignore")
class TestEntries:
    """Which models are compared, and what is known of them."""

    def test_all_models_are_there_ours_first(self) -> None:
        found = entries([], [])
        names = [entry.name for entry in found]
        assert names[:4] == ["shipped", "smile-small", "smile-unet", "vgg16"]
        assert len(names) == 10
        metric, _ = read(models.shipped("smile")).metrics  # the folds, then cross
        assert found[0].accuracy
        assert found[0].accuracy.value == metric.value
        assert all(entry.accuracy is None for entry in found[1:])

    def test_a_run_stands_in_for_its_untrained_model(self, tmp_path: Path) -> None:
        options = {"base": "vgg16", "weights": "imagenet", "remove_blocks": 0}
        run = write_run(tmp_path / "run", {"model": "smile-transfer", "options": options})
        found = named(entries([run], []))
        assert len(found) == 10
        assert found["vgg16"].trained == run / "all.keras"
        assert found["vgg16"].int8 == run / "all.tflite"

    def test_the_figure_of_the_folds_goes_before_the_files_own(self, tmp_path: Path) -> None:
        options = {"dropout": "plain"}
        run = write_run(tmp_path / "run", {"model": "smile-unet", "options": options})
        found = named(entries([run], []))
        assert "smile-unet" in found
        own = found["smile-unet dropout=plain"].accuracy
        assert own
        figures = {
            "protocol": "folds",
            "dataset": "genki4k",
            "accuracy": 0.9321,
            "interval": [0.92, 0.94],
            "n": 2988,
        }
        (run / "folds.json").write_text(json.dumps(figures))
        (run / "cross.json").write_text(json.dumps(figures | {"protocol": "cross"}))
        told = named(entries([run], []))["smile-unet dropout=plain"].accuracy
        assert told
        assert (told.value, told.n, told.protocol) == (0.9321, 2988, "genki4k, folds")

    def test_what_is_no_run_or_no_model_is_refused(self, tmp_path: Path) -> None:
        line = complaint(lambda: entries([tmp_path], []), SettingsError)
        assert line == f"{tmp_path}: not a run of lipwire train: no config.json"
        run = write_run(tmp_path / "run", {"model": "smile-unet", "options": {}})
        (run / "all.tflite").unlink()
        line = complaint(lambda: entries([run], []), SettingsError)
        assert line.startswith(f"{run}: no finished model in it")
        line = complaint(lambda: entries([], ["resnet"]), SettingsError)
        assert line.startswith("--only resnet: not one of shipped, smile-small, ")


@pytest.mark.training
def test_the_command_compares_every_form(lipwire: Lipwire) -> None:
    only = ("--only", "shipped", "--only", "smile-small", "--cache", "kept")
    result = lipwire("bench", "models", *only, "--seconds", "0.2", "--json", "bench.json")
    assert result.returncode == 0, result.stderr
    assert "| smile-small |  Keras predict |" in result.stdout
    figures = json.loads((lipwire.home / "bench.json").read_text())
    rows = {(row["model"], row["form"]): row for row in figures["rows"]}
    assert [form for name, form in rows if name == "smile-small"] == [
        "Keras predict",
        "Keras call",
        "TFLite float32",
        "TFLite int8",
    ]
    ours = rows["shipped", "TFLite int8"]
    assert ours["ratio"] == 1
    assert ours["accuracy"]["value"] > 0.9
    for row in rows.values():
        assert row["cpu_ms"] > 0
        assert row["ratio"] == pytest.approx(row["cpu_ms"] / ours["cpu_ms"], rel=0.01)
    small = rows["smile-small", "TFLite int8"]
    assert small["accuracy"] is None
    assert small["bytes"] < rows["smile-small", "TFLite float32"]["bytes"]
    assert small["multiply_accumulates"] > 1e6
    assert sorted(path.name for path in (lipwire.home / "kept").iterdir()) == [
        "smile-small-tflite-float32.tflite",
        "smile-small-tflite-int8.tflite",
    ]
