"""Words within running speech: one event for each time that a word is said."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from edge.spotting import SpotRules, Spotted, Spotter
from edge.word_reader import Voted

LABELS = ("set", "white", "again", "other")
RULES = SpotRules(threshold=0.6, refractory_s=1.0)
FPS, WINDOW = 25, 15
Speech = list[tuple[str, float]]  # labels and seconds


def said(
    speech: Speech, rules: SpotRules = RULES, weight: float = 1.0, sure: float = 5.0
) -> list[Spotted]:
    """What is told of speech whose every frame votes for its own label."""
    spotter = Spotter(rules, LABELS, 1.0, WINDOW)
    noise = np.random.default_rng(5)
    at, told = 0.0, []
    for label, seconds in speech:
        for _ in range(round(seconds * FPS)):
            logits = noise.normal(0, 0.3, len(LABELS))
            logits[LABELS.index(label)] += sure
            told.append(spotter(at, Voted(logits, weight, np.zeros(2))))
            at += 1 / FPS
    return [each for each in told if each]


def words(speech: Speech, rules: SpotRules = RULES) -> list[str]:
    return [each.verdict.word for each in said(speech, rules)]


def test_each_word_is_told_once_with_when_it_was_said() -> None:
    told = said([("other", 1), ("set", 0.4), ("other", 0.6), ("white", 0.4), ("other", 1)])
    assert [each.verdict.word for each in told] == ["set", "white"]
    for each, (start, end) in zip(told, [(1.0, 1.4), (2.0, 2.4)], strict=True):
        assert each.start == pytest.approx(start, abs=0.12)
        assert each.end == pytest.approx(end, abs=0.12)
        assert 0.6 <= each.verdict.score <= 1
        assert each.verdict.word not in each.verdict.alternatives
        assert "other" not in each.verdict.alternatives


def test_words_that_follow_each_other_are_all_told() -> None:
    assert words([("other", 1), ("set", 0.4), ("white", 0.4), ("again", 0.4), ("other", 1)]) == [
        *("set", "white", "again")
    ]


def test_one_long_word_is_one_word_and_a_second_time_is_another() -> None:
    assert words([("other", 1), ("set", 3), ("other", 1)]) == ["set"]
    again = [("other", 1), ("set", 0.4), ("other", 1.5), ("set", 0.4), ("other", 1)]
    assert words(again) == ["set", "set"]


def test_a_word_is_not_told_again_too_soon() -> None:
    stutter = [("other", 1), ("set", 0.3), ("other", 0.5), ("set", 0.3), ("other", 1)]
    assert words(stutter) == ["set"]
    assert words(stutter, replace(RULES, refractory_s=0.3)) == ["set", "set"]


def test_what_is_other_or_unsure_is_not_told() -> None:
    assert words([("other", 5)]) == []
    assert said([("set", 2), ("other", 1)], sure=0.5) == []


def test_a_glance_at_a_word_is_not_enough() -> None:
    assert words([("other", 1), ("set", 0.08), ("other", 1)]) == []


def test_frames_that_weigh_little_say_little() -> None:
    spotter, told = Spotter(RULES, LABELS, 1.0, WINDOW), []
    for i in range(60):
        loud = i % 4 == 0  # one frame in four knows, the others guess
        logits = np.array([4.0, 0, 0, 0]) if loud else np.array([0, 0, 3.0, 0])
        told.append(spotter(i / FPS, Voted(logits, 20.0 if loud else 0.5, np.zeros(2))))
    assert [each.verdict.word for each in told if each] == ["set"]


def test_after_a_reset_nothing_is_left_of_what_was_seen() -> None:
    spotter = Spotter(RULES, LABELS, 1.0, WINDOW)
    vote = Voted(np.array([5.0, 0, 0, 0]), 1.0, np.zeros(2))
    for i in range(WINDOW):
        spotter(i / FPS, vote)
        spotter.reset()
    assert all(spotter(i / FPS, vote) is None for i in range(6))


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.4])
def test_a_word_is_not_told_where_other_is_likelier(threshold: float) -> None:
    rules = replace(RULES, threshold=threshold)
    for word, none, told in ((1.0, 1.3, False), (1.3, 1.0, True)):
        spotter = Spotter(rules, LABELS, 1.0, WINDOW)
        vote = Voted(np.array([word, 0.0, 0.0, none]), 1.0, np.zeros(2))
        found = [spotter(i / FPS, vote) for i in range(60)]
        assert any(found) == told


def test_what_is_told_leads_other_at_that_moment_though_scores_lag_behind() -> None:
    noise = np.random.default_rng(11)
    rules = replace(RULES, threshold=0.1, refractory_s=0.0, wait_s=0.0)
    spotter, before, told = Spotter(rules, LABELS, 1.0, 2), np.zeros(len(LABELS)), 0
    for i in range(3000):
        logits = noise.normal(0, 1.5, len(LABELS))
        if found := spotter(i / FPS, Voted(logits, 1.0, np.zeros(2))):
            scored = before + logits
            assert scored[LABELS.index(found.verdict.word)] > scored[-1]
            told += 1
        before = logits
    assert told > 50


def test_frames_before_and_after_hidden_lips_are_not_taken_together() -> None:
    spotter = Spotter(RULES, LABELS, 1.0, WINDOW)
    vote = Voted(np.array([5.0, 0, 0, 0]), 1.0, np.zeros(2))
    times = [*(i / FPS for i in range(5)), *(3 + i / FPS for i in range(5))]
    assert [spotter(at, vote) for at in times] == [None] * 10


def test_a_word_whose_end_was_hidden_is_not_told_later() -> None:
    spotter = Spotter(RULES, LABELS, 1.0, WINDOW)
    word, none = (Voted(5.0 * np.eye(4)[label], 1.0, np.zeros(2)) for label in (0, 3))
    shown = [(i / FPS, word) for i in range(8)] + [(3 + i / FPS, none) for i in range(20)]
    assert [spotter(*each) for each in shown] == [None] * 28


def test_a_face_that_was_lost_does_not_make_a_word_be_told_sooner() -> None:
    spotter = Spotter(replace(RULES, refractory_s=5.0), LABELS, 1.0, WINDOW)
    vote = Voted(np.array([5.0, 0, 0, 0]), 1.0, np.zeros(2))
    told = []
    for begin in (0.0, 2.0, 4.0, 6.0):
        spotter.reset()
        told += [begin for i in range(25) if spotter(begin + i / FPS, vote)]
    assert told == [0.0, 6.0]


def test_a_frame_costs_the_same_in_a_long_window_as_in_a_short_one() -> None:
    def cost(window: int) -> float:
        spotter = Spotter(RULES, LABELS, 1.0, window)
        vote = Voted(np.array([0, 0, 0, 5.0]), 1.0, np.zeros(2))
        times = []
        for i in range(600):
            began = time.thread_time()
            spotter(i / FPS, vote)
            times.append(time.thread_time() - began)
        return float(np.median(times[100:]))

    assert min(cost(100) for _ in range(3)) < 1.5 * max(cost(10) for _ in range(3))
