"""Faces from frame to frame: stable numbers, arrivals and departures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge.detection import Detection
from edge.face import SURE, Face
from edge.match import apart, distinct, match
from edge.still import Stillness

UNSURE_S = 0.4  # what has not arrived and is not seen for so long was nothing
PART = 1.2  # so near to a hidden face, in face widths, no new one begins: it may be a part of it
# So many are watched beyond those that may arrive: most of what is first taken for a face is none.
SPARE = 3
GIVES_WAY_S = 2.0  # what has not arrived in so long gives its place to a new one
NEW_WAITED_S = 0.4  # as long as a new one is taken to have waited for a look
DUBIOUS_WAITS = 0.3  # as so much less than it did, what is dubious is taken to have waited


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in a face's surroundings."""

    face: Face
    found: Sequence[Detection]


@dataclass(frozen=True, slots=True)
class Tracks:
    """What the tracker makes of one frame."""

    faces: list[Face]  # followed now, missed ones too
    arrived: list[Face]  # of those, the ones that have just arrived
    left: list[Face]  # followed no more, and they had arrived


class Tracker:
    """Gives every face a number and keeps it through missed frames."""

    def __init__(
        self,
        arrive_s: float,
        leave_s: float,
        faces_max: int,
        first_id: int = 1,
        still_s: float = 0.0,
        smallest: float = 0.0,
    ) -> None:
        self._arrive_s, self._leave_s, self._still_s = arrive_s, leave_s, still_s
        self._smallest = smallest
        self.faces_max = faces_max  # visitors at a time; those that are there already stay
        self._next_id = first_id
        self.faces: list[Face] = []
        self._at = -math.inf  # of the last frame
        self._least_px = 0.0  # width of a face, to be followed

    def expect(self, at: float, size: tuple[int, int]) -> None:
        """Move the faces to where they should be at the time of a new frame of this size."""
        passed = at - self._at
        self._at, self._least_px = at, self._smallest * size[0]
        for face in self.faces:
            face.expect(at, passed, size)

    def due(self, most: int) -> list[Face]:
        """The faces whose surroundings are to be looked at, those first that waited longest."""
        return sorted(self.faces, key=self._waited, reverse=True)[:most]

    def __call__(self, swept: Sequence[Detection], looks: Sequence[Look]) -> Tracks:
        """Take what a sweep of the picture found, and looks at faces' surroundings."""
        for look in looks:
            look.face.begin_look(self._at)
        precise = distinct((d for look in looks for d in look.found), ())
        rough = distinct(swept, precise)
        free = self._follow(precise, rough)
        left = self._drop_unseen()
        for seen in sorted(free, key=lambda d: -d.box.width):
            # By the way, a look may find what no sweep has; it must be sure of that.
            is_one = seen in rough or seen.score >= SURE
            if is_one and seen.box.width >= self._least_px and not self._is_part(seen):
                self._begin(seen)
        arrived = self._arrivals()
        for face in arrived:
            face.arrived = True
        return Tracks(list(self.faces), arrived, left)

    def reset(self) -> None:
        """Forget all faces; their numbers are not used again."""
        self.faces = []

    def _waited(self, face: Face) -> float:
        waited = self._at - face.looked_at if face.looks else NEW_WAITED_S
        return waited * (DUBIOUS_WAITS if face.dubious else 1)

    def _follow(self, precise: list[Detection], rough: list[Detection]) -> list[Detection]:
        """Carry known faces on; gives the detections that fit none."""
        detections = precise + rough
        free = set(range(len(detections)))
        for i, j in match(self.faces, detections, self._at, self._leave_s):
            free.remove(j)
            if j < len(precise):
                self.faces[i].look_found(detections[j], self._at)
            else:
                self.faces[i].sweep_found(detections[j], self._at)
        return [detections[j] for j in free]

    def _drop_unseen(self) -> list[Face]:
        gone = [face for face in self.faces if self._is_gone(face)]
        self.faces = [face for face in self.faces if not self._is_gone(face)]
        return [face for face in gone if face.arrived]

    def _is_gone(self, face: Face) -> bool:
        """Whether it was looked for, in vain, for long enough: once where no look ever found it."""
        if face.here:
            return False
        patience = self._leave_s if face.arrived else min(self._leave_s, UNSURE_S)
        return not face.looks or self._at - face.last_seen > patience

    def _is_part(self, seen: Detection) -> bool:
        """Whether it may be what shows of a face that something is before."""
        return any(
            not face.clear
            and self._at - face.clear_at < self._leave_s
            and apart(face.box, seen.box) < PART
            for face in self.faces
        )

    def _begin(self, seen: Detection) -> None:
        if len(self.faces) >= self.faces_max + SPARE and not self._make_room():
            return
        face = Face(self._next_id, seen.box, seen.keypoints, self._at, self._at)
        if self._still_s:
            face.still = Stillness(self._still_s)
        self.faces.append(face)
        self._next_id += 1

    def _make_room(self) -> bool:
        """Let go of one that never arrives."""
        for face in self.faces:
            if not face.arrived and self._at - face.first_seen > GIVES_WAY_S:
                self.faces.remove(face)
                return True
        return False

    def _arrivals(self) -> list[Face]:
        """Those who arrive now, the largest first where there is not room for all."""
        room = self.faces_max - sum(face.arrived for face in self.faces)
        arrived = [face for face in self.faces if self._arrives(face)]
        return sorted(arrived, key=lambda face: -face.box.width)[: max(0, room)]

    def _arrives(self, face: Face) -> bool:
        if face.arrived or face.pinned_at != face.last_seen:
            return False
        if face.still and face.clear and face.still(face.pinned_at, face.keypoints):
            face.still = None  # it has moved
        return face.sure and not face.still and face.dwell_s >= self._arrive_s
