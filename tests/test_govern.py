"""The governor: gives way when a board is too slow, and comes back."""

from __future__ import annotations

from edge.govern import COME_BACK_AFTER_S, GIVE_WAY_AFTER_S, STEPS, Governor
from edge.profiles import Profile

PROFILE = Profile(name="board", detect_interval=2, looks=3, faces_max=4)


def feed(
    governor: Governor, began: float, seconds: float, load: float, throttled: bool = False
) -> list[float]:
    """A load once a second; gives when something changed."""
    moments = [began + i for i in range(int(seconds) + 1)]
    return [at for at in moments if governor(at, load, throttled)]


def test_it_does_nothing_while_the_target_is_held() -> None:
    governor = Governor(PROFILE)
    assert feed(governor, 0, 1000, 0.9) == []
    assert (governor.detect_interval, governor.looks, governor.faces_max) == (2, 3, 4)
    assert governor.changed == ()


def test_a_short_overload_is_borne() -> None:
    governor = Governor(PROFILE)
    for i in range(20):
        assert feed(governor, 10 * i, GIVE_WAY_AFTER_S - 1, 3.0) == []
        assert feed(governor, 10 * i + 5, 2, 0.5) == []


def test_a_lasting_overload_gives_way_step_by_step_to_the_last() -> None:
    governor = Governor(PROFILE)
    changes = feed(governor, 0, 60, 2.0)
    assert len(changes) == len(STEPS) - 1
    assert changes[0] == GIVE_WAY_AFTER_S
    assert (governor.detect_interval, governor.looks, governor.faces_max) == (12, 0.34, 1)
    assert governor.changed == (
        "detect_interval 12 instead of 2",
        "looks 0.34 instead of 3",
        "faces_max 1 instead of 4",
    )


def test_a_board_that_throttles_gives_way_earlier() -> None:
    assert feed(Governor(PROFILE), 0, 10, 0.7) == []
    assert feed(Governor(PROFILE), 0, 5, 0.7, throttled=True) == [GIVE_WAY_AFTER_S]


def test_it_comes_back_when_there_is_time_again() -> None:
    governor = Governor(PROFILE)
    feed(governor, 0, GIVE_WAY_AFTER_S, 2.0)
    assert feed(governor, 10, COME_BACK_AFTER_S, 0.3) == [10 + COME_BACK_AFTER_S]
    assert governor.changed == ()


def test_coming_back_in_vain_makes_it_wait_longer() -> None:
    governor, at, waits = Governor(PROFILE), 0.0, []
    feed(governor, at, GIVE_WAY_AFTER_S, 2.0)
    for _ in range(8):
        at += 10
        (back,) = feed(governor, at, 700, 0.3)
        waits.append(back - at)
        at = back + 1
        feed(governor, at, GIVE_WAY_AFTER_S, 2.0)
        at += GIVE_WAY_AFTER_S
    assert waits == [30, 60, 120, 240, 480, 600, 600, 600]


def test_a_profile_of_one_face_is_not_given_more() -> None:
    governor = Governor(Profile(name="small", faces_max=1))
    feed(governor, 0, 60, 2.0)
    assert governor.faces_max == 1
    assert governor.changed == ("detect_interval 6 instead of 1", "looks 0.34 instead of 1")
