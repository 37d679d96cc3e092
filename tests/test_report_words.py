"""The page of a run of words."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.errors import SettingsError
from tests.conftest import complaint
from tests.said import spoken, write_reader, write_run
from training import report
from training.bench.words import bench_words, words_table
from training.clips import Clips

PARTS = ("without-A", "without-B", "without-C", "takes0")


@pytest.fixture(scope="module")
def clips() -> Clips:
    return spoken()


@pytest.fixture
def run(clips: Clips, tmp_path: Path) -> Path:
    clips.save(tmp_path / "words.npz")
    return write_run(tmp_path / "run", PARTS, clips, tmp_path / "words.npz")


def page(run: Path) -> str:
    return report.write(run).read_text(encoding="utf-8")


def test_a_page_has_figures_by_word_and_speaker_and_the_worst_films(run: Path) -> None:
    shown = page(run)
    assert "word-vgg-frozen, window 4" in shown
    for name in ("Figures", "Learning", "Words", "Where and when it looks", "Worst mistakes"):
        assert f"<h2>{name}</h2>" in shown
    assert "sí señor" in shown
    assert "91.7 %" in shown  # 33 of 36, of speakers who were left out
    assert "told nein" in shown
    assert shown.count("<small>A/words/01/01</small>") == 1  # the worst mistake as a film
    assert "No Keras model in this run" in shown


def test_figures_beside_baselines_are_shown_where_they_were_measured(run: Path) -> None:
    assert "Beside baselines" not in page(run)
    told = {
        "task": "word",
        "trained_on": False,
        "protocol": "unseen: <b>",
        "dataset": "miracl-vc1",
        "n": 36,
        "accuracy": 0.5,
        "interval": [0.4, 0.6],
        "baselines": {"nearest": 0.367, "first_frame": 0.1},
        "baseline_intervals": {"nearest": [0.3, 0.44], "first_frame": [0.08, 0.12]},
    }
    (run / "unseen.json").write_text(json.dumps(told))
    (run / "strange.json").write_text("[1]")
    shown = page(run)
    assert "36.7 %" in shown
    assert "unseen: &lt;b&gt;" in shown


def test_without_its_clips_a_page_says_so_and_shows_the_rest(run: Path, tmp_path: Path) -> None:
    (tmp_path / "words.npz").unlink()
    shown = page(run)
    assert "Not shown: " in shown
    assert "<h2>Words</h2>" in shown


def test_runs_of_the_same_words_are_compared(run: Path, clips: Clips, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", PARTS[:3], clips, tmp_path / "words.npz")
    out = report.write_page([run, other], tmp_path / "both")
    assert "Runs compared" in out.read_text(encoding="utf-8")


def test_a_run_that_is_not_whole_is_refused(run: Path) -> None:
    (run / "takes0" / "heldout.npz").write_bytes(b"no zip")
    assert "heldout.npz: damaged" in complaint(lambda: page(run), SettingsError)
    np.savez(run / "takes0" / "heldout.npz", items=np.arange(3))
    assert "heldout.npz: damaged" in complaint(lambda: page(run), SettingsError)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"labels": []}))
    assert "names no words" in complaint(lambda: page(run), SettingsError)


def test_without_tensorflow_older_readers_are_named_with_what_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    model = write_reader(tmp_path / "own.tflite", spoken())
    told = words_table(bench_words(model, 0.0, (4,), [], None))
    assert "word-deep needs: pip install '.[training]'" in told
    assert "frame by frame" in told
