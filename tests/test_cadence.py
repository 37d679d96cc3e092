"""A model's own frame rate, whatever the camera's."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from edge.cadence import GAP_S, Cadence, RateWatch

WARNING = "pictures a second go through, the model has learned from"


def taken(fps: float, times: list[float]) -> list[tuple[float, float]]:
    """Frames that are due, with the time of the picture that each is given."""
    cadence, pairs, last = Cadence(fps), [], 0.0
    for at in times:
        pairs += [(due.at, last if due.is_last else at) for due in cadence(at)]
        last = at
    return pairs


def steps(camera_fps: float, seconds: float = 4.0) -> list[float]:
    return [7 + i / camera_fps for i in range(round(seconds * camera_fps))]


@pytest.mark.parametrize("camera", [8, 10, 15, 24, 25, 29.97, 30, 60])
@pytest.mark.parametrize("fps", [15, 25])
def test_as_many_frames_are_given_in_a_second_as_the_model_learned(
    camera: float, fps: float
) -> None:
    pairs = taken(fps, steps(camera))
    due = [at for at, _ in pairs]
    assert np.diff(due) == pytest.approx(1 / fps)
    assert len(due) == pytest.approx(4 * fps, abs=fps / camera + 1)
    # Each is the nearest picture there is.
    assert all(abs(at - picture) <= 0.5 / camera + 1e-9 for at, picture in pairs)


def test_a_camera_of_the_model_s_own_rate_gives_every_picture_once_though_it_jitters() -> None:
    noise = np.random.default_rng(3).uniform(-0.006, 0.006, 60)
    times = [i / 25 + float(noise[i]) for i in range(60)]
    given = [picture for _, picture in taken(25, times)]
    assert len(set(given)) >= 58
    assert len(given) == pytest.approx(60, abs=1)


def test_a_dropped_picture_is_replaced_by_those_around_it() -> None:
    times = [i / 25 for i in range(20) if i not in (8, 9, 10)]
    pairs = {round(at * 25): round(picture * 25) for at, picture in taken(25, times)}
    assert [pairs[i] for i in range(6, 13)] == [6, 7, 7, 7, 11, 11, 12] or [
        pairs[i] for i in range(6, 13)
    ] == [6, 7, 7, 11, 11, 11, 12]


def test_a_picture_that_comes_twice_is_no_frame() -> None:
    cadence = Cadence(25)
    assert len(cadence(1.0)) == 1
    assert cadence(1.0) == []


def test_only_a_long_pause_loses_what_was_said() -> None:
    cadence = Cadence(25)
    assert not cadence.is_lost(5.0)
    cadence(5.0)
    assert not cadence.is_lost(5.0 + GAP_S)
    assert cadence.is_lost(5.01 + GAP_S)
    cadence.reset()
    assert not cadence.is_lost(50.0)
    assert [due.at for due in cadence(50.0)] == [50.0]


@pytest.mark.parametrize(("camera", "warnings"), [(8, 1), (11, 0), (15, 0), (30, 0)])
def test_a_camera_far_too_slow_is_warned_of_once(
    camera: float, warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    watch = RateWatch(15)
    with caplog.at_level(logging.WARNING):
        for at in steps(camera, 20):
            watch(at)
    assert sum(WARNING in record.message for record in caplog.records) == warnings


def test_a_camera_that_was_away_is_not_slow(caplog: pytest.LogCaptureFixture) -> None:
    watch = RateWatch(15)
    for begin in range(0, 60, 4):
        for at in steps(15, 2):
            watch(begin + at)
    assert not caplog.records


@pytest.mark.parametrize("camera", [0.5, 2, 2.5])
def test_a_camera_whose_every_step_is_a_gap_is_slow_too(
    camera: float, caplog: pytest.LogCaptureFixture
) -> None:
    watch = RateWatch(15)
    for at in steps(camera, 60):
        watch(at)
    (warning,) = caplog.messages
    assert warning.startswith(f"words: {camera:.1f} {WARNING} 15")


def test_the_first_pictures_after_a_long_time_away_say_nothing_of_the_rate(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = RateWatch(15)
    for at in (0.0, 0.2, 60.0, 60.2, 60.4, 60.44, *(60.5 + i / 15 for i in range(200))):
        watch(at)
    assert caplog.messages == []


def test_a_clock_that_begins_anew_is_followed(caplog: pytest.LogCaptureFixture) -> None:
    watch = RateWatch(15)
    for at in (*steps(15), *(i / 8 for i in range(60))):
        watch(at)
    assert len(caplog.messages) == 1
