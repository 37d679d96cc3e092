"""Whose mouth moves a mesh, and how softly it changes hands."""

from __future__ import annotations

import itertools

import pytest

from edge.detection import Box
from edge.mappings import MAPPINGS
from edge.pipeline import MouthSeen, SeenFace
from edge.puppet import FADE_S, LARGER, Puppet
from edge.shapes import SHAPES

FRAME_S = 0.04


def showing(shape: str, opening: float = 1.0) -> MouthSeen:
    return MouthSeen(shape, tuple(float(other == shape) for other in SHAPES), opening)


def face(number: int, mouth: MouthSeen | None, width: float = 100.0) -> SeenFace:
    box = Box(0.0, 0.0, width, width)
    return SeenFace(number, box, here=True, arrived=True, dwell_s=9.0, mouth=mouth)


AAH, OOH = showing("wide_open"), showing("puckered", 0.1)


class Scene:
    """A puppet before a camera of 25 frames a second."""

    def __init__(self, mapping: str = "vrm0") -> None:
        self.puppet = Puppet(MAPPINGS[mapping])
        self.at = 0.0

    def see(self, *faces: SeenFace, seconds: float = 1.0) -> list[dict[str, float]]:
        """The poses while these faces are seen."""
        poses = []
        for _ in range(round(seconds / FRAME_S)):
            poses.append(self.puppet(self.at, faces))
            self.at += FRAME_S
        return poses


def steps(poses: list[dict[str, float]]) -> list[float]:
    """How far the pose moves from each frame to the next."""
    return [
        max(abs(after[name] - before[name]) for name in after)
        for before, after in itertools.pairwise(poses)
    ]


def test_a_mesh_that_nobody_moves_has_its_mouth_closed() -> None:
    assert set(Scene().see()[-1].values()) == {0.0}
    assert Scene("ovr").see()[-1]["sil"] == 1


def test_the_followed_mouth_is_shown_without_further_delay() -> None:
    scene = Scene()
    scene.see(face(1, AAH))
    (pose,) = scene.see(face(1, OOH), seconds=FRAME_S)
    assert pose["U"] == 1


@pytest.mark.parametrize("mapping", ["vrm", "ovr"])
def test_the_mouth_closes_softly_when_its_face_leaves(mapping: str) -> None:
    scene = Scene(mapping)
    rest = scene.see()[-1]
    open_mouth = scene.see(face(1, AAH))[-1]
    poses = [open_mouth, *scene.see()]
    assert 0 < max(steps(poses)) < 0.3
    assert poses[round(FADE_S / FRAME_S) + 2] == pytest.approx(rest)
    assert scene.puppet.closed


def test_the_mouth_closes_while_it_cannot_be_seen() -> None:
    scene = Scene()
    scene.see(face(1, AAH))
    assert scene.see(face(1, None))[-1]["A"] == 0


def test_a_mouth_that_is_not_seen_in_two_frames_hardly_moves_the_mesh() -> None:
    scene = Scene()
    poses = scene.see(face(1, AAH))[-1:]
    poses += scene.see(face(1, None), seconds=2 * FRAME_S) + scene.see(face(1, AAH))
    assert min(pose["A"] for pose in poses) > 0.9


def test_the_largest_face_is_followed() -> None:
    pose = Scene().see(face(1, OOH, 80.0), face(2, AAH, 120.0), face(3, OOH, 60.0))[-1]
    assert pose["A"] == 1


def test_a_larger_face_whose_mouth_is_not_read_is_not_followed() -> None:
    assert Scene().see(face(1, AAH), face(2, None, 300.0))[-1]["A"] == 1


def test_faces_that_are_nearly_as_large_do_not_take_the_mesh_in_turns() -> None:
    scene = Scene()
    scene.see(face(1, AAH, 100.0), face(2, OOH, 90.0))
    for turn in range(20):
        first, second = (95.0, 105.0) if turn % 2 else (105.0, 95.0)
        poses = scene.see(face(1, AAH, first), face(2, OOH, second), seconds=0.2)
        assert {pose["A"] for pose in poses} == {1.0}


def test_a_clearly_larger_face_is_followed_instead_and_the_mouth_does_not_jump() -> None:
    scene = Scene()
    poses = scene.see(face(1, AAH))
    poses += scene.see(face(1, AAH), face(2, OOH, 101.0 * LARGER))
    assert (poses[-1]["A"], poses[-1]["U"]) == (0, 1)
    assert max(steps(poses[25:])) < 0.3


def test_the_face_that_stays_is_followed_when_the_other_leaves() -> None:
    scene = Scene()
    scene.see(face(1, AAH, 150.0), face(2, OOH))
    pose = scene.see(face(2, OOH))[-1]
    assert (pose["A"], pose["U"]) == (0, 1)


def test_another_face_does_not_step_in_while_the_followed_ones_mouth_is_covered() -> None:
    scene = Scene()
    scene.see(face(1, AAH, 110.0), face(2, OOH))
    covered = scene.see(face(1, None, 110.0), face(2, OOH))
    assert max(pose["U"] for pose in covered) == 0


def test_time_that_goes_back_keeps_the_pose_between_its_ends() -> None:
    scene = Scene()
    scene.see(face(1, AAH))
    scene.see(seconds=FADE_S / 2)
    scene.at -= 2 * FADE_S
    for pose in scene.see():
        assert all(0 <= value <= 1 for value in pose.values())
