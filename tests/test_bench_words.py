"""`lipwire bench words`: what a frame costs, what is said meanwhile, and how long it takes."""

from __future__ import annotations

import sys
import time

import pytest

from edge import models
from tests.command import Lipwire
from training.bench.turns import LEAST_TURNS, in_turns
from training.bench.words import bench_words, words_table


def test_measuring_keeps_to_its_time_though_turns_become_longer() -> None:
    calls: list[float] = []

    def slower_and_slower() -> None:
        calls.append(time.perf_counter())
        time.sleep(0.002 * len(calls))

    began = time.perf_counter()
    times = in_turns({"slower": slower_and_slower}, 0.3)
    assert 0.3 < time.perf_counter() - began < 1.5
    assert len(times["slower"].wall) >= LEAST_TURNS


def test_without_tensorflow_ours_is_measured_and_the_extra_named_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    figures = bench_words(models.shipped("word-15"), 0.1, (5, 10, 5), ["word-deep"], None)
    ours, older = [], []
    for row in figures["rows"]:
        (older if row["note"] else ours).append((row["way"], row["window"]))
    assert ours == [
        *(("frame by frame", window) for window in (5, 10)),
        *(("whole clip, each frame", window) for window in (5, 10)),
    ]
    assert len(older) == 2
    assert "word-deep needs: pip install '.[training]'" in words_table(figures)


def test_what_cannot_be_measured_is_one_line(lipwire: Lipwire) -> None:
    for asked, said in (
        (("--only", "word-small"), "--only word-small: not one of word-cnn-lstm, word-deep"),
        (("--window", "0"), "--window 0: must be at least 1"),
        (("--model", "none.tflite"), "none.tflite: cannot be read: No such file"),
        (("--model", models.shipped("smile")), "made for smile, not for words"),
    ):
        assert said in lipwire.complaint("bench", "words", *asked)


@pytest.mark.training
def test_the_command_says_what_it_makes_and_keeps_it_for_the_next_time(lipwire: Lipwire) -> None:
    asked = ("bench", "words", "--only", "word-deep", "--window", "4", "--cache", "kept")
    first = lipwire(*asked, "--seconds", "0.1")
    assert first.returncode == 0, first.stderr
    assert [line.partition(" ")[2] for line in first.stderr.splitlines()] == [
        "1 older models are made first, untrained, up to half a minute each; "
        "--cache DIR keeps them",
        "making word-deep of 4 frames",
        "measuring 3 readers for about 0.1 s",
    ]
    assert "| word-deep | whole clip, each frame |      4 |" in first.stdout
    assert [path.name for path in (lipwire.home / "kept").iterdir()] == ["word-deep-4.tflite"]
    again = lipwire(*asked, "--seconds", "0.1")
    assert again.stderr.splitlines()[0].endswith("measuring 3 readers for about 0.1 s")
