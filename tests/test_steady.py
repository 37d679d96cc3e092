"""Followed faces: steady while they are still, with them while they move, at any frame rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.detection import Detection, Keypoints
from edge.track import Tracker
from tests.faces import WIDTH, face_at, look, trembling

EYES = 40.0  # pixels
NOISE = 0.013  # of each coordinate, in eye distances: as the detector's on a camera's still picture
RATES = pytest.mark.parametrize("fps", [5, 10, 15, 25, 50])
Way = Callable[[float], float]  # time -> place, in eye distances to the right


def frames(fps: float, seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * fps) + 1) / fps


def still(at: float) -> float:
    return 0.0


def follow(
    way: Way, moments: Sequence[float] | NDArray[np.float64], noise: float = 0.0
) -> tuple[list[Detection], list[Keypoints]]:
    """What is measured of a face that goes a way, and where it is told to be."""
    track = Tracker(arrive_s=0.5, leave_s=1.0, faces_max=4)
    rng = np.random.default_rng(0)
    measured, told = [], []
    for at in moments:
        seen = trembling(face_at(complex(100 + EYES * way(at), 200), EYES), noise, rng)
        (face,) = look(track, [seen], float(at)).faces
        measured.append(seen)
        told.append(face.keypoints)
    return measured, told


def places(points: Sequence[Keypoints]) -> NDArray[np.complex128]:
    """Eyes and mouth, in eye distances, a row a frame."""
    rows = [(p.right_eye, p.left_eye, p.mouth) for p in points]
    return np.array(rows, np.complex128) / EYES


def lag(way: Way, moments: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the face is told from where it is, in eye distances, in each frame."""
    measured, told = follow(way, moments)
    off: NDArray[np.float64] = np.abs(places(told) - places([d.keypoints for d in measured]))
    return off.max(axis=1)


@pytest.mark.parametrize("fps", [25, 30, 50])
def test_a_still_face_jumps_from_frame_to_frame_at_most_a_third_of_what_is_measured(
    fps: int,
) -> None:
    measured, told = follow(still, frames(fps, 30), NOISE)
    alone = np.abs(np.diff(places([d.keypoints for d in measured])[fps:], axis=0)).mean()
    steady = np.abs(np.diff(places(told)[fps:], axis=0)).mean()
    assert alone == pytest.approx(0.023, abs=0.002)  # as it was measured on such pictures
    assert steady < alone / 3


@RATES
def test_noise_moves_no_still_face_away(fps: int) -> None:
    _, told = follow(still, frames(fps, 30), NOISE)
    off = places(told)[fps:] - places([face_at(complex(100, 200), EYES).keypoints])
    assert np.abs(off).max() < 0.06
    assert np.abs(off.mean(axis=0)).max() < 0.005


@pytest.mark.parametrize("speed", [0.5, 1, 2, 5])
@RATES
def test_a_face_that_walks_is_told_where_it_is(fps: int, speed: float) -> None:
    off = lag(lambda at: speed * at, frames(fps, 2.5))
    assert off.max() < 0.1
    assert off[frames(fps, 2.5) >= 1].max() < 0.02


@RATES
def test_a_face_that_starts_at_once_is_caught_up_with_within_three_tenths_of_a_second(
    fps: int,
) -> None:
    """It moves by its own width within 0.3 s, and stops as suddenly."""
    moments = frames(fps, 5)
    off = lag(lambda at: WIDTH * min(max(at - 2, 0) / 0.3, 1), moments)
    assert off[moments <= 2].max() < 1e-9
    assert off.max() < 0.2
    assert off[moments > 2.3 + 0.29].max() < 0.08


@RATES
def test_a_face_that_begins_to_walk_is_caught_up_with_within_half_a_second(fps: int) -> None:
    moments = frames(fps, 4)
    off = lag(lambda at: 2 * max(at - 1, 0), moments)
    assert off.max() < 0.06
    assert off[moments >= 1.5].max() < 0.02


@pytest.mark.parametrize("speed", [1, 2, 5])
def test_uneven_times_between_frames_make_no_lag(speed: float) -> None:
    rng = np.random.default_rng(3)
    moments = np.cumsum(rng.choice([0.02, 0.033, 0.1, 0.2], 60))
    moments = moments[moments < 2.5]
    assert lag(lambda at: speed * at, moments)[moments > 1].max() < 0.02


def test_two_frames_of_one_moment_are_no_failure() -> None:
    moments = [0.0, 0.1, 0.1, 0.2, 0.3, 0.3]
    assert lag(lambda at: at, moments).max() < 0.1


@RATES
def test_a_walk_with_turns_is_told_alike_at_every_frame_rate(fps: int) -> None:
    """Whole tenths of a second are frames of the slowest and of the fastest."""

    def way(at: float) -> float:
        return float(2 + 2 * np.sin(1.5 * at) + np.sin(0.7 * at))

    moments = frames(fps, 6)
    _, told = follow(way, moments)
    _, finest = follow(way, frames(50, 6))
    common = [i for i, at in enumerate(moments) if at >= 1 and round(at * 50, 6) % 1 == 0]
    at_once = [finest[round(moments[i] * 50)] for i in common]
    off = np.abs(places([told[i] for i in common]) - places(at_once))
    assert len(common) >= 20
    assert off.max() < 0.06


def test_the_box_moves_with_the_points() -> None:
    track = Tracker(arrive_s=0.5, leave_s=1.0, faces_max=4)
    for i in range(50):
        seen = face_at(complex(100 + 4 * i, 200), EYES)
        (face,) = look(track, [seen], i / 25).faces
    x, y = face.box.centre
    assert x - face.keypoints.nose.real == pytest.approx(0, abs=0.02 * EYES)
    assert y - face.keypoints.nose.imag == pytest.approx(-0.3 * EYES, abs=0.02 * EYES)
    assert face.box.width == pytest.approx(WIDTH * EYES)


@RATES
def test_a_face_that_comes_nearer_grows_with_it(fps: int) -> None:
    track = Tracker(arrive_s=0.5, leave_s=1.0, faces_max=4)
    for at in frames(fps, 3):
        seen = face_at(complex(320, 240), eyes=40 + 20 * at)
        (face,) = look(track, [seen], float(at)).faces
        assert face.track_id == 1
    assert face.keypoints.eye_distance == pytest.approx(100, rel=0.04)
    assert face.box.width == pytest.approx(WIDTH * 100, rel=0.04)
