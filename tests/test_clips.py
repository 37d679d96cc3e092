"""Files of clips: what is written is read, what cannot be is refused, other rates by time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.crop import MOUTH
from edge.errors import SourceError
from edge.lipbox import LipPicture, on_canvas, standardised
from tests.clip_sets import small_clips
from tests.conftest import complaint
from tests.mouth_crops import keypoints
from training.clips import COLUMNS, OTHER, Clips
from training.crops import Crops

WORDS = ("안녕하세요", "guten Tag")


def test_what_was_saved_is_read_again_with_any_letters(tmp_path: Path) -> None:
    clips = small_clips(words=WORDS)
    clips.save(tmp_path / "clips.npz")
    again = Clips.read(tmp_path / "clips.npz")
    assert again.origin == clips.origin
    assert again.origin.classes == WORDS
    for name in COLUMNS:
        assert np.array_equal(getattr(again, name), getattr(clips, name)), name


def test_a_missing_file_says_which_command_makes_it(tmp_path: Path) -> None:
    line = complaint(lambda: Clips.read(tmp_path / "none.npz"), SourceError)
    assert line.endswith("none.npz: no such file; lipwire prepare word makes it")


@pytest.mark.parametrize(
    ("column", "index", "value"),
    [
        ("labels", 0, 2),
        ("labels", 0, OTHER - 1),
        ("stops", 0, 7),
        ("starts", 0, 6),
        ("starts", 0, -1),
        ("ends", -1, 7),
        ("sequences", 0, 99),
        ("sequences", 0, -1),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, column: str, index: int, value: int) -> None:
    clips = small_clips()
    changed = getattr(clips, column).copy()
    changed[index] = value
    replace(clips, **{column: changed}).save(tmp_path / "clips.npz")
    line = complaint(lambda: Clips.read(tmp_path / "clips.npz"), SourceError)
    assert "not clips of lipwire prepare word" in line


def test_crops_of_faces_are_no_clips_and_clips_no_crops(tmp_path: Path) -> None:
    keypoints().save(tmp_path / "crops.npz")
    line = complaint(lambda: Clips.read(tmp_path / "crops.npz"), SourceError)
    assert line.endswith("not clips of lipwire prepare word: it holds what is learned for viseme")
    small_clips().save(tmp_path / "clips.npz")
    line = complaint(lambda: Crops.read(tmp_path / "clips.npz"), SourceError)
    assert line.endswith("not crops of lipwire prepare: it holds what is learned for word")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut short"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clips.npz").write_bytes(content)
    line = complaint(lambda: Clips.read(tmp_path / "clips.npz"), SourceError)
    assert "not clips of lipwire prepare word" in line


def test_a_lip_box_is_seen_on_the_models_canvas() -> None:
    clips = small_clips()
    expected = on_canvas(LipPicture(clips.images[5], 0.5))
    assert np.array_equal(clips.seen(5), expected)


def test_of_an_aligned_mouth_the_model_sees_the_middle() -> None:
    clips = small_clips()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (len(clips.images), 72, 72)).astype(np.uint8)
    aligned = replace(clips, origin=replace(clips.origin, kind=MOUTH.name), images=images)
    assert np.array_equal(aligned.seen(3), standardised(images[3, 12:60, 12:60]))


def test_another_rate_keeps_words_where_they_are_in_time() -> None:
    clips = small_clips(long=30)
    words = replace(clips, starts=clips.starts + 10, stops=clips.starts + 22)
    slower = words.at(5.0)
    assert slower.origin.fps == 5
    assert slower.ends.tolist() == (np.arange(1, len(clips) + 1) * 10).tolist()
    assert slower.images[10:20, 0, 0].tolist() == clips.images[30:60:3, 0, 0].tolist()
    assert (slower.starts == 3).all()
    assert (slower.stops == 7).all()
    faster = words.at(30.0)
    assert len(faster.images) == 2 * len(clips.images)
    assert (faster.starts == 20).all()
    assert (faster.stops == 44).all()
    assert words.at(15.0) is words


@pytest.mark.parametrize("fps", [1.0, 4.0, 7.0, 60.0])
def test_no_word_is_lost_at_another_rate(tmp_path: Path, fps: float) -> None:
    clips = small_clips(long=9)
    start = np.arange(len(clips), dtype=np.int32) % 9
    words = replace(clips, starts=start, stops=start + 1)
    words.at(fps).save(tmp_path / "clips.npz")
    again = Clips.read(tmp_path / "clips.npz")
    assert (again.stops > again.starts).all()
    assert len(again) == len(clips)
