"""Splits of words: whoever is tested was not learned from, and choices are made on a third side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.errors import SourceError
from tests.clip_sets import small_clips
from tests.conftest import complaint
from training.clips import Clips
from training.split_words import Split, parts_of, split

FIVE = ("ann", "bob", "cai", "dee", "eve")


def people(clips: Clips, rows: np.ndarray) -> set[str]:
    return set(clips.speakers[clips.sequences[rows]].tolist())


def takes(clips: Clips, rows: np.ndarray) -> set[int]:
    return set(clips.takes[clips.sequences[rows]].tolist())


def whole(clips: Clips, part: Split) -> bool:
    """Whether every item is on exactly one side."""
    rows = np.concatenate([part.train, part.validation, part.test])
    return sorted(rows.tolist()) == list(range(len(clips)))


def test_each_speaker_is_left_out_and_the_next_one_is_for_choices() -> None:
    clips = small_clips(FIVE)
    for speaker, following in zip(FIVE, [*FIVE[1:], "ann"], strict=True):
        part = split(clips, f"without-{speaker}")
        assert people(clips, part.test) == {speaker}
        assert people(clips, part.validation) == {following}
        assert people(clips, part.train) == set(FIVE) - {speaker, following}
        assert whole(clips, part)


def test_each_take_is_left_out_of_everybody_and_the_next_one_is_for_choices() -> None:
    clips = small_clips(takes=4)
    clips = replace(clips, takes=clips.takes + 1)  # MIRACL counts from 1
    tested = []
    for index in range(4):
        part = split(clips, f"takes{index}")
        assert takes(clips, part.test) == {index + 1}
        assert takes(clips, part.validation) == {(index + 1) % 4 + 1}
        assert whole(clips, part)
        tested += part.test.tolist()
    assert sorted(tested) == list(range(len(clips)))


def test_folds_go_by_the_sequence_so_that_a_sentence_stays_on_one_side() -> None:
    clips = small_clips(["s1"], takes=5, other=False)
    clips = replace(
        clips,
        folds=np.arange(10, dtype=np.int8) % 5,
        sequences=np.repeat(np.arange(5, dtype=np.int32), 2),
    )
    part = split(clips, "fold4")
    assert set(clips.sequences[part.test].tolist()) == {4}
    assert set(clips.sequences[part.validation].tolist()) == {0}
    assert "without-s1" not in parts_of(clips)


def test_own_clips_are_split_by_speaker_where_there_are_enough() -> None:
    clips = small_clips([f"{name}{n}" for name in FIVE for n in range(4)])
    part = split(clips, "own")
    sides = [people(clips, rows) for rows in (part.train, part.validation, part.test)]
    assert [len(side) for side in sides] == [14, 2, 4]
    assert len(set.union(*sides)) == 20
    assert whole(clips, part)


@pytest.mark.parametrize("speakers", [[""], ["ann"], ["ann", "bob"]])
def test_own_clips_of_one_or_two_people_are_split_by_clip(speakers: list[str]) -> None:
    clips = small_clips(speakers, takes=20)
    part = split(clips, "own")
    for rows, share in ((part.test, 0.2), (part.validation, 0.1), (part.train, 0.7)):
        for label in (-1, 0, 1):
            of_label = (clips.labels[rows] == label).sum()
            assert of_label / (clips.labels == label).sum() == pytest.approx(share, abs=0.06)
    assert whole(clips, part)


def test_own_splits_hardly_change_when_clips_are_added() -> None:
    few, more = small_clips([""], takes=20), small_clips([""], takes=22)
    before = set(few.files[few.sequences[split(few, "own").test]].tolist())
    after = set(more.files[more.sequences[split(more, "own").test]].tolist())
    assert len(before & after) >= len(before) - 3


def test_all_leaves_nothing_out() -> None:
    clips = small_clips()
    part = split(clips, "all")
    assert len(part.train) == len(clips)
    assert not len(part.test)
    assert not len(part.validation)


@pytest.mark.parametrize("part", ["without-zoe", "takes9", "fold0", "", "ann"])
def test_a_part_that_is_not_there_is_refused_with_those_that_are(part: str) -> None:
    line = complaint(lambda: split(small_clips(), part), SourceError)
    assert f"no part {part!r}; it has: without-ann, without-bob" in line


def test_three_parts_leave_out_a_third_of_the_speakers_each() -> None:
    names = tuple("abcdefgh")
    clips = small_clips(names)
    thirds = [split(clips, part) for part in parts_of(clips) if part.startswith("third")]
    assert [people(clips, part.test) for part in thirds] == [set("adg"), set("beh"), set("cf")]
    assert [people(clips, part.validation) for part in thirds] == [{"b"}, {"c"}, {"a"}]
    assert all(whole(clips, part) for part in thirds)
    assert not any(part.startswith("third") for part in parts_of(small_clips(FIVE)))
