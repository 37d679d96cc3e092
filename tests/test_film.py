"""From what was seen of faces in a video's frames to their cues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import pytest

from edge.cues import Cue
from edge.detection import Box
from edge.events import VisemeChanged
from edge.film import BRIDGED_S, Film, follow
from edge.frame import Frame
from edge.pipeline import MouthSeen, Seen, SeenFace
from edge.shapes import SHAPES
from tests.fakes import picture

BEGAN = 1_700_000_000.0  # UTC of the first frame
PICTURE = picture()


def face(number: int, at: float, mouth: MouthSeen | None, width: float = 100.0) -> SeenFace:
    """A face that was there from the beginning."""
    return SeenFace(number, Box(10, 10, width, width), True, True, at, mouth=mouth)


def mouth(shape: str, opening: float = 0.5) -> MouthSeen:
    return MouthSeen(shape, tuple(float(shape == each) for each in SHAPES), opening)


def changed(number: int, at: float, shape: str) -> VisemeChanged:
    return VisemeChanged(face=number, at=BEGAN + at, viseme=shape, weights={})


class Scripted:
    """Gives what a pipeline would have seen, frame by frame."""

    def __init__(self, happens: Iterable[tuple[Sequence[SeenFace], Sequence[VisemeChanged]]]):
        self._happens = iter(happens)

    def __call__(self, frame: Frame) -> Seen:
        faces, changes = next(self._happens)
        return Seen((160, 120), frame.taken_at, tuple(faces), (), tuple(changes))


def frames(times: Iterable[float]) -> Iterator[Frame]:
    return (Frame(PICTURE, at, BEGAN + at, index) for index, at in enumerate(times))


def times_of(fps: float, seconds: float) -> list[float]:
    return [index / fps for index in range(round(fps * seconds))]


def film_of(
    times: Sequence[float],
    happens: Iterable[tuple[Sequence[SeenFace], Sequence[VisemeChanged]]],
    shortest_s: float = 0.0,
    smoothing_s: float = 0.0,
    ahead_s: float = 0.0,
) -> Film:
    return follow(frames(times), Scripted(happens), shortest_s, smoothing_s, ahead_s)


def told(cues: Sequence[Cue]) -> list[tuple[float, float, str | None]]:
    """Cues without their measures, after checking that nothing is between them."""
    assert all(one.end_s == other.start_s for one, other in pairwise(cues))
    return [(round(cue.start_s, 3), round(cue.end_s, 3), cue.shape) for cue in cues]


@pytest.mark.parametrize("fps", [10.0, 25.0, 30000 / 1001])
def test_a_shape_begins_at_its_onset_and_ends_with_the_next_or_the_video(fps: float) -> None:
    times = times_of(fps, 2.0)
    late = next(at for at in times if at >= 1.1)  # decided so late
    first, second = [changed(1, 0.0, "closed")], [changed(1, 1.0, "open")]
    film = film_of(
        times,
        [
            (
                [face(1, at, mouth("open" if at >= late else "closed"))],
                first if at == 0 else second if at == late else [],
            )
            for at in times
        ],
    )
    end = round(times[-1] + 1 / fps, 3)
    assert told(film.cues(1)) == [(0.0, 1.0, "closed"), (1.0, end, "open")]


def test_what_smoothing_and_waiting_delay_is_taken_off_again() -> None:
    times = times_of(25, 2.0)
    film = film_of(
        times,
        [
            (
                [face(1, at, mouth("open", 0.8 if at >= 1.08 else 0.0))] if at >= 0.6 else [],
                [changed(1, 0.6, "closed")]
                if at == 0.6
                else [changed(1, 1.02, "open")]
                if at == 1.08
                else [],
            )
            for at in times
        ],
        smoothing_s=0.07,  # less half a frame
        ahead_s=0.04,
    )
    assert told(film.cues(1)) == [(0.0, 0.6, None), (0.6, 0.97, "closed"), (0.97, 2.0, "open")]
    assert [cue.opening for cue in film.cues(1)[1:]] == pytest.approx([0.0, 0.8])


def test_frames_of_uneven_length_keep_their_own_times() -> None:
    times = [0.0, 0.04, 0.08, 0.5, 0.54, 0.58, 0.62]
    film = film_of(
        times,
        [
            ([face(1, at, mouth("open"))], [changed(1, at, "open")] if at in (0.0, 0.5) else [])
            for at in times
        ],
    )
    assert told(film.cues(1)) == [(0.0, 0.12, "open"), (0.12, 0.5, None), (0.5, 0.66, "open")]


def test_a_mouth_that_is_hidden_for_a_moment_keeps_its_shape_and_then_is_not_seen() -> None:
    times = times_of(25, 3.0)
    short, long = (0.48, 0.48 + BRIDGED_S - 0.04), (1.2, 2.0)

    def hidden(at: float) -> bool:
        return any(begin < at < end for begin, end in (short, long))

    film = film_of(
        times,
        [
            (
                [face(1, at, None if hidden(at) else mouth("open"))],
                [changed(1, 0.0, "open")] if at == 0 else [],
            )
            for at in times
        ],
    )
    assert told(film.cues(1)) == [(0.0, 1.24, "open"), (1.24, 2.0, None), (2.0, 3.0, "open")]


def test_before_a_face_comes_and_after_it_goes_its_mouth_is_not_seen() -> None:
    times = times_of(25, 3.0)
    film = film_of(
        times,
        [
            (
                [SeenFace(1, Box(0, 0, 9, 9), True, True, at - 0.8, mouth=mouth("open"))]
                if 1.0 <= at <= 2.0
                else [],
                [changed(1, 1.0, "open")] if at == 1.0 else [],
            )
            for at in times
        ],
    )
    # It was seen at 0.8 s, and first read when that was sure.
    assert told(film.cues(1)) == [(0.0, 0.8, None), (0.8, 2.04, "open"), (2.04, 3.0, None)]


def test_a_cue_has_the_means_of_its_frames_and_one_between_two_frames_the_last_known() -> None:
    times = times_of(10, 1.0)
    openings = [0.2, 0.4, 0.6, *[0.8] * 7]
    changes = {0: ("closed", 0.0), 3: ("open", 0.25), 4: ("narrow", 0.29), 5: ("closed", 0.31)}
    film = film_of(
        times,
        [
            (
                [face(1, at, mouth("open", openings[index]))],
                [changed(1, changes[index][1], changes[index][0])] if index in changes else [],
            )
            for index, at in enumerate(times)
        ],
    )
    first, between, with_one, last = film.cues(1)
    assert first.opening == pytest.approx(0.4)
    assert (between.shape, between.opening) == ("open", pytest.approx(0.6))
    assert (with_one.shape, with_one.opening) == ("narrow", pytest.approx(0.8))
    assert last.weights == pytest.approx(mouth("open").weights)


def test_the_main_face_is_the_one_seen_longest_times_its_size() -> None:
    times = times_of(25, 4.0)
    # The second is half as large and stays four times as long; the third is there for a moment.
    film = film_of(
        times,
        [
            (
                [
                    *([face(7, at, mouth("open"), 80.0)] if at < 1.0 else []),
                    face(8, at, mouth("closed"), 40.0),
                    *(
                        [SeenFace(9, Box(0, 0, 90, 90), True, True, at - 1.0, mouth=mouth("open"))]
                        if 1.0 <= at < 1.3
                        else []
                    ),
                ],
                [changed(7, 0.0, "open"), changed(8, 0.0, "closed")]
                if at == 0.0
                else [changed(9, 1.0, "open")]
                if at == 1.0
                else [],
            )
            for at in times
        ],
        shortest_s=0.5,
    )
    assert [told(film.cues(number)) for number in (1, 2)] == [
        [(0.0, 4.0, "closed")],
        [(0.0, 1.0, "open"), (1.0, 4.0, None)],
    ]
    assert len(film.faces) == 2
    assert {cue.face for cue in film.cues(2)} == {2}
