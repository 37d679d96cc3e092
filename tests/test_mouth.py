"""A mouth's shape: the same at every frame rate, steady, and told soon."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.mouth import LONGEST_GAP_S, Changed, MouthDecider, MouthRules
from edge.shapes import SHAPES, Shown

RULES = MouthRules()
RAMP_S = 0.08  # in which one shape goes over into the next
GAPS = dict(zip(SHAPES, (0.03, 0.09, 0.2, 0.4, 0.15, 0.06), strict=True))
Script = list[tuple[str, float]]  # shapes and seconds
# Five frames a second show every part of a script that is not shorter.
SCRIPTS = st.lists(st.tuples(st.sampled_from(SHAPES), st.floats(0.6, 2.0)), min_size=1, max_size=6)


def shown(weights: dict[str, float], opening: float = 0.03) -> Shown:
    rest = (1 - sum(weights.values())) / (len(SHAPES) - len(weights))
    return Shown(opening, tuple(weights.get(shape, rest) for shape in SHAPES))


def in_script(script: Script, at: float) -> Shown:
    """What a mouth shows at a moment: shapes that go over into each other."""
    before = script[0][0]
    for shape, seconds in script:
        if at < seconds:
            share = min(1.0, at / RAMP_S)
            weights = dict.fromkeys(SHAPES, 0.02)
            weights[before] += 0.88 * (1 - share)
            weights[shape] += 0.88 * share
            gap = GAPS[before] + share * (GAPS[shape] - GAPS[before])
            return Shown(gap, tuple(weights.values()))
        at -= seconds
        before = shape
    return in_script([script[-1]], 0)


def play(script: Script, fps: float, shift: float = 0.0) -> list[Changed]:
    decide, length = MouthDecider(RULES), sum(seconds for _, seconds in script) + 0.4
    moments = itertools.takewhile(lambda at: at < length, (shift + i / fps for i in range(10_000)))
    told = (decide(at, in_script(script, at)) for at in moments)
    return [changed for changed in told if changed]


@settings(deadline=None)  # it says nothing of time, and a busy machine may take long
@given(script=SCRIPTS, shift=st.floats(0, 0.19))
def test_the_same_script_gives_the_same_shapes_at_every_frame_rate(
    script: Script, shift: float
) -> None:
    slow, middle, fast = (play(script, fps, shift) for fps in (5, 25, 50))
    due = [shape for shape, _ in itertools.groupby(shape for shape, _ in script)]
    assert [c.shape for c in fast] == [c.shape for c in middle] == [c.shape for c in slow] == due
    for one, two, three in zip(slow, middle, fast, strict=True):
        assert one.at == pytest.approx(three.at, abs=1 / 5)
        assert two.at == pytest.approx(three.at, abs=1 / 25)


WEIGHTS = st.lists(st.floats(0.01, 1), min_size=len(SHAPES), max_size=len(SHAPES))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 0.9), WEIGHTS, st.floats(-0.1, 0.7)), max_size=60))
def test_whatever_a_mouth_shows_the_rules_are_kept(
    samples: list[tuple[float, list[float], float]],
) -> None:
    decide, at, before = MouthDecider(RULES), 100.0, None
    for gap, weights, opening in samples:
        at += gap
        total = sum(weights)
        changed = decide(at, Shown(opening, tuple(w / total for w in weights)))
        assert 0 <= decide.opening <= 1
        assert sum(decide.weights) == pytest.approx(1)
        assert min(decide.weights) >= -1e-9
        if changed is None:
            assert before is not None
            assert decide.shape == before.shape
            continue
        assert decide.shape == changed.shape
        assert decide.weights == changed.weights
        assert changed.at <= at
        if before is not None:
            assert changed.shape != before.shape
            assert changed.at >= before.at + RULES.hold_s - 1e-9
        before = changed


def test_nothing_changes_where_no_other_shape_leads_by_the_margin() -> None:
    decide = MouthDecider(RULES)
    assert decide(0.0, shown({"closed": 0.4, "narrow": 0.35}))
    for i in range(1, 250):
        lead = RULES.margin * (0.9 if i // 10 % 2 else -0.9)
        weights = {"closed": 0.4 - lead / 2, "narrow": 0.4 + lead / 2}
        assert decide(i / 25, shown(weights)) is None


def test_a_still_mouth_must_show_another_shape_more_clearly_than_one_that_moves() -> None:
    """The same weights in the end: reached in five seconds, or at once."""
    end = {"closed": 0.35, "narrow": 0.55}

    def last_of(seconds: float) -> str:
        decide = MouthDecider(RULES)
        for i in range(25 * 8):
            share = min(1.0, max(0.0, i / 25 - 2) / seconds)
            closed = 0.6 + share * (end["closed"] - 0.6)
            decide(i / 25, shown({"closed": closed, "narrow": 0.9 - closed}))
        return decide.shape

    assert last_of(5.0) == "closed"
    quick = MouthDecider(RULES)
    for i in range(50):
        quick(i / 25, shown({"closed": 0.95}))
    for i in range(50, 60):
        quick(i / 25, shown(end))
    assert quick.shape == "narrow"


def test_a_shape_is_held_and_what_leads_then_follows_it_at_once() -> None:
    rules = MouthRules(smoothing_s=0.0, hold_s=0.2)
    decide, told = MouthDecider(rules), []
    for i in range(50):
        shape = "closed" if i < 10 else "open" if i < 12 else "puckered"
        if changed := decide(i / 50, shown({shape: 0.9})):
            told.append(changed)
    assert [c.shape for c in told] == ["closed", "open", "puckered"]
    assert told[1].at == pytest.approx(10 / 50, abs=1 / 50)
    assert told[2].at == pytest.approx(told[1].at + 0.2)


def test_a_flicker_shorter_than_the_hold_after_a_change_is_not_told() -> None:
    rules = MouthRules(smoothing_s=0.0, hold_s=0.2)
    decide = MouthDecider(rules)
    shapes = ["closed"] * 20 + ["open"] * 3 + ["rounded"] * 3 + ["open"] * 20
    told = [decide(i / 50, shown({shape: 0.9})) for i, shape in enumerate(shapes)]
    assert [c.shape for c in told if c] == ["closed", "open"]


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_a_change_is_told_within_eighty_milliseconds_at_25_frames_a_second(shape: str) -> None:
    """From the moment at which it shows as much of the new shape as of the old one."""
    delays = []
    for shift in np.arange(0, 0.04, 0.002):
        decide, at = MouthDecider(RULES), float(shift)
        script = [("closed", 1.0), (shape, 1.0)]
        while decide.shape != shape:
            decide(at, in_script(script, at))
            at += 1 / 25
        delays.append(at - 1 / 25 - (1.0 + RAMP_S / 2))
    assert 0 < statistics.median(delays) < 0.08
    assert max(delays) < 0.1


def test_after_a_long_time_without_samples_a_mouth_begins_anew() -> None:
    decide = MouthDecider(RULES)
    for i in range(25):
        decide(i / 25, shown({"closed": 0.95}))
    at = 24 / 25 + LONGEST_GAP_S
    changed = decide(at, shown({"wide_open": 0.95}, 0.5))
    assert changed
    assert (changed.shape, changed.at) == ("wide_open", at)
    assert decide.opening == 1
    assert decide(at + 2 * LONGEST_GAP_S, shown({"wide_open": 0.9})) is None


def test_a_shorter_time_without_samples_is_bridged() -> None:
    decide = MouthDecider(RULES)
    decide(0.0, shown({"closed": 0.95}))
    changed = decide(LONGEST_GAP_S - 0.01, shown({"wide_open": 0.95}))
    assert changed
    assert 0 < changed.at < LONGEST_GAP_S - 0.01


def test_the_first_sample_tells_the_first_shape() -> None:
    decide = MouthDecider(RULES)
    assert (decide.shape, decide.opening) == ("closed", 0)
    changed = decide(3.0, shown({"closed": 0.8}))
    assert changed
    assert (changed.shape, changed.at) == ("closed", 3.0)


def rested(gaps: list[float], fps: float = 25) -> MouthDecider:
    """A mouth that was open so far, frame by frame."""
    decide = MouthDecider(RULES)
    for i, gap in enumerate(gaps):
        decide(i / fps, shown({"closed": 0.9}, gap))
    return decide


@pytest.mark.parametrize("rest", [0.0, 0.01, 0.03, 0.05, 0.08])
def test_a_mouth_at_its_own_rest_is_not_open(rest: float) -> None:
    noise = np.random.default_rng(5).normal(0, 0.004, 25 * 30)
    assert rested([rest + float(x) for x in noise]).opening < 0.03


def test_a_mouth_that_is_always_open_is_not_taken_to_rest() -> None:
    decide = rested([0.4] * 25 * 60)
    assert decide.opening == 1
    assert rested([0.2] * 25 * 60).opening > 0.3


def test_talking_does_not_raise_the_resting_gap() -> None:
    """A mouth that opens and closes without end comes back to 0."""
    gaps = [0.03 + 0.2 * max(0.0, np.sin(i / 25 * 2 * np.pi * 3)) for i in range(25 * 60)]
    decide = rested([*map(float, gaps), *[0.03] * 10])
    assert decide.opening < 0.02


def test_the_opening_grows_with_the_gap_and_ends_at_one() -> None:
    openings = [rested([0.03] * 50 + [gap] * 20).opening for gap in np.arange(0.03, 0.6, 0.01)]
    assert openings == sorted(openings)
    assert openings[0] == pytest.approx(0, abs=0.02)
    assert openings[-1] == 1


@pytest.mark.parametrize("fps", [5, 50])
def test_the_opening_is_the_same_at_every_frame_rate(fps: int) -> None:
    def at_the_end(fps: int) -> float:
        decide = MouthDecider(RULES)
        for i in range(4 * fps + 1):
            decide(i / fps, shown({"open": 0.9}, 0.06 + 0.05 * i / fps))
        return decide.opening

    assert at_the_end(fps) == pytest.approx(at_the_end(25), abs=0.01)
