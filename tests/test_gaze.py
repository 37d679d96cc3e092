"""Where the detector looks: how often at the whole picture, how often and where at known faces."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import profiles
from edge.detection import Box
from edge.errors import SettingsError
from edge.face import Face
from edge.gaze import SMALLEST_PX, Gaze, around, surroundings
from edge.govern import Governor
from edge.profiles import Profile
from tests.faces import face_at, tracker_with

SIZE = (640, 480)


def sweeps(gaze: Gaze, frames: int) -> list[int]:
    """The frames of the next ones in which the whole picture is looked at."""
    return [i for i in range(frames) if gaze(0)[0]]


def looks(gaze: Gaze, frames: int, faces: int) -> list[int]:
    """How many faces are looked at in each of the next frames."""
    return [gaze(faces)[1] for _ in range(frames)]


@pytest.mark.parametrize("interval", [1, 2, 5, 12])
def test_the_first_frame_and_every_nth_after_it_is_swept(interval: int) -> None:
    assert sweeps(Gaze(interval), 60) == list(range(0, 60, interval))


@pytest.mark.parametrize(
    ("rate", "faces", "often"),
    [
        (0.34, 1, 0.34),
        (0.34, 3, 0.34),
        (0.5, 1, 0.5),
        (1, 1, 1),
        (1, 4, 1),
        (1.5, 4, 1.5),
        (3, 2, 2),
        (8, 8, 8),
    ],
)
def test_faces_are_looked_at_as_often_as_asked_and_none_twice_in_a_frame(
    rate: float, faces: int, often: float
) -> None:
    gaze = Gaze(5, rate)
    told = looks(gaze, 300, faces)
    assert max(told) <= faces
    for frames in (30, 100, 300):
        assert sum(told[:frames]) == pytest.approx(often * frames, abs=1)


def test_half_a_look_a_frame_is_one_in_every_second() -> None:
    assert looks(Gaze(5, 0.5), 8, 1) == [0, 1] * 4


@pytest.mark.parametrize(("rate", "wait"), [(0.1, 11), (0.34, 3), (0.5, 2)])
def test_no_face_waits_longer_than_its_share(rate: float, wait: int) -> None:
    told = looks(Gaze(5, rate), 200, 1)
    for i in range(200 - wait):
        assert sum(told[i : i + wait]) >= 1


@pytest.mark.parametrize("profile", profiles.load_all().values(), ids=lambda p: p.name)
def test_no_board_gives_way_so_far_that_faces_are_not_looked_at(profile: Profile) -> None:
    """A face that is missed for the leaving time has left."""
    governor, gaze, at = Governor(profile), Gaze(profile.detect_interval, profile.looks), 0.0
    told = [profile.looks]
    while at < 1000:
        if governor(at, load=2.0):
            gaze.pace(governor.detect_interval, governor.looks)
            told.append(governor.looks)
            in_a_second = looks(gaze, int(profile.target_fps), governor.faces_max)
            assert sum(in_a_second) >= int(governor.looks * profile.target_fps) >= 4
        at += 1
    assert told == sorted(told, reverse=True)
    assert 0 < told[-1] < told[0]


def test_a_board_that_never_looks_at_faces_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blind.toml").write_text("looks = 0\n")
    with pytest.raises(SettingsError, match=r"looks: must be from 0\.1 to 32"):
        profiles.load(tmp_path / "blind.toml")


def test_looks_that_nobody_needed_are_not_made_up_for() -> None:
    gaze = Gaze(5, 2)
    looks(gaze, 100, 0)
    assert sum(looks(gaze, 10, 4)) <= 2 * 10 + 1


def test_a_slower_pace_counts_from_the_last_sweep() -> None:
    gaze = Gaze(2)
    assert sweeps(gaze, 3) == [0, 2]
    gaze.pace(6, 1)
    assert sweeps(gaze, 20)[1:] == [7, 13, 19]


def test_a_faster_pace_does_not_wait_for_the_slow_ones_turn() -> None:
    gaze = Gaze(60, 0.1)
    gaze(4)
    gaze.pace(3, 4)
    told = [gaze(4) for _ in range(12)]
    first, *_ = swept = [i for i, (sweep, _) in enumerate(told) if sweep]
    assert first <= 3
    assert {later - one for one, later in pairwise(swept)} == {3}
    assert [many for _, many in told] == [4] * 12


def test_after_a_reset_the_next_frame_is_swept() -> None:
    gaze = Gaze(5)
    assert sweeps(gaze, 3) == [0]
    gaze.reset()
    assert sweeps(gaze, 6) == [0, 5]


def test_the_surroundings_are_a_square_of_two_face_widths_around_the_face() -> None:
    assert around(Box(300, 200, 80, 60), 2, SIZE) == (260, 150, 420, 310)


def test_the_surroundings_end_where_the_picture_ends() -> None:
    assert around(Box(-20, 440, 80, 80), 2, SIZE) == (0, 400, 100, 480)
    assert around(Box(100, 100, 2000, 2000), 2, SIZE) == (0, 0, *SIZE)


@pytest.mark.parametrize(
    "box",
    [
        Box(-200, 100, 80, 80),
        Box(800, 100, 80, 80),
        Box(100, -200, 80, 80),
        Box(100, 600, 80, 80),
        Box(-117, 100, 80, 80),  # three columns of its surroundings are inside
        Box(100, 100, 2, 2),
    ],
    ids=str,
)
def test_there_is_nothing_to_look_at_outside_the_picture(box: Box) -> None:
    assert around(box, 2, SIZE) is None


PLACES = st.floats(-2000, 2000)


@given(PLACES, PLACES, st.floats(0.1, 3000), st.floats(1, 4))
def test_every_part_lies_inside_the_picture(x: float, y: float, width: float, wide: float) -> None:
    part = around(Box(x, y, width, width), wide, SIZE)
    if part is not None:
        left, top, right, bottom = part
        assert 0 <= left <= right - SMALLEST_PX
        assert right <= SIZE[0]
        assert 0 <= top <= bottom - SMALLEST_PX
        assert bottom <= SIZE[1]
        assert all(type(side) is int for side in part)


def width_of_surroundings(face: Face, at: float) -> float:
    part = surroundings(face, at, SIZE)
    assert part is not None
    return (part[2] - part[0]) / face.box.width


def test_the_longer_a_face_is_missed_the_wider_it_is_looked_for() -> None:
    _, face = tracker_with(face_at(320 + 240j, eyes=24))
    widths = [width_of_surroundings(face, at) for at in (0, 0.25, 0.5, 1.0, 5.0)]
    assert widths == pytest.approx([2, 2.5, 3, 4, 4], abs=0.05)


def test_a_face_that_has_gone_out_of_the_picture_is_not_looked_for() -> None:
    _, face = tracker_with(face_at(320 + 240j))
    face.box = Box(-300, 200, 100, 100)
    assert surroundings(face, 0, SIZE) is None
