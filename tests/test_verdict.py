"""What frames say together: as heavy as each weighs, and told only where it is a word."""

from __future__ import annotations

import numpy as np
import pytest

from edge.verdict import Vocabulary, pooled, verdict
from edge.word_reader import Voted

LABELS = ("go", "stop", "left", "right", "up", "other")


def frame(*logits: float, weight: float = 1.0) -> Voted:
    return Voted(np.array(logits, float), weight, np.zeros(2))


def test_a_frame_counts_as_much_as_it_weighs() -> None:
    frames = [frame(4, 0, 0, weight=3.0), frame(0, 4, 0, weight=1.0)]
    expected = np.exp([3.0, 1.0, 0.0])
    assert pooled(frames, 1.0) == pytest.approx(expected / expected.sum())


def test_a_higher_temperature_is_less_sure_and_hundreds_of_logits_overflow_nothing() -> None:
    frames = [frame(900, 0, -900)]
    assert pooled(frames, 1.0).tolist() == [1, 0, 0]
    assert 0.5 < pooled(frames, 900.0)[0] < 0.75


def test_the_best_word_is_told_with_the_next_best_and_never_other() -> None:
    scored = np.array([0.05, 0.6, 0.1, 0.02, 0.03, 0.2])
    told = verdict(scored, LABELS, 0.5)
    assert told
    assert (told.word, told.score) == ("stop", 0.6)
    assert list(told.alternatives.items()) == [("left", 0.1), ("go", 0.05), ("up", 0.03)]


@pytest.mark.parametrize("scored", [[0.1, 0.2, 0, 0, 0, 0.7], [0.49, 0.1, 0.1, 0.1, 0.1, 0.11]])
def test_what_is_other_or_not_sure_is_not_told(scored: list[float]) -> None:
    assert verdict(np.array(scored), LABELS, 0.5) is None


def test_a_vocabulary_judges_all_frames_by_its_own_threshold() -> None:
    frames = [frame(2, 0, 0, 0, 0, 0), frame(0, 0, 0, 0, 0, 1)]
    told = Vocabulary(LABELS, 1.0, 0.3)(frames)
    assert told
    assert told.word == "go"
    assert Vocabulary(LABELS, 1.0, 0.5)(frames) is None
