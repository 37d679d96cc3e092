"""Decisions: the same face gives the same smiles, whatever the frame rate."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decide import Ended, SmileDecider, SmileRules, Smoother, Started

RULES = SmileRules(on=0.7, off=0.4, smoothing_s=0.15, min_duration_s=0.4, refractory_s=0.5)
RATES = (5, 15, 50)
RAMP_S = 0.1
# Plainly longer or shorter than the minimum: what lies within a frame's time of a bound may fall
# to either side of it at five frames a second.
LONG, SHORT = st.floats(0.9, 3.0), st.floats(0.0, 0.04)
REST = st.floats(1.4, 3.0)


def probability(script: list[tuple[float, float]], at: float) -> float:
    """A script of (seconds, level), joined by straight ramps, at a moment."""
    before = script[0][1]
    for seconds, level in script:
        if at < seconds:
            return before + (level - before) * min(1.0, at / RAMP_S)
        at -= seconds
        before = level
    return before


def play(script: list[tuple[float, float]], fps: float, shift: float) -> list[Started | Ended]:
    decide = SmileDecider(RULES)
    length = sum(seconds for seconds, _ in script)
    moments = (shift + i / fps for i in itertools.count())
    decided = [
        what
        for at in itertools.takewhile(lambda at: at <= length, moments)
        for what in decide(at, probability(script, at))
    ]
    return decided + decide.finish()


@given(
    plateaus=st.lists(st.tuples(REST, st.one_of(LONG, SHORT)), min_size=1, max_size=5),
    shift=st.floats(0, 0.19),
)
def test_the_same_script_gives_the_same_events_at_every_frame_rate(
    plateaus: list[tuple[float, float]], shift: float
) -> None:
    script = [part for rest, smile in plateaus for part in ((rest, 0.02), (smile, 0.97))]
    script.append((2.0, 0.02))
    slow, middle, fast = (play(script, fps, shift) for fps in RATES)
    smiles = sum(seconds >= 0.9 for _, seconds in plateaus)
    assert len(fast) == 2 * smiles
    for other in (slow, middle):
        assert [type(what) for what in other] == [type(what) for what in fast]
        for one, two in zip(other, fast, strict=True):
            if isinstance(one, Started) and isinstance(two, Started):
                assert one.onset == pytest.approx(two.onset, abs=1 / RATES[0])
            elif isinstance(one, Ended) and isinstance(two, Ended):
                assert one.at == pytest.approx(two.at, abs=1 / RATES[0])
                assert one.duration_s == pytest.approx(two.duration_s, abs=2 / RATES[0])


@given(
    samples=st.lists(st.tuples(st.floats(0.001, 3), st.floats(0, 1)), max_size=60),
    end=st.booleans(),
)
def test_starts_and_ends_alternate_and_keep_the_rules(
    samples: list[tuple[float, float]], end: bool
) -> None:
    decide, at, decided = SmileDecider(RULES), 0.0, []
    for gap, value in samples:
        at += gap
        decided += decide(at, value)
    if end:
        decided += decide.finish()
    kinds = [type(what) for what in decided]
    assert kinds == [Started, Ended] * (len(kinds) // 2) + [Started] * (len(kinds) % 2)
    last_end = -1e9
    for one, two in itertools.zip_longest(decided[::2], decided[1::2]):
        assert isinstance(one, Started)
        assert one.onset >= last_end + RULES.refractory_s - 1e-9
        if isinstance(two, Ended):
            assert two.duration_s >= RULES.min_duration_s - 1e-9
            assert two.at == pytest.approx(one.onset + two.duration_s)
            last_end = two.at


def test_a_smile_shorter_than_the_minimum_is_not_counted() -> None:
    assert play([(1, 0.0), (0.3, 1.0), (1, 0.0)], 50, 0) == []


def test_a_smile_is_told_once_it_lasted_the_minimum_and_dated_at_its_onset() -> None:
    decide = SmileDecider(SmileRules(0.7, 0.4, 0.0, 0.4, 0.5))
    told_at = next(t / 50 for t in range(100) if decide(t / 50, float(t >= 25)))
    assert told_at == pytest.approx(0.5 + 0.4, abs=1 / 50)
    (ended,) = decide(2.0, 1.0) + decide.finish()
    assert ended == Ended(at=2.0, duration_s=pytest.approx(1.5, abs=1 / 50), peak=1.0)


def test_between_the_thresholds_a_smile_goes_on_and_none_begins() -> None:
    assert play([(1, 0.0), (3, 0.55), (1, 0.0)], 15, 0) == []
    started, ended = play([(1, 0.0), (1, 1.0), (3, 0.55), (1, 0.0)], 15, 0)
    assert isinstance(started, Started)
    assert isinstance(ended, Ended)
    assert ended.duration_s > 3.5


def test_no_smile_begins_within_the_refractory_time() -> None:
    rules = SmileRules(0.7, 0.4, 0.0, 0.2, 2.0)
    decide = SmileDecider(rules)
    script = [(1, 0.0), (1, 1.0), (0.5, 0.0), (3, 1.0), (1, 0.0)]
    decided = [w for i in range(325) for w in decide(i / 50, probability(script, i / 50))]
    starts = [what.onset for what in decided if isinstance(what, Started)]
    ends = [what.at for what in decided if isinstance(what, Ended)]
    assert len(starts) == 2
    assert starts[1] == pytest.approx(ends[0] + 2.0)


def test_a_face_that_goes_ends_its_smile_with_the_last_sample() -> None:
    decide = SmileDecider(RULES)
    for i in range(30):
        decide(i / 15, 1.0)
    (ended,) = decide.finish()
    assert isinstance(ended, Ended)
    assert ended.at == pytest.approx(29 / 15)
    assert decide.finish() == []


def test_a_time_without_samples_is_no_time_of_smiling() -> None:
    decide = SmileDecider(RULES)
    decided = [what for i in range(30) for what in decide(i / 15, 1.0)]
    (ended,) = decide(600.0, 1.0)
    assert isinstance(decided[0], Started)
    assert isinstance(ended, Ended)
    assert ended.at == pytest.approx(29 / 15)
    assert decide.smile_s is None
    again = [what for i in range(30) for what in decide(600 + i / 15, 1.0)]
    assert [type(what) for what in again] == [Started]
    assert again[0].onset == pytest.approx(600)


def test_a_smile_that_goes_on_tells_how_long_and_how_high() -> None:
    decide = SmileDecider(SmileRules(0.7, 0.4, 0.0, 0.4, 0.5))
    for i in range(31):
        decide(i / 10, 0.0 if i < 10 else 0.8 if i < 20 else 0.9)
    assert decide.smile_s == pytest.approx(2.0, abs=0.1)
    assert decide.peak == 0.9


def test_smoothing_follows_a_ramp_the_same_at_every_rate() -> None:
    ends = []
    for fps in (5, 10, 50, 500):
        smooth = Smoother(0.3)
        for i in range(2 * fps + 1):
            value = smooth(i / fps, i / fps / 2)
        ends.append(value)
    assert ends == pytest.approx([ends[-1]] * 4, abs=1e-9)


def test_smoothing_of_nothing_gives_the_samples_themselves() -> None:
    smooth = Smoother(0)
    assert [smooth(i, v) for i, v in enumerate((0.1, 0.9, 0.3))] == [0.1, 0.9, 0.3]
