"""Faces from frame to frame: stable numbers, arrivals and departures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge.detection import Box, Detection, Keypoints

# How far a face may have moved and still be the same one, in face widths: a bit at once, and more
# with the time since it was seen, so that few frames a second make no difference.
NEAR, SPEED_A_S, FARTHEST = 0.5, 2.0, 1.5
LONGEST_STALL_S = 5.0  # a face is still the same when nobody looked for so long


@dataclass(slots=True)
class Face:
    """One face that is followed."""

    track_id: int
    box: Box
    keypoints: Keypoints
    first_seen: float
    last_seen: float
    here: bool = True  # False while it is missed
    arrived: bool = False  # seen for the arrival time

    @property
    def dwell_s(self) -> float:
        return self.last_seen - self.first_seen


@dataclass(frozen=True, slots=True)
class Tracks:
    """What the tracker makes of one frame."""

    faces: list[Face]  # followed now, missed ones too
    arrived: list[Face]  # of those, the ones that have just arrived
    left: list[Face]  # followed no more, and they had arrived


class Tracker:
    """Gives every face a number and keeps it through missed frames."""

    def __init__(self, arrive_s: float, leave_s: float, faces_max: int, first_id: int = 1) -> None:
        self._arrive_s, self._leave_s = arrive_s, leave_s
        self.faces_max = faces_max  # those that are followed already stay
        self._next_id = first_id
        self._faces: list[Face] = []

    def __call__(self, detections: Sequence[Detection], at: float) -> Tracks:
        """Take what was found in a frame in which faces were looked for."""
        for face in self._faces:
            face.here = False
        new = self._follow(detections, at)
        left = self._drop_unseen(at)
        for detection in sorted(new, key=lambda d: -d.box.width):
            if len(self._faces) < self.faces_max:
                self._begin(detection, at)
        arrived = [f for f in self._faces if not f.arrived and f.dwell_s >= self._arrive_s]
        for face in arrived:
            face.arrived = True
        return Tracks(list(self._faces), arrived, left)

    def coast(self) -> Tracks:
        """A frame in which faces were not looked for: they are taken to be where they were."""
        return Tracks(list(self._faces), [], [])

    def reset(self) -> None:
        """Forget all faces; their numbers are not used again."""
        self._faces = []

    def _drop_unseen(self, at: float) -> list[Face]:
        gone = [face for face in self._faces if at - face.last_seen > self._leave_s]
        self._faces = [face for face in self._faces if at - face.last_seen <= self._leave_s]
        return [face for face in gone if face.arrived]

    def _follow(self, detections: Sequence[Detection], at: float) -> list[Detection]:
        """Carry known faces on, nearest pairs first; gives the detections that fit none."""
        pairs = sorted(
            (distance, i, j)
            for i, face in enumerate(self._faces)
            for j, detection in enumerate(detections)
            if (distance := _distance(face.box, detection.box)) < self._reach(at - face.last_seen)
        )
        free_faces, free = set(range(len(self._faces))), set(range(len(detections)))
        for _, i, j in pairs:
            if i in free_faces and j in free:
                free_faces.remove(i)
                free.remove(j)
                face, seen = self._faces[i], detections[j]
                face.box, face.keypoints, face.last_seen = seen.box, seen.keypoints, at
                face.here = True
        return [detections[j] for j in free]

    def _reach(self, unseen_s: float) -> float:
        if unseen_s > max(self._leave_s, LONGEST_STALL_S):
            return 0
        return min(NEAR + SPEED_A_S * unseen_s, FARTHEST)

    def _begin(self, seen: Detection, at: float) -> None:
        self._faces.append(Face(self._next_id, seen.box, seen.keypoints, at, at))
        self._next_id += 1


def _distance(one: Box, other: Box) -> float:
    """How far apart two faces are, in face widths; different sizes count as distance too."""
    (x, y), (u, v) = one.centre, other.centre
    width, narrower = max(one.width, other.width), min(one.width, other.width)
    if narrower < width / 2:
        return math.inf
    return math.hypot(x - u, y - v) / width
