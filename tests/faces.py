"""Faces as a detector would find them, at known places."""

from __future__ import annotations

import numpy as np

from edge.detection import Box, Detection, Keypoints
from edge.face import Face
from edge.track import Look, Tracker, Tracks

SIZE = (640, 480)
WIDTH = 2.5  # of a face, in eye distances


def face_at(between_eyes: complex, eyes: float = 40.0, score: float = 0.9) -> Detection:
    """An upright face whose eyes are so many pixels apart."""
    width = WIDTH * eyes
    corner = between_eyes + complex(-width / 2, 0.3 * eyes - width / 2)
    return Detection(
        Box(corner.real, corner.imag, width, width),
        Keypoints(
            between_eyes - eyes / 2,
            between_eyes + eyes / 2,
            between_eyes + 0.6j * eyes,
            between_eyes + 1.1j * eyes,
        ),
        score,
    )


def trembling(face: Detection, noise: float, rng: np.random.Generator) -> Detection:
    """The face with each of its points, and its box, off by noise (in eye distances)."""
    points, unit = face.keypoints, noise * face.keypoints.eye_distance
    off = [complex(*pair) for pair in rng.normal(0, unit, (5, 2))]
    box = face.box
    return Detection(
        Box(box.left + off[4].real, box.top + off[4].imag, box.width, box.height),
        Keypoints(
            points.right_eye + off[0],
            points.left_eye + off[1],
            points.nose + off[2],
            points.mouth + off[3],
        ),
        face.score,
    )


def look(track: Tracker, found: list[Detection], at: float, swept: bool = True) -> Tracks:
    """A frame in which every known face is looked at, and the picture swept."""
    track.expect(at, SIZE)
    return track(found if swept else [], [Look(face, found) for face in track.due(99)])


def tracker_with(face: Detection) -> tuple[Tracker, Face]:
    """A tracker that has seen one face, at time 0."""
    track = Tracker(arrive_s=0.5, leave_s=1.0, faces_max=4)
    (seen,) = look(track, [face], 0.0).faces
    return track, seen
