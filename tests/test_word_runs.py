"""Runs of words held against each other, and the clips kept apart for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import SettingsError
from tests.command import Lipwire
from tests.conftest import complaint
from training.evaluate.word_runs import TOGETHER, compare, table
from training.run import Run
from training.train.recipe import Phase
from training.train.word_recipe import WordRecipe

WORDS = np.arange(12) % 3


def write(folder: Path, wrong: set[int], seen: int = 12, **recipe: object) -> Path:
    """A run that tells some of twelve words wrong; a thirteenth clip is none of them."""
    (folder / "third0").mkdir(parents=True)
    told = np.where([item in wrong for item in range(12)], (WORDS + 1) % 3, WORDS)
    logits = np.zeros((13, 4), np.float32)
    logits[np.arange(12), told] = 2.0 if len(wrong) < 4 else 0.5  # who is wrong is less sure
    np.savez(
        folder / "third0/heldout.npz",
        files=np.array([f"clip{number}" for number in range(13)])[-seen - 1 :],
        speakers=np.repeat(["ann", "bob"], [6, 7])[-seen - 1 :],
        labels=np.append(WORDS, 3)[-seen - 1 :],
        logits=logits[-seen - 1 :],
    )
    rows = ["epoch,val_accuracy", "0,0.1", "1,0.5", "2,0.6", "3,0.7"]
    (folder / "third0/history.csv").write_text("\n".join(rows))
    (folder / "config.json").write_text(json.dumps({"recipe": {"stretch": 0.25} | recipe}))
    return folder


def test_a_run_is_held_against_the_first_word_by_word(tmp_path: Path) -> None:
    first, other = write(tmp_path / "plain", {0, 1}), write(tmp_path / "bare", {0, 6}, stretch=0.0)
    plain, bare = compare([first, other], ["third0"], together=False)["runs"]
    assert (plain["accuracy"], bare["accuracy"]) == (0.8333, 0.8333)
    assert bare["gain_interval"] == (-0.1667, 0.1667)  # ann gains a word, bob loses one
    assert (plain["gain"], plain["gain_interval"]) == (0, (0, 0))
    assert bare["differs"] == {"stretch": 0.0}
    assert bare["choices"] == pytest.approx(0.6)  # of the last three epochs


def test_of_one_speaker_words_are_drawn_one_by_one(tmp_path: Path) -> None:
    runs = [write(tmp_path / when / "run", wrong) for when, wrong in (("old", {7}), ("new", {8}))]
    for run in runs:
        told = dict(np.load(run / "third0/heldout.npz"))
        np.savez(run / "third0/heldout.npz", **told | {"speakers": np.full(13, "bob")})
    config = json.loads((runs[1] / "config.json").read_text())
    config["recipe"]["stretch"] = 0.5
    (runs[1] / "config.json").write_text(json.dumps(config))
    old, new = compare(runs, ["third0"], together=False)["runs"]
    assert old["interval"][0] < old["accuracy"] < old["interval"][1]
    assert new["gain_interval"][0] < 0 < new["gain_interval"][1]
    assert new["differs"] == {"stretch": 0.5}  # of one name, in another place


def test_runs_together_are_right_where_those_that_are_sure_are(tmp_path: Path) -> None:
    sure, unsure = write(tmp_path / "sure", {0}), write(tmp_path / "unsure", {1, 2, 3, 4})
    rows = compare([sure, unsure], ["third0"], together=True)["runs"]
    assert [row["run"] for row in rows] == ["sure", "unsure", TOGETHER]
    assert rows[-1]["accuracy"] == rows[0]["accuracy"]
    assert rows[-1]["choices"] is None


def test_the_command_prints_a_line_a_run(tmp_path: Path, lipwire: Lipwire) -> None:
    runs = [write(tmp_path / name, {0}) for name in ("plain", "bare")]
    ended = lipwire("evaluate", "word-runs", *runs, "--parts", "third0")
    assert ended.returncode == 0
    assert "12 words by 2 speakers" in ended.stdout
    assert "plain                     91.7%" in ended.stdout
    assert (
        len(ended.stdout.splitlines()) == len(table(compare(runs, ["third0"], together=False))) == 4
    )


def test_what_cannot_be_held_against_each_other_is_refused(tmp_path: Path) -> None:
    first, short = write(tmp_path / "plain", {0}), write(tmp_path / "short", {0}, seen=9)
    assert "other words" in complaint(
        lambda: compare([first, short], ["third0"], False), SettingsError
    )
    assert "no finished part" in complaint(
        lambda: compare([first, short], ["third1"], False), SettingsError
    )
    assert "two runs" in complaint(lambda: compare([first], ["third0"], False), SettingsError)


def test_a_run_goes_on_under_a_lipwire_that_knows_more(tmp_path: Path) -> None:
    """What a recipe could not say when the run was begun was as it is where nothing is said."""
    run, recipe = Run(tmp_path / "run"), WordRecipe("word-small", (Phase(1, 1e-3, 0.0),))
    run.begin("word", recipe, [], {})
    config = json.loads((run.folder / "config.json").read_text())
    del config["recipe"]["sees"], config["recipe"]["teacher"]
    (run.folder / "config.json").write_text(json.dumps(config))
    run.begin("word", recipe, [], {})
    other = replace(recipe, sees="raw")
    refused = complaint(lambda: run.begin("word", other, [], {}), SettingsError)
    assert "begun with recipe.sees canvas, not raw" in refused
