"""Posters: a face that keeps as still as paper is nobody, and a person is somebody at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge.assemble import assemble
from edge.cameras.demo import DemoCamera
from edge.detection import Detection
from edge.events import Event, FaceArrived
from edge.face import Face
from edge.frame import Frame, Image
from edge.profiles import Profile
from edge.settings import FaceSettings, Settings
from edge.still import ENOUGH, SAMPLE_S, Stillness
from edge.track import Tracker
from tests.faces import face_at, look, trembling

STILL_S, FPS = 10.0, 10
NOISE = 0.013  # of each coordinate, in eye distances: as the detector's on a camera's still picture
PLACE = complex(300, 200)


def tracker(still_s: float = STILL_S, leave_s: float = 1.0) -> Tracker:
    return Tracker(arrive_s=0.5, leave_s=leave_s, faces_max=4, still_s=still_s)


def arrival(track: Tracker, scene: list[list[Detection]], fps: float = FPS) -> tuple[float, Face]:
    """When the first face arrives, and that face; infinite where none does."""
    for i, found in enumerate(scene):
        for face in look(track, found, i / fps).arrived:
            return i / fps, face
    return math.inf, track.faces[0]


def standing(
    seconds: float, sway: float = 0.0, hz: float = 0.4, noise: float = NOISE, fps: float = FPS
) -> list[list[Detection]]:
    """A face that sways to either side (in eye distances) and whose measured points tremble."""
    rng = np.random.default_rng(0)
    moments = np.arange(round(seconds * fps)) / fps
    ways = 40 * sway * np.sin(2 * math.pi * hz * moments)
    return [[trembling(face_at(PLACE + way), noise, rng)] for way in ways]


def test_a_face_on_a_poster_never_arrives_though_its_points_tremble() -> None:
    at, face = arrival(tracker(), standing(600))
    assert at == math.inf
    assert (face.track_id, face.arrived) == (1, False)


@pytest.mark.parametrize("fps", [5, 25, 50])
def test_it_never_arrives_at_another_frame_rate_either(fps: int) -> None:
    assert arrival(tracker(), standing(60, fps=fps), fps)[0] == math.inf


@pytest.mark.parametrize("hz", [0.3, 1.0])
@pytest.mark.parametrize("fps", [5, 15, 50])
def test_a_person_who_sways_by_a_tenth_of_the_eye_distance_arrives_soon(
    fps: int, hz: float
) -> None:
    at, face = arrival(tracker(), standing(20, sway=0.1, hz=hz, fps=fps), fps)
    assert at < 4.5
    assert face.arrived
    assert face.first_seen == 0


def test_one_who_moves_only_after_a_while_has_been_there_since_the_beginning() -> None:
    scene = standing(25) + standing(10, sway=0.2)
    at, face = arrival(tracker(), scene)
    assert 25 < at < 32
    assert face.first_seen == 0
    assert face.dwell_s == at


def test_one_who_has_arrived_may_keep_still() -> None:
    track = tracker()
    at, face = arrival(track, standing(5, sway=0.2))
    assert at < 5
    for i, found in enumerate(standing(60)):
        tracks = look(track, found, 5 + i / FPS)
        assert (tracks.arrived, tracks.left, tracks.faces) == ([], [], [face])


def turned(share: float) -> Detection:
    """A head that turns aside: the eyes come nearer to each other."""
    face = face_at(PLACE)
    points = replace(face.keypoints, right_eye=face.keypoints.right_eye + 8 * share)
    return replace(face, keypoints=points)


def nodded(share: float) -> Detection:
    """A head that bows: the mouth comes nearer to the eyes."""
    face = face_at(PLACE)
    points = replace(face.keypoints, mouth=face.keypoints.mouth - 8j * share)
    return replace(face, keypoints=points)


@pytest.mark.parametrize("pose", [turned, nodded])
def test_a_head_that_only_turns_or_bows_has_moved(pose: Callable[[float], Detection]) -> None:
    scene = [[pose((1 - math.cos(i / 6)) / 2)] for i in range(100)]
    assert arrival(tracker(), scene)[0] < 10


def test_it_is_off_by_default() -> None:
    assert FaceSettings().still_s == 0
    at, face = arrival(Tracker(arrive_s=0.5, leave_s=1.0, faces_max=4), standing(5, noise=0))
    assert at == pytest.approx(0.5, abs=1 / FPS)
    assert face.first_seen == 0


@pytest.mark.parametrize("begin", [0.5, 3, 7, 30])
def test_somebody_who_passes_before_a_poster_does_not_make_it_arrive(begin: float) -> None:
    """What shows of it is found elsewhere, less surely, or is not found."""
    scene = standing(60)
    first = round(begin * FPS)
    for i in range(8):
        (face,) = scene[first + i]
        partly = replace(face, keypoints=face_at(PLACE + 3 * (i - 4)).keypoints, score=0.6)
        scene[first + i] = [] if 3 <= i < 6 else [partly]
    assert arrival(tracker(), scene)[0] == math.inf


def test_nor_does_somebody_who_stands_before_it_for_a_while() -> None:
    scene = standing(30)
    for i in range(80, 105):
        scene[i] = [replace(face_at(PLACE + 15), score=0.6)]  # half of it shows
    assert arrival(tracker(), scene)[0] == math.inf


def moves(stillness: Stillness, off: list[float]) -> bool:
    """Whether a face with these deviations (in eye distances), a sample each, has moved."""
    step_s = 1.01 * SAMPLE_S  # or some would come too early to be samples
    told = [stillness(i * step_s, face_at(PLACE + 40 * o).keypoints) for i, o in enumerate(off)]
    return any(told)


def test_a_tenth_of_the_time_in_another_place_is_no_motion_and_a_fifth_is() -> None:
    samples = round(STILL_S / SAMPLE_S)
    begun = [0.0] * (samples - 5)
    assert not moves(Stillness(STILL_S), begun + [0.5] * 4 + [0.0] * samples)
    assert moves(Stillness(STILL_S), begun + [0.5] * (samples // 5) + [0.0] * samples)


def test_a_motion_of_two_hundredths_is_none_and_of_eight_is_one() -> None:
    for size, moved in ((0.02, False), (0.08, True)):
        assert moves(Stillness(STILL_S), [size * (i // 5 % 2) for i in range(100)]) == moved


def test_what_was_longer_ago_than_the_setting_is_forgotten() -> None:
    slow = [0.05 * i * SAMPLE_S / STILL_S for i in range(1000)]  # the camera sinks by and by
    assert not moves(Stillness(STILL_S), slow)
    assert moves(Stillness(6 * STILL_S), slow)


def test_nothing_is_said_of_a_face_that_was_hardly_seen() -> None:
    stillness = Stillness(STILL_S)
    far_apart = [face_at(PLACE + 100 * (i % 2)).keypoints for i in range(ENOUGH)]
    told = [stillness(i * 1.01 * SAMPLE_S, points) for i, points in enumerate(far_apart)]
    assert told == [False] * (ENOUGH - 1) + [True]


class Shop:
    """Pictures of a camera that looks at the drawn face, or at one drawing of it."""

    def __init__(self, moves: bool) -> None:
        self._moves = moves
        self._camera = DemoCamera(320, 240, FPS)
        self._drawing = self._camera.draw(1.0)
        self._rng = np.random.default_rng(0)
        self._grain = self._rng.normal(0, 4, 1_000_000).round().astype(np.int16)

    def __call__(self, at: float) -> Image:
        image = self._camera.draw(at) if self._moves else self._drawing
        start = int(self._rng.integers(len(self._grain) - image.size))
        grain = self._grain[start : start + image.size].reshape(image.shape)
        return np.clip(image + grain, 0, 255).astype(np.uint8)


def happens(
    shop: Shop, still_s: float, seconds: float, passes_at: float = math.inf
) -> list[tuple[float, Event]]:
    """All events with their frame's time; somebody in black walks through the picture in 1 s."""
    settings = Settings(faces=FaceSettings(still_s=still_s))
    profile = Profile(width=320, height=240, detect_interval=2)
    pipeline = assemble(settings, profile, None).pipeline
    happened = []
    for i in range(round(seconds * FPS)):
        at = i / FPS
        image = shop(at)
        if 0 <= at - passes_at < 1:
            middle = round(-50 + 420 * (at - passes_at))
            image[:, max(0, middle - 50) : max(0, middle + 50)] = 30
        happened += [(at, event) for event in pipeline(Frame(image, at, at, i)).events]
    assert [face.track_id for face in pipeline.faces] == [1]
    return happened


@pytest.mark.usefixtures("face_model")
def test_a_still_picture_before_the_camera_never_arrives() -> None:
    assert happens(Shop(moves=False), STILL_S, 15) == []


@pytest.mark.usefixtures("face_model")
def test_nor_does_it_when_somebody_walks_by() -> None:
    assert happens(Shop(moves=False), STILL_S, 10, passes_at=5) == []


@pytest.mark.usefixtures("face_model")
def test_without_the_setting_a_still_picture_arrives() -> None:
    ((at, event),) = happens(Shop(moves=False), 0, 2)
    assert isinstance(event, FaceArrived)
    assert at <= 1


@pytest.mark.usefixtures("face_model")
def test_the_drawn_face_that_moves_arrives_and_was_there_from_the_first_frame() -> None:
    at, first = happens(Shop(moves=True), STILL_S, 5)[0]
    assert isinstance(first, FaceArrived)
    assert at < 4.5
    assert first.at == pytest.approx(0, abs=2 / FPS)
