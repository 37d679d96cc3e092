"""Faces from frame to frame: stable numbers, arrivals and departures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.detection import Detection
from edge.face import SURE, Face
from edge.match import apart, distinct, match
from edge.still import Stillness

MISSES = 2  # looks in vain after which a face may be gone; one misses a face now and then
LONGEST_STALL_S = 5.0  # a face is still the same when nobody looked for so long
UNSURE_S = 0.4  # what has not arrived and is not seen for so long was nothing
PART = 1.2  # so near to a hidden face, in face widths, no new one begins: it may be a part of it
# So many are watched beyond those that may arrive: most of what is first taken for a face is none.
SPARE = 3
NEW_WAITED_S = 0.4  # so much longer than it is known, a new one is taken to have waited
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
        self._longest_s = max(leave_s, LONGEST_STALL_S)  # unseen, and still known
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
        left = self._drop(lambda face: self._at - face.last_seen > self._longest_s)
        free = self._follow(precise, rough)
        left += self._drop(self._is_gone)
        for seen in sorted(free, key=lambda d: (d.score < SURE, -d.box.width)):
            # By the way, a look may find what no sweep has; it must be sure of that.
            is_one = seen in rough or seen.score >= SURE
            if is_one and seen.box.width >= self._least_px and not self._is_part(seen):
                self._begin(seen)
        arrived = self._arrivals()
        for face in arrived:
            face.arrive()
        return Tracks(list(self.faces), arrived, left)

    def reset(self) -> None:
        """Forget all faces; their numbers are not used again."""
        self.faces = []

    def _waited(self, face: Face) -> float:
        since = face.looked_at if face.looks else face.first_seen - NEW_WAITED_S
        waited = self._at - since
        return waited * (DUBIOUS_WAITS if face.dubious else 1)

    def _follow(self, precise: list[Detection], rough: list[Detection]) -> list[Detection]:
        """Carry known faces on; gives the detections that fit none."""
        detections = precise + rough
        free = set(range(len(detections)))
        for i, j in match(self.faces, detections, self._at):
            free.remove(j)
            if j < len(precise):
                self.faces[i].look_found(detections[j], self._at)
            else:
                self.faces[i].sweep_found(detections[j], self._at)
        return [detections[j] for j in free]

    def _drop(self, is_gone: Callable[[Face], bool]) -> list[Face]:
        """Follow some no more; gives those of them who had arrived."""
        gone = [face for face in self.faces if is_gone(face)]
        self.faces = [face for face in self.faces if not is_gone(face)]
        return [face for face in gone if face.arrived]

    def _is_gone(self, face: Face) -> bool:
        """Whether it was looked for in vain for long enough; once, where no look ever found it."""
        if not face.looks:
            return face.missed > 0
        patience = self._leave_s if face.arrived else min(self._leave_s, UNSURE_S)
        unseen = face.looked_at - face.last_seen
        return face.missed >= MISSES and unseen > patience

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
        """Let go of one that will hardly arrive."""
        for face in self.faces:
            if not face.arrived and (face.dubious or (face.still and face.still.knows)):
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
