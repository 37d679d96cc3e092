"""Options that mean nothing to a task or a data set are refused before any work."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge.cli import main
from training import zoo
from training.cli.train import ALWAYS, TASKS, add


def line(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line with which a command is refused."""
    assert main([*map(str, arguments)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (said,) = told.err.splitlines()
    return said


@pytest.mark.parametrize(
    ("task", "asked", "refused"),
    [
        ("word", "--crop aligned-face --points 1 --teacher run", "--crop, --points, --teacher"),
        ("word", "--mesh 0 --runs 2 --no-set-bias", "--mesh, --runs, --set-bias"),
        ("word", "--share grid=1 --size 48", "--share, --size"),
        ("smile", "--window 10", "--window"),
        ("viseme", "--no-augment --stretch 0", "--augment, --stretch"),
        ("lips", "--seed 2 --tensorboard", "--seed, --tensorboard"),
    ],
)
def test_training_refuses_options_of_other_tasks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str, asked: str, refused: str
) -> None:
    out = tmp_path / "run"
    said = line(capsys, "train", task, "none.npz", "--out", out, *asked.split())
    assert said == f"lipwire: lipwire train {task} takes no {refused}"
    assert not out.exists()


def test_every_option_of_training_is_for_some_task() -> None:
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    options = vars(parser.parse_args(["train", "smile", "none.npz", "--out", "run"]))
    assert {*options} - {*ALWAYS} == {name for _, taken in TASKS.values() for name in taken}
    assert {*TASKS} == {*zoo.MODELS, "lips"}


@pytest.mark.parametrize(
    ("task", "dataset", "asked", "said"),
    [
        ("word", "clips", "--smile a --open b", "lipwire prepare word takes no --open, --smile"),
        ("word", "grid", "--no-points", "lipwire prepare word takes no --points"),
        ("word", "grid", "--fps 10", "--fps, --boxed and --speaker-prefix are for --dataset clips"),
        ("smile", "videos", "--kind lip-box", "lipwire prepare smile takes no --kind"),
        ("viseme", "grid", "--boxed --speaker-prefix", "takes no --boxed, --speaker-prefix"),
        ("smile", "videos", "--open auf", "smile takes no --open"),
        ("viseme", "videos", "--smile froh", "viseme takes no --smile"),
        ("smile", "genki4k", "--smile froh --fps 5", "--dataset genki4k takes no --fps, --smile"),
        ("smile", "labelled-pictures", "--fps 5", "--dataset labelled-pictures takes no --fps"),
    ],
)
def test_preparing_refuses_options_of_other_tasks_and_sets(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    task: str,
    dataset: str,
    asked: str,
    said: str,
) -> None:
    out = tmp_path / "out.npz"
    where = ("--dataset", dataset, "--root", tmp_path, "--out", out)
    assert said in line(capsys, "prepare", task, *where, *asked.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("task", "dataset", "asked", "said"),
    [
        ("smile", "genki4k", "--part cross", "--part goes with --run"),
        ("viseme", "keypoints68", "--part folds --model m.tflite", "--part goes with --run"),
        ("viseme", "grid", "--open auf", "--dataset grid takes no --open"),
        ("smile", "videos", "--closed zu", "smile takes no --closed"),
    ],
)
def test_evaluating_refuses_options_that_mean_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    task: str,
    dataset: str,
    asked: str,
    said: str,
) -> None:
    where = ("--dataset", dataset, "--root", tmp_path)
    assert said in line(capsys, "evaluate", task, *where, *asked.split())
