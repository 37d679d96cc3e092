"""A shipped reader of words and its card."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from edge.description import Source, embed, read
from tests.said import SPEAKERS, WINDOW, spoken, write_reader, write_run
from training.evaluate.word import Asked, evaluate
from training.evaluate.word_card import main

PARTS = [f"without-{speaker}" for speaker in SPEAKERS]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, its model of all, and figures as the commands write them."""
    folder = tmp_path_factory.mktemp("card")
    clips = spoken()
    clips.save(folder / "words.npz")
    run = write_run(folder / "run", PARTS, clips, folder / "words.npz")
    for part in (*PARTS, "all"):
        write_reader(run / f"{part}.tflite", clips)
    figures = evaluate(Asked("miracl-vc1", folder / "words.npz", run, None, other=True))
    (folder / "figures.json").write_text(json.dumps(figures))
    for name, lost in (("good", 0.01), ("bad", 0.091)):
        verdict = {"lost": lost, "overlap": 0.95, "usable_live": lost < 0.03}
        (folder / f"{name}.json").write_text(json.dumps({"verdict": verdict}))
    return folder


def ship(measured: Path, out: Path, *more: str | Path) -> int:
    given = (measured / "run/all.tflite", measured / "figures.json", "--out", out, *more)
    return main([str(each) for each in given])


def test_a_card_says_what_was_measured_and_the_file_carries_it(
    measured: Path, tmp_path: Path
) -> None:
    out = tmp_path / "words.tflite"
    assert ship(measured, out, "--spot", "0.8", "--refractory", "2") == 0
    card, said = out.with_suffix(".md").read_text(encoding="utf-8"), read(out)
    assert "| words | ja, nein, sí señor; `other` for what is none of them |" in card
    assert "| read right | 100.0 % (100.0 to 100.0) |" in card
    assert "words backwards, area under ROC" in card
    assert "| A | 12 | 100.0 %" in card
    assert (said.spot_threshold, said.refractory_s, said.frames) == (0.8, 2, WINDOW)
    assert (said.metrics[0].name, said.metrics[0].value) == ("accuracy", 1.0)


def test_a_card_says_what_else_is_seen_and_was_learned_from(measured: Path, tmp_path: Path) -> None:
    model = Path(shutil.copy(measured / "run/all.tflite", tmp_path / "all.tflite"))
    plain = tmp_path / "plain.tflite"
    assert ship(measured, plain) == 0
    said = read(model)
    faces = Source("faces", "for research", 7)
    embed(model, replace(said, changes=True, sources=(*said.sources, faces)))
    seen = tmp_path / "words.tflite"
    assert main([str(model), str(measured / "figures.json"), "--out", str(seen)]) == 0
    before, after = (path.with_suffix(".md").read_text("utf-8") for path in (plain, seen))
    for new in ("what each changed since the picture before", "| faces | 7 | for research |"):
        assert new in after
        assert new not in before
    assert "its encoder learned where the points of lips are" in after


def test_a_card_says_what_live_lip_boxes_cost_too_much(measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "words.tflite"
    shown = []
    for name in ("good", "bad"):
        assert ship(measured, out, "--boxes", measured / f"{name}.json") == 0
        shown.append("Benchmark only" in out.with_suffix(".md").read_text(encoding="utf-8"))
    assert shown == [False, True]
    assert "they cost up to 9.1 points" in out.with_suffix(".md").read_text(encoding="utf-8")


def test_figures_that_cannot_be_used_end_in_one_line(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    out = tmp_path / "words.tflite"
    assert ship(measured, out, "--boxes", broken) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main([str(measured / "run/all.tflite"), str(broken), "--out", str(out)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert not out.exists()
