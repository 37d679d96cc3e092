"""Tracks: stable numbers through missed frames, arrivals and departures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from edge.detection import Box, Detection, Keypoints
from edge.gaze import Gaze
from edge.track import SPARE, Look, Tracker, Tracks


def seen(x: float, y: float = 100, width: float = 80) -> Detection:
    """A detection whose box is centred at a place."""
    left, top = x - width / 2, y - width / 2
    eyes, mouth = complex(x, y - width / 8), complex(x, y + width / 4)
    points = Keypoints(eyes - width / 5, eyes + width / 5, complex(x, y), mouth)
    return Detection(Box(left, top, width, width), points, 0.9)


def tracker(faces_max: int = 4) -> Tracker:
    return Tracker(arrive_s=0.5, leave_s=1.0, faces_max=faces_max)


def see(track: Tracker, detections: Sequence[Detection], at: float) -> Tracks:
    """A frame in which a sweep, and a look at every known face, find what there is."""
    track.expect(at, (640, 480))
    return track(detections, [Look(face, detections) for face in track.due(99)])


def ids(tracks: Tracks) -> list[int]:
    return [face.track_id for face in tracks.faces]


@pytest.mark.parametrize("fps", [5, 15, 50])
def test_a_face_arrives_after_the_arrival_time_whatever_the_frame_rate(fps: int) -> None:
    track = tracker()
    arrivals = [
        (i / fps, face.first_seen)
        for i in range(2 * fps)
        for face in see(track, [seen(100)], i / fps).arrived
    ]
    ((told_at, first_seen),) = arrivals
    assert told_at == pytest.approx(0.5, abs=1 / fps)
    assert first_seen == 0


def test_a_face_keeps_its_number_through_missed_frames() -> None:
    track = tracker()
    for i in range(30):
        tracks = see(track, [] if 10 <= i < 22 else [seen(100 + i)], i / 15)
        assert ids(tracks) == [1]
        assert [face.here for face in tracks.faces] == [not 10 <= i < 22]


def test_a_face_leaves_after_the_leaving_time_and_its_dwell_ends_at_last_sight() -> None:
    track = tracker()
    left = []
    for i in range(60):
        left += see(track, [seen(100)] if i <= 30 else [], i / 15).left
    (face,) = left
    assert face.dwell_s == pytest.approx(2.0)


def test_a_false_detection_of_one_frame_never_arrives() -> None:
    track = tracker()
    for i in range(60):
        tracks = see(track, [seen(300)] if i == 3 else [], i / 15)
        assert tracks.arrived == []
        assert tracks.left == []
    assert tracks.faces == []


def test_two_faces_side_by_side_keep_their_numbers_in_whatever_order_they_are_found() -> None:
    track = tracker()
    for i in range(30):
        both = [seen(100 + i), seen(250 - i)]
        tracks = see(track, both[:: -1 if i % 2 else 1], i / 15)
        places = {face.track_id: face.box.centre[0] for face in tracks.faces}
        assert set(places) == {1, 2}
        if i == 0:
            first = places
    assert (first[1] < first[2]) == (places[1] < places[2])


def test_a_new_face_far_away_gets_a_new_number_that_was_never_used() -> None:
    track = Tracker(arrive_s=0.5, leave_s=1.0, faces_max=4, first_id=41)
    assert ids(see(track, [seen(100)], 0)) == [41]
    assert ids(see(track, [seen(100)], 0.1)) == [41]
    assert ids(see(track, [seen(400)], 0.2)) == [41, 42]
    assert ids(see(track, [seen(400)], 6)) == [43]


def test_what_the_first_close_look_does_not_find_was_nothing() -> None:
    track = tracker()
    track.expect(0, (640, 480))
    assert ids(track([seen(300)], [])) == [1]
    track.expect(0.04, (640, 480))
    assert ids(track([], [Look(track.due(1)[0], [])])) == []


def test_what_no_look_has_found_never_arrives() -> None:
    track = tracker()
    for i in range(60):
        track.expect(i / 15, (640, 480))
        assert track([seen(300)], []).arrived == []


def test_a_look_finds_a_new_face_by_the_way_only_when_it_is_sure() -> None:
    for score, numbers in ((0.6, [1]), (0.8, [1, 2])):
        track = tracker()
        track.expect(0, (640, 480))
        track([seen(300)], [])
        track.expect(0.04, (640, 480))
        (face,) = track.due(1)
        beside = replace(seen(450), score=score)
        assert ids(track([], [Look(face, [seen(300), beside])])) == numbers


def test_a_face_that_something_passes_before_is_not_clear_and_goes_on_as_it_went() -> None:
    track = tracker()
    for i in range(25):
        see(track, [seen(100 + 4 * i)], i / 25)
    for i in range(25, 35):
        shrunk = replace(seen(190, width=50), score=0.7)  # the part of it that can be seen
        (face,) = see(track, [shrunk], i / 25).faces
        assert face.here
        assert not face.clear
        assert face.box.centre[0] == pytest.approx(100 + 4 * i, abs=6)
        assert face.box.width == pytest.approx(80, abs=1)
    (face,) = see(track, [seen(240)], 35 / 25).faces
    assert face.clear


def test_what_shows_of_a_hidden_face_is_no_new_one() -> None:
    track = tracker()
    for i in range(15):
        see(track, [seen(200)], i / 15)
    for i in range(15, 20):
        see(track, [], i / 15)
    tracks = see(track, [replace(seen(250, width=30), score=0.75)], 20 / 15)
    assert ids(tracks) == [1]


def test_of_too_many_faces_the_largest_arrive() -> None:
    track = tracker(faces_max=2)
    for i in range(30):
        tracks = see(track, [seen(50, width=30), seen(200), seen(400, width=120)], i / 15)
    assert [face.box.width for face in tracks.faces if face.arrived] == [120, 80]


def test_a_pattern_that_looks_are_never_sure_of_does_not_arrive() -> None:
    track = tracker()
    for i in range(200):
        at_best = replace(seen(300), score=0.6 + 0.1 * (i % 3))
        assert see(track, [at_best], i / 15).arrived == []


def test_what_never_arrives_gives_its_place_to_a_visitor() -> None:
    track = tracker(faces_max=1)
    patterns = [replace(seen(60 + 130 * i, width=40), score=0.6) for i in range(4)]
    for i in range(60):
        see(track, patterns, i / 15)
    arrived = [
        face
        for i in range(60, 90)
        for face in see(track, [*patterns, seen(300, y=300)], i / 15).arrived
    ]
    assert len(arrived) == 1


def test_a_face_narrower_than_the_smallest_share_of_the_width_is_not_followed() -> None:
    """A tenth of 640 pixels."""
    track = Tracker(arrive_s=0.5, leave_s=1.0, faces_max=4, smallest=0.1)
    for i in range(20):
        tracks = see(track, [seen(100, width=62), seen(400, width=66)], i / 15)
        assert [face.box.width for face in tracks.faces] == [66]
    assert tracks.faces[0].arrived


def test_one_that_comes_near_is_followed_from_then_on_and_still_when_it_goes_away() -> None:
    track = Tracker(arrive_s=0.5, leave_s=1.0, faces_max=4, smallest=0.1)
    followed = {}
    for i in range(90):
        width = 40 + i if i < 45 else 130 - i
        tracks = see(track, [seen(300, width=width)], i / 15)
        followed[i] = len(tracks.faces)
    assert [i for i in followed if followed[i]] == list(range(24, 90))
    assert ids(tracks) == [1]


def test_faces_of_any_size_are_followed_by_default() -> None:
    assert ids(see(tracker(), [seen(100, width=6)], 0)) == [1]


def test_a_long_pause_between_frames_ends_all_visits() -> None:
    track = tracker()
    for i in range(10):
        see(track, [seen(100)], i / 10)
    tracks = see(track, [seen(100)], 60)
    assert [face.track_id for face in tracks.left] == [1]
    assert ids(tracks) == [2]


def test_a_face_that_nobody_looked_at_stays() -> None:
    track = tracker()
    see(track, [seen(100)], 0)
    track.expect(3.0, (640, 480))
    tracks = track([], [])
    assert ids(tracks) == [1]
    assert tracks.faces[0].here
    assert (tracks.arrived, tracks.left) == ([], [])


def test_between_looks_a_face_goes_on_as_it_went() -> None:
    track = tracker()
    for i in range(30):
        see(track, [seen(100 + 4 * i)], i / 25)
    for i in range(30, 35):
        track.expect(i / 25, (640, 480))
        (face,) = track([], []).faces
        assert face.box.centre[0] == pytest.approx(100 + 4 * i, abs=3)
        assert face.keypoints.nose.real == pytest.approx(100 + 4 * i, abs=3)


def test_the_face_that_was_looked_at_the_longest_ago_is_next() -> None:
    track = tracker()
    places = [seen(100), seen(300), seen(500)]
    see(track, places, 0)
    turns = []
    for i in range(1, 7):
        track.expect(i / 25, (640, 480))
        (face,) = track.due(1)
        turns.append(face.track_id)
        track([], [Look(face, [places[face.track_id - 1]])])
    assert sorted(turns[:3]) == [1, 2, 3]
    assert turns[:3] == turns[3:]


@pytest.mark.parametrize(("fps", "faces"), [(5, 5), (15, 8), (25, 3), (3, 4)])
def test_every_face_has_its_turn_however_few_looks_there_are(fps: int, faces: int) -> None:
    track = tracker(faces_max=faces)
    places = [seen(40 + 80 * i, width=50) for i in range(faces)]
    see(track, places, 0)
    turns = []
    for i in range(1, 6 * faces + 1):
        track.expect(i / fps, (640, 480))
        (face,) = track.due(1)
        turns.append(face.track_id)
        track([], [Look(face, places)])
    assert {turns.count(number) for number in range(1, faces + 1)} == {6}


def test_two_that_cross_keep_their_numbers_though_one_is_hidden_for_half_a_second() -> None:
    track = tracker()
    for i in range(76):
        right, left = seen(100 + 5 * i), seen(475 - 5 * i, width=70)
        hidden = abs(right.box.centre[0] - left.box.centre[0]) < 62
        tracks = see(track, [right] if hidden else [right, left], i / 25)
    places = {face.track_id: face.box.centre[0] for face in tracks.faces}
    assert places == {1: pytest.approx(475, abs=3), 2: pytest.approx(100, abs=3)}


@pytest.mark.parametrize("fps", [5, 15, 50])
def test_a_face_that_crosses_the_picture_is_one_whatever_the_frame_rate(fps: int) -> None:
    track = tracker()
    speed = 4 * 80  # four face widths a second
    for i in range(2 * fps):
        assert ids(see(track, [seen(50 + speed * i / fps)], i / fps)) == [1]


def test_a_stall_of_the_daemon_makes_no_second_visitor() -> None:
    track = tracker()
    moments = [i / 15 for i in range(30)] + [1.9 + 3 + i / 15 for i in range(30)]
    results = [see(track, [seen(100)], at) for at in moments]
    assert sum(len(tracks.arrived) for tracks in results) == 1
    assert [face for tracks in results for face in tracks.left] == []


def test_a_leaving_time_below_the_time_between_frames_loses_no_face() -> None:
    track = Tracker(arrive_s=0.5, leave_s=0.1, faces_max=4)
    assert {tuple(ids(see(track, [seen(100)], i / 5))) for i in range(20)} == {(1,)}


@pytest.mark.parametrize(
    "box",
    [
        Box(100, 100, 0, 0),
        Box(100, 100, -80, -80),
        Box(math.nan, 100, 80, 80),
        Box(100, math.inf, 80, 80),
        Box(100, 100, math.inf, math.inf),
    ],
)
def test_what_has_no_size_or_place_is_no_face(box: Box) -> None:
    track = tracker()
    for i in range(20):
        assert ids(see(track, [replace(seen(300), box=box), seen(300)], i / 15)) == [1]


def test_points_without_a_place_are_no_face_s() -> None:
    nowhere = replace(seen(300).keypoints, mouth=complex(math.nan, 0))
    assert ids(see(tracker(), [replace(seen(300), keypoints=nowhere)], 0)) == []


def paced(
    track: Tracker,
    there: Callable[[float], tuple[list[Detection], list[Detection]]],
    looks: float,
    fps: float,
    seconds: float,
) -> list[tuple[float, int]]:
    """When which face arrives: sweeps in every fifth frame, and looks find what sweeps and looks
    are said to find."""
    gaze, arrivals = Gaze(5, looks), []
    for i in range(round(seconds * fps)):
        swept, looked = there(i / fps)
        track.expect(i / fps, (640, 480))
        sweeps, most = gaze(len(track.faces))
        found = [
            Look(face, [d for d in looked if abs(d.box.centre[0] - face.box.centre[0]) < 80])
            for face in track.due(most)
        ]
        tracks = track(swept if sweeps else [], found)
        arrivals += [(i / fps, face.track_id) for face in tracks.arrived]
    return arrivals


@pytest.mark.parametrize(("looks", "fps"), [(0.34, 5), (0.34, 15), (1.0, 2)])
def test_a_new_face_has_its_turn_beside_one_that_waits_long(looks: float, fps: float) -> None:
    def there(at: float) -> tuple[list[Detection], list[Detection]]:
        faces = [seen(100)] if at < 5 else [seen(100), seen(400)]
        return faces, faces

    arrivals = paced(tracker(), there, looks, fps, 12)
    assert len(arrivals) == 2


@pytest.mark.parametrize(("looks", "fps"), [(1.0, 15), (0.34, 15), (0.34, 5)])
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_visitor_arrives_among_many_patterns(looks: float, fps: float, confirmed: bool) -> None:
    """Larger ones than the visitor, which looks find, but are not sure of, or do not find."""

    def there(at: float) -> tuple[list[Detection], list[Detection]]:
        patterns = [replace(seen(40 + 110 * i, width=90), score=0.6) for i in range(5)]
        visitor = [seen(600, width=60)] if at > 3 else []
        return [*patterns, *visitor], [*(patterns if confirmed else []), *visitor]

    assert len(paced(tracker(faces_max=2), there, looks, fps, 15)) == 1


def test_a_visitor_arrives_beside_as_many_posters_as_there_is_room_for() -> None:
    track = Tracker(arrive_s=0.5, leave_s=1.0, faces_max=1, still_s=3.0)
    posters = [seen(60 + 120 * i, width=60) for i in range(1 + SPARE)]

    def there(at: float) -> tuple[list[Detection], list[Detection]]:
        mover = [seen(560 + 12 * math.sin(2 * at))] if at > 5 else []
        return posters + mover, posters + mover

    assert len(paced(track, there, 4, 15, 12)) == 1


@pytest.mark.parametrize("between_s", [0.6, 1.8])
def test_one_look_in_vain_ends_no_visit_however_seldom_looks_are(between_s: float) -> None:
    track = tracker()
    for i in range(12):
        at = i * between_s
        tracks = see(track, [] if i in (5, 9) else [seen(100)], at)
        assert ids(tracks) == [1]
    assert see(track, [], at + between_s).left == []
    assert len(see(track, [], at + 2 * between_s).left) == 1


def test_what_nobody_could_look_at_for_so_long_as_it_would_be_known_has_left() -> None:
    track = tracker()
    for i in range(10):
        see(track, [seen(100)], i / 10)
    track.expect(5.8, (640, 480))
    assert track([], []).left == []
    track.expect(6.0, (640, 480))
    (left,) = track([], []).left
    assert left.dwell_s == pytest.approx(0.9)


def test_a_visitor_that_only_sweeps_still_find_has_left() -> None:
    track = tracker()
    for i in range(15):
        see(track, [seen(300)], i / 15)
    left = []
    for i in range(15, 60):
        track.expect(i / 15, (640, 480))
        what_is_there_now = [replace(seen(300), score=0.35)]
        left += track(what_is_there_now, [Look(face, []) for face in track.due(99)]).left
    (face,) = left
    assert face.dwell_s == pytest.approx(14 / 15)


def test_who_steps_before_a_pattern_has_not_been_there_as_long_as_it() -> None:
    track = tracker()
    pattern, person = replace(seen(300), score=0.6), seen(305)
    scene = [pattern] * 600 + [person] * 30
    (face,) = [f for i, found in enumerate(scene) for f in see(track, [found], i / 15).arrived]
    assert face.first_seen == pytest.approx(40, abs=1)
