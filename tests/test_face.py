"""One face: when it is seen, covered, doubted, and how its looks' scores are taken."""

from __future__ import annotations

import pytest

from edge.face import Face
from tests.faces import SIZE, face_at

PLACE = complex(300, 200)


def face(score: float = 0.9, seconds: float = 2.0, fps: float = 15) -> Face:
    """A face that was looked at for a while, until time 0."""
    seen = face_at(PLACE)
    followed = Face(1, seen.box, seen.keypoints, -seconds, -seconds)
    for i in range(round(seconds * fps) + 1):
        look(followed, score, i / fps - seconds)
    return followed


def look(face: Face, score: float | None, at: float) -> None:
    """A look that finds it with a score, or in vain."""
    face.begin_look(at)
    if score is not None:
        face.look_found(face_at(PLACE, score=score), at)


def test_a_sweep_alone_does_not_keep_a_face_that_a_look_has_missed() -> None:
    followed = face()
    look(followed, None, 0.1)
    followed.sweep_found(face_at(PLACE, score=0.35), 0.1)
    assert (followed.here, followed.last_seen) == (False, 0)


def test_a_sweep_keeps_a_face_whose_turn_to_be_looked_at_has_not_come() -> None:
    followed = face()
    followed.sweep_found(face_at(PLACE), 0.5)
    assert (followed.here, followed.last_seen) == (True, 0.5)


def test_a_sweep_tells_where_to_look_for_a_face_that_was_missed() -> None:
    followed = face()
    for i in range(1, 4):
        look(followed, None, i / 15)
    followed.sweep_found(face_at(PLACE + 60), 0.2)
    assert followed.box.centre[0] > face_at(PLACE + 40).box.centre[0]


@pytest.mark.parametrize("between_s", [1 / 30, 1 / 5, 1.0])
@pytest.mark.parametrize(("drop", "most_s"), [(0.1, 0.0), (0.15, 2.0), (0.3, 6.0)])
def test_a_score_that_stays_lower_is_soon_usual_however_seldom_a_face_is_looked_at(
    between_s: float, drop: float, most_s: float
) -> None:
    followed = face()
    at = 0.0
    while at < 30:
        at += between_s
        look(followed, 0.9 - drop, at)
        if followed.clear:
            break
    assert at <= most_s + between_s


def test_the_time_in_which_a_face_was_looked_for_in_vain_makes_no_lower_score_usual() -> None:
    followed = face()
    for i in range(1, 21):
        look(followed, None, i / 15)
    for i in range(21, 24):
        look(followed, 0.76, i / 15)
        assert followed.here
        assert not followed.clear


def test_what_was_long_dubious_is_a_visitor_only_from_when_it_was_no_more() -> None:
    followed = face(score=0.6, seconds=100)
    moments = [i / 15 for i in range(1, 30)]
    for at in moments:
        look(followed, 0.9, at)
        if followed.sure:
            break
    followed.arrive()
    assert 0 < followed.first_seen < at < 1


@pytest.mark.parametrize("step_s", [0.0, -0.2])
def test_a_clock_that_stands_or_goes_back_is_survived(step_s: float) -> None:
    followed = face()
    for i in range(1, 6):
        at = i * step_s
        followed.expect(at, step_s, SIZE)
        look(followed, 0.95, at)
    assert followed.clear


def test_two_looks_at_the_same_moment_make_no_face_run_away() -> None:
    seen = face_at(PLACE)
    followed = Face(1, seen.box, seen.keypoints, 0, 0)
    for off in (0, 3):
        followed.begin_look(0)
        followed.look_found(face_at(PLACE + off), 0)
    followed.expect(0.04, 0.04, SIZE)
    assert abs(complex(*followed.box.centre) - complex(*seen.box.centre)) < 20
