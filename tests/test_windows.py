"""Windows of frames around words: real context, held ends, never zeros."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.windows import resampled, sampled, window


def test_a_short_word_lies_in_the_middle_among_the_frames_around_it() -> None:
    indices, own = window(10, 14, 30, 8)
    assert indices.tolist() == [8, 9, 10, 11, 12, 13, 14, 15]
    assert own.tolist() == [False, False, True, True, True, True, False, False]


@pytest.mark.parametrize(("at", "first"), [(0.0, 10), (0.5, 8), (1.0, 6)])
def test_a_short_word_lies_where_it_is_asked_for(at: float, first: int) -> None:
    indices, own = window(10, 14, 30, 8, at)
    assert indices.tolist() == list(range(first, first + 8))
    assert indices[own].tolist() == [10, 11, 12, 13]


def test_beyond_the_sequence_its_ends_are_held() -> None:
    indices, own = window(0, 5, 5, 10)
    assert indices.tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 4, 4]
    assert own.tolist() == [False] * 3 + [True] * 5 + [False] * 2


def test_a_long_word_is_sampled_evenly_from_its_beginning_to_its_end() -> None:
    indices, own = window(3, 30, 40, 9)
    assert indices.tolist() == [4, 7, 10, 13, 16, 19, 22, 25, 28]
    assert own.all()


@given(
    start=st.integers(0, 30),
    long=st.integers(1, 40),
    after=st.integers(0, 30),
    frames=st.integers(1, 30),
    at=st.floats(0, 1),
)
def test_every_window_has_its_length_in_order_and_the_words_own_frames(
    start: int, long: int, after: int, frames: int, at: float
) -> None:
    stop, length = start + long, start + long + after
    indices, own = window(start, stop, length, frames, at)
    assert len(indices) == len(own) == frames
    assert (np.diff(indices) >= 0).all()
    assert indices.min() >= 0
    assert indices.max() < length
    inside = indices[own]
    assert len(inside) == min(long, frames)
    assert ((inside >= start) & (inside < stop)).all()


@pytest.mark.parametrize("frames", [1, 4, 7, 20])
def test_a_sample_of_a_short_stretch_repeats_frames_evenly(frames: int) -> None:
    counts = np.bincount(sampled(0, 4, frames), minlength=4)
    assert counts.sum() == frames
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize(
    ("given_fps", "wanted", "expected"),
    [
        (30, 15, [5, 7, 9, 11]),
        (15, 15, [5, 6, 7, 8, 9, 10, 11, 12]),
        (15, 30, [5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 12]),
        (25, 15, [5, 7, 8, 10, 12]),
        (100, 1, [5]),
    ],
)
def test_another_rate_takes_the_frames_nearest_in_time(
    given_fps: float, wanted: float, expected: list[int]
) -> None:
    assert resampled(5, 13, given_fps, wanted).tolist() == expected
