"""When lips begin and end to speak, by how much they move."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge.utterance import Began, Over, UtteranceDecider, UtteranceRules

RULES = UtteranceRules()
REST = RULES.rest


def decided(
    motion: Callable[[float], float], fps: float = 25, seconds: float = 6
) -> tuple[list[Began], list[Over]]:
    """What becomes of a motion over time."""
    decide = UtteranceDecider(RULES)
    told = [decide(i / fps, motion(i / fps)) for i in range(round(seconds * fps))]
    return (
        [each for each in told if isinstance(each, Began)],
        [each for each in told if isinstance(each, Over)],
    )


def spoken(
    *times: tuple[float, float], loud: float = 4.0, rest: float = REST
) -> Callable[..., float]:
    """Lips that move within times."""
    return lambda at: loud * rest if any(a <= at < b for a, b in times) else rest


@pytest.mark.parametrize("fps", [10, 15, 25, 30, 50])
def test_moving_lips_are_an_utterance_at_any_frame_rate(fps: float) -> None:
    began, over = decided(spoken((2.0, 2.8)), fps)
    assert [each.at for each in began] == [over[0].start]
    (one,) = over
    assert one.whole
    assert one.start == pytest.approx(2.0, abs=1.01 / fps)
    assert one.end == pytest.approx(2.8, abs=1.5 / fps + RULES.smoothing_s)


def test_a_short_pause_is_within_a_word_and_a_long_one_between_two() -> None:
    (one,) = decided(spoken((2.0, 2.4), (2.6, 3.0)))[1]
    assert one.end == pytest.approx(3.0, abs=0.1)
    assert len(decided(spoken((2.0, 2.4), (2.9, 3.3)))[1]) == 2


def test_a_twitch_is_no_word() -> None:
    assert decided(spoken((2.0, 2.08))) == ([], [])


def test_running_speech_is_over_once_and_told_to_be_no_word() -> None:
    began, over = decided(spoken((1.0, 5.0)))
    assert len(began) == 1
    (one,) = over
    assert not one.whole
    assert one.end - one.start == pytest.approx(RULES.longest_s, abs=0.05)


def test_after_running_speech_lips_must_rest_before_a_word_begins() -> None:
    began, over = decided(spoken((1.0, 4.5), (5.5, 6.0)), seconds=7)
    assert [each.at for each in began] == pytest.approx([1.0, 5.5], abs=0.1)
    assert [each.whole for each in over] == [False, True]


@pytest.mark.parametrize("rest", [1.2, 3.5])
def test_what_rest_looks_like_is_learned_from_the_face(rest: float) -> None:
    """A noisy picture moves more at rest than a clear one does."""
    noise = np.random.default_rng(2).normal(1, 0.15, 10_000)
    level = spoken((8.0, 8.6), loud=3.5, rest=rest)
    began, over = decided(lambda at: level(at) * float(noise[round(at * 25)]), seconds=12)
    late = [each for each in over if each.start > 7]
    assert len(late) == 1
    assert late[0].start == pytest.approx(8.0, abs=0.1)
    assert late[0].end == pytest.approx(8.6, abs=0.15)
    assert len(began) == len(over)


def test_a_reset_closes_what_was_open_and_tells_nothing() -> None:
    decide = UtteranceDecider(RULES)
    for i in range(20):
        decide(i / 25, 5 * REST)
    assert decide.speaks
    decide.reset()
    assert not decide.speaks
    assert [decide(1 + i / 25, REST) for i in range(25)] == [None] * 25
