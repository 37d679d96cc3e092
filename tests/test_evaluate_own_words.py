"""`lipwire evaluate own-words`: takes of speakers whom a model never saw, enrolled and asked."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.clip_sets import small_clips
from tests.command import Lipwire
from tests.said import SPEAKERS, TAKES, spoken, write_reader
from training.clips import OTHER, Clips
from training.evaluate.word_clips import seen
from training.trials.enrolled import chosen_by, enrolments, heard

WORDS = tuple("abcd")
ROUNDS = 4


@pytest.fixture(scope="module")
def clips() -> Clips:
    return spoken(WORDS)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, clips: Clips) -> Path:
    """A file for every speaker that is left out."""
    folder = tmp_path_factory.mktemp("run")
    model = write_reader(folder / "all.tflite", clips, WORDS)
    for speaker in SPEAKERS:
        shutil.copy(model, folder / f"without-{speaker}.tflite")
    return folder


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory, clips: Clips, run: Path) -> dict[str, Any]:
    """What the command writes."""
    home = tmp_path_factory.mktemp("home")
    clips.save(home / "clips.npz")
    wanted = ("evaluate", "own-words", "--run", run, "--clips", home / "clips.npz")
    done = Lipwire(home)(*wanted, "--rounds", str(ROUNDS), "--json", home / "figures.json")
    assert done.returncode == 0, done.stderr
    assert "another day's may be less alike" in done.stdout
    assert "nearest neighbour on thumbnails" in done.stdout
    told: dict[str, Any] = json.loads((home / "figures.json").read_text())
    return told


def test_takes_that_were_not_enrolled_are_told(figures: dict[str, Any]) -> None:
    asked = len(SPEAKERS) * len(WORDS) * (TAKES - 3)
    assert (figures["task"], figures["n"], figures["speakers"]) == ("own-words", asked, 3)
    (row,) = figures["takes"].values()  # five takes there are not
    assert row["accuracy"] == figures["accuracy"] > 0.9
    assert set(row["per_speaker"]) == set(SPEAKERS)
    assert row["baselines"]["nearest"]["accuracy"] > 0.9
    # The first frame is the same of all words.
    assert row["baselines"]["first_frame"]["accuracy"] < 0.5
    gain = row["accuracy"] - row["baselines"]["first_frame"]["accuracy"]
    assert row["baselines"]["first_frame"]["gain"] == pytest.approx(gain, abs=1e-3)


def test_words_that_were_not_enrolled_and_phrases_are_strangers(figures: dict[str, Any]) -> None:
    (row,) = figures["strangers"].values()
    half = len(SPEAKERS) * len(WORDS) // 2 * (TAKES - 3)
    assert row["n"] == {"own": half, "strangers": half, "phrases": len(SPEAKERS) * TAKES}
    assert row["auc"] > 0.9
    limits = [each["limit"] for each in row["curve"]]
    assert limits == sorted(limits)
    for name in ("own_right", "own_wrong", "strangers", "phrases"):
        shares = [each[name] for each in row["curve"]]
        assert shares == sorted(shares)  # the wider the limit, the more is told
    assert figures["best_limit"] in limits


def test_choices_are_made_by_the_next_speaker() -> None:
    assert [chosen_by(f"without-{name}", SPEAKERS) for name in SPEAKERS] == ["B", "C", "A"]


def test_no_take_is_both_enrolled_and_asked_for(clips: Clips, run: Path) -> None:
    one = heard(clips, seen(clips), run, "without-A", "A")
    assert len(one.items) == (len(WORDS) + 1) * TAKES
    for half in (False, True):
        for each in enrolments(one, 3, ROUNDS, half):
            assert not np.intersect1d(each.known, each.asked).size
            assert not np.isin(one.takes[each.asked], one.takes[each.known])[
                one.labels[each.asked] != OTHER
            ].any()
            assert set(one.labels[each.known]) == set(each.own)
            assert (one.labels[each.asked] == OTHER).any() == half
    again = [each.known.tolist() for each in enrolments(one, 3, ROUNDS)]
    assert again == [each.known.tolist() for each in enrolments(one, 3, ROUNDS)]
    assert len({tuple(each) for each in again}) > 1


def test_of_a_word_with_fewer_takes_those_there_are_are_enrolled(clips: Clips, run: Path) -> None:
    one = heard(clips, seen(clips), run, "without-A", "A")
    kept = (one.labels != 0) | (one.takes == TAKES)
    few = replace(
        one,
        **{name: getattr(one, name)[kept] for name in ("items", "labels", "takes")},
        **{
            name: tuple(each for each, so in zip(getattr(one, name), kept, strict=True) if so)
            for name in ("features", "weights")
        },
    )
    for each in enrolments(few, 3, ROUNDS):
        many = [int((few.labels[each.known] == label).sum()) for label in sorted(each.own)]
        assert many == [1, 3, 3, 3]
        assert 0 not in few.labels[each.asked]


def test_a_set_with_too_few_takes_is_refused(lipwire: Lipwire, run: Path) -> None:
    small_clips(takes=3).save(lipwire.home / "few.npz")
    wanted = ("evaluate", "own-words", "--run", run, "--clips", lipwire.home / "few.npz")
    assert "own words need 4 at least" in lipwire.complaint(*wanted)
