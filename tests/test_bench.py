"""`lipwire bench pipeline`: the figures that scripts read and the table for people."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edge.bench import Clock
from edge.frame import Frame
from tests.command import Lipwire
from tests.fakes import picture
from tests.word_file import write_words


def test_a_bench_gives_the_figures_that_scripts_read(ready: Lipwire) -> None:
    result = ready("bench", "pipeline", "--seconds", "0.5", "--json", "-")
    assert result.returncode == 0
    figures = json.loads(result.stdout)
    for name in ("fps", "bare_ms", "overhead_ms", "overhead_ratio", "rss_mb", "dropped"):
        assert name in figures
    stages = figures["stages"]
    assert list(stages) == ["detect", "track", "crop", "read", "decide"]
    summaries = [figures["frame_ms"], figures["bare_ms"], figures["overhead_ms"], *stages.values()]
    for ms in summaries:
        assert 0 <= ms["median"] <= ms["p95"] <= ms["p99"]
    calls = figures["models"]
    assert list(calls) == ["face_detection_short_range", "smile", "viseme"]
    assert all(ms["median"] > 0 for ms in calls.values())
    # A face is found and read: every stage has cost something.
    assert all(ms["median"] > 0 for ms in stages.values())
    assert figures["bare_ms"]["median"] < figures["frame_ms"]["median"]
    assert figures["rss_mb"] > 0
    assert figures["fps"] > 0


def test_a_bench_can_leave_mouth_shapes_out_to_compare(ready: Lipwire) -> None:
    result = ready("bench", "pipeline", "--seconds", "0.2", "--no-visemes", "--json", "-")
    assert result.returncode == 0
    assert list(json.loads(result.stdout)["models"]) == ["face_detection_short_range", "smile"]


def test_a_bench_can_read_words_too(ready: Lipwire) -> None:
    lips = np.random.default_rng(1).integers(0, 256, (2, 48, 48), dtype=np.uint8)
    model = write_words(ready.home / "mine.tflite", {"go": lips[0]}, lips[1])
    asked = ("bench", "pipeline", "--seconds", "0.2", "--words", "spotting")
    result = ready(*asked, "--word-model", model, "--json", "-")
    assert result.returncode == 0
    assert json.loads(result.stdout)["models"]["mine"]["p99"] > 0
    line = ready.complaint("bench", "pipeline", "--words", "shouting")
    assert line.startswith("lipwire: command line: [word] mode: must be one of isolated, spotting")


def test_a_bench_writes_its_figures_to_a_file_and_a_table_for_people(ready: Lipwire) -> None:
    result = ready("bench", "pipeline", "--seconds", "0.2", "--json", "bench.json")
    assert result.returncode == 0
    figures = json.loads((ready.home / "bench.json").read_text())
    assert f"{figures['fps']:g} frames a second" in result.stdout


def test_figures_that_cannot_be_written_are_refused(ready: Lipwire) -> None:
    line = ready.complaint("bench", "pipeline", "--seconds", "0.1", "--json", "none/bench.json")
    assert line.startswith("lipwire: --json none/bench.json: cannot be written: ")


def test_a_camera_cannot_be_benched(lipwire: Lipwire) -> None:
    line = lipwire.complaint("bench", "pipeline", "--source", "0")
    assert line.startswith("lipwire: bench needs frames that repeat: ")


@pytest.mark.parametrize(("count", "step_s"), [(3, 0.1), (1, 1 / 30)])
def test_frames_are_repeated_with_times_that_go_on(count: int, step_s: float) -> None:
    frames = [Frame(picture(i), 5 + i * step_s, 0.0, i) for i in range(count)]
    clock = Clock(frames)
    repeated = [clock.next() for _ in range(2 * count + 1)]
    assert [frame.captured_at for frame in repeated] == pytest.approx(
        [i * step_s for i in range(2 * count + 1)]
    )
    assert repeated[count].image is repeated[2 * count].image is frames[0].image
