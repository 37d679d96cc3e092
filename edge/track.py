"""Faces from frame to frame: stable numbers, arrivals and departures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge.detection import Box, Detection, Keypoints
from edge.steady import Steady
from edge.still import Stillness

# How far a face may be from where it is expected and still be the same one, in face widths: a bit
# at once, and more with the time since it was seen, so that few frames a second make no difference.
NEAR, SPEED_A_S, FARTHEST = 0.5, 2.0, 1.5
SIZE_COUNTS = 0.5  # a face twice as large is as unlikely as one this many e-folds farther away
LONGEST_STALL_S = 5.0  # a face is still the same when nobody looked for so long
UNSURE_S = 0.4  # what has not arrived and is not seen for so long was nothing
COAST_S = 0.7  # a face that is not seen is taken to walk on for so long
FRESH_S = 0.3  # a look this recent knows better than a sweep where a face is
ONE_FACE = 0.4  # detections nearer to each other, in face widths, are of one face
NO_OTHER = 1.2  # nor does a new one begin so near to one that is partly hidden
# A look of this score is sure. What looks are in the mean not sure of does not arrive: patterns of
# a wall that pass for a face reach 0.73, and nineteen of twenty faces whose smiles can just be read
# are above.
SURE = 0.75
MEAN_OF, MEAN_AFTER = 12, 3  # looks of late; fewer than the second say nothing
# So many are watched beyond those that may arrive: most of what is first taken for a face is none.
DOUBTFUL = 3
GIVES_WAY_S = 2.0  # what has not arrived in so long gives its place to a new one
NEW_WAITED_S = 0.4  # as long as a new one is taken to have waited for a look
DOUBTFUL_WAITS = 0.3  # what was looked at and is not sure to be a face waits for its turn longer
# Something before a face lowers the detector's score of it; so much below what is usual for the
# face, what can be read from it is no longer its own, nor is where it seems to be: for a while it
# is taken to go on as it went.
COVERED = 0.12
USUAL_RISES_S, USUAL_FALLS_S = 0.2, 5.0


@dataclass(slots=True)
class Face:
    """One face that is followed."""

    track_id: int
    box: Box  # where it is now, by the last look at it and its motion
    keypoints: Keypoints
    first_seen: float
    last_seen: float
    steady: Steady = field(repr=False)
    here: bool = True  # False while it is missed
    arrived: bool = False  # seen for the arrival time
    looked_at: float = -math.inf  # when its surroundings were looked at
    pinned_at: float = -math.inf  # when that found it
    score: float = 0.0  # of that detection
    usual: float = 0.0  # such scores where nothing is before it
    mean: float = 0.0  # of such scores of late
    looks: int = 0  # that found it
    clear_at: float = -math.inf  # when nothing was before it
    seen_box: Box | None = None  # where it was then
    still: Stillness | None = field(default=None, repr=False)  # until it has moved

    @property
    def dwell_s(self) -> float:
        return self.last_seen - self.first_seen

    @property
    def clear(self) -> bool:
        """Whether it is seen, and nothing is before it."""
        return self.here and self.score > self.usual - COVERED


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
        """Move the faces to where they should be at the time of a new frame, inside it."""
        passed = at - self._at
        self._at, self._least_px = at, self._smallest * size[0]
        for face in self.faces:
            x, y = face.box.centre
            inside = 0 <= x < size[0] and 0 <= y < size[1]
            if at - face.last_seen <= COAST_S and inside:
                face.steady.move(face, passed)

    def due(self, most: int) -> list[Face]:
        """The faces whose surroundings are to be looked at next."""
        return sorted(self.faces, key=self._waited, reverse=True)[:most]

    def _waited(self, face: Face) -> float:
        """How long it has waited for its turn; what is new, for a while."""
        waited = min(self._at - face.looked_at, NEW_WAITED_S)
        return waited * (DOUBTFUL_WAITS if face.looks >= MEAN_AFTER and face.mean < SURE else 1)

    def __call__(self, swept: Sequence[Detection], looks: Sequence[Look]) -> Tracks:
        """Take what a sweep of the picture found, and looks at faces' surroundings."""
        at = self._at
        for look in looks:
            look.face.looked_at = at
            look.face.here = False
        precise = _distinct((d for look in looks for d in look.found), ())
        rough = _distinct(swept, precise)
        free = self._follow(precise, rough)
        new = [d for d in free if d in rough or d.score >= SURE]
        new = [d for d in new if d.box.width >= self._least_px]
        left = self._drop_unseen()
        for detection in sorted(new, key=lambda d: -d.box.width):
            if not self._is_part(detection) and self._has_room():
                self._begin(detection)
        arrived = [face for face in self.faces if self._arrives(face)]
        room = self.faces_max - sum(face.arrived for face in self.faces)
        arrived = sorted(arrived, key=lambda face: -face.box.width)[: max(0, room)]
        for face in arrived:
            face.arrived = True
        return Tracks(list(self.faces), arrived, left)

    def reset(self) -> None:
        """Forget all faces; their numbers are not used again."""
        self.faces = []

    def _arrives(self, face: Face) -> bool:
        looked_at_now = face.pinned_at == face.last_seen == self._at
        if face.still and looked_at_now and face.clear and face.still(self._at, face.keypoints):
            face.still = None
        if face.arrived or face.still or face.pinned_at != face.last_seen:
            return False
        is_one = face.mean >= SURE and face.looks >= MEAN_AFTER
        return is_one and face.dwell_s >= self._arrive_s

    def _drop_unseen(self) -> list[Face]:
        gone = [face for face in self.faces if self._is_gone(face)]
        self.faces = [face for face in self.faces if not self._is_gone(face)]
        return [face for face in gone if face.arrived]

    def _is_gone(self, face: Face) -> bool:
        """Whether it was looked for, in vain, for long enough: once where no look ever found it."""
        if not face.here and face.pinned_at == -math.inf:
            return True
        patience = self._leave_s if face.arrived else min(self._leave_s, UNSURE_S)
        return not face.here and self._at - face.last_seen > patience

    def _follow(self, precise: list[Detection], rough: list[Detection]) -> list[Detection]:
        """Carry known faces on, nearest pairs first; gives the detections that fit none."""
        detections = precise + rough
        pairs = sorted(
            (self._is_doubtful(face), distance, i, j)
            for i, face in enumerate(self.faces)
            for j, detection in enumerate(detections)
            if (distance := self._away(face, detection)) < self._reach(face)
        )
        free_faces, free = set(range(len(self.faces))), set(range(len(detections)))
        for *_, i, j in pairs:
            if i in free_faces and j in free:
                free_faces.remove(i)
                free.remove(j)
                self._carry_on(self.faces[i], detections[j], j < len(precise))
        return [detections[j] for j in free]

    def _away(self, face: Face, seen: Detection) -> float:
        """How far a detection is from where a face should be, or was if it has turned back."""
        expected = _distance(face.box, seen.box)
        if face.here or face.seen_box is None:
            return expected
        return min(expected, _distance(face.seen_box, seen.box))

    def _carry_on(self, face: Face, seen: Detection, precise: bool) -> None:
        at, unseen_s = self._at, self._at - face.last_seen
        face.here = True
        if precise:
            self._note_score(face, seen.score)
            if not face.clear and unseen_s > FRESH_S and seen.score < SURE:
                face.here = False  # what it left behind may look like a face, too
                return
            if face.clear:
                face.clear_at, face.seen_box = at, seen.box
            if face.clear or at - face.clear_at > COAST_S:
                face.steady(face, seen, at)
        elif at - face.pinned_at > FRESH_S:
            face.steady(face, seen, at)
        face.last_seen = at

    def _note_score(self, face: Face, score: float) -> None:
        passed = min(self._at - face.pinned_at, USUAL_RISES_S)  # a gap says nothing
        wait = USUAL_RISES_S if score > face.usual else USUAL_FALLS_S
        share = passed / (passed + wait) if face.usual else 1.0
        face.usual += share * (score - face.usual)
        face.looks += 1
        face.mean += (score - face.mean) / min(face.looks, MEAN_OF)
        face.score, face.pinned_at = score, self._at

    def _reach(self, face: Face) -> float:
        unseen_s = self._at - face.last_seen
        if unseen_s > max(self._leave_s, LONGEST_STALL_S):
            return 0
        return min(NEAR + SPEED_A_S * unseen_s, FARTHEST)

    def _has_room(self) -> bool:
        """Whether one more can be followed; one that never arrives may have to give way to it."""
        if len(self.faces) < self.faces_max + DOUBTFUL:
            return True
        for face in self.faces:
            if not face.arrived and self._at - face.first_seen > GIVES_WAY_S:
                self.faces.remove(face)
                return True
        return False

    def _is_doubtful(self, face: Face) -> bool:
        """Whether it may be one that was hidden when it began: that one has the first choice."""
        return not face.arrived and any(
            other.arrived and not other.clear and other.clear_at < face.first_seen
            for other in self.faces
        )

    def _is_part(self, seen: Detection) -> bool:
        """Whether it may be what shows of a face that something is before."""
        return any(
            not face.clear
            and self._at - face.clear_at < self._leave_s
            and _apart(face.box, seen.box) < NO_OTHER
            for face in self.faces
        )

    def _begin(self, seen: Detection) -> None:
        at = self._at
        face = Face(self._next_id, seen.box, seen.keypoints, at, at, Steady(at))
        if self._still_s:
            face.still = Stillness(self._still_s)
        self.faces.append(face)
        self._next_id += 1


def _distinct(detections: Iterable[Detection], known: Sequence[Detection]) -> list[Detection]:
    """Each face once, the surest detection of it, without those that are known already."""
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda d: -d.score):
        if all(_distance(detection.box, other.box) > ONE_FACE for other in (*known, *kept)):
            kept.append(detection)
    return kept


def _distance(one: Box, other: Box) -> float:
    """How far apart two faces are, in face widths; different sizes count as distance too."""
    ratio = max(one.width, other.width) / min(one.width, other.width)
    return math.inf if ratio > 2 else _apart(one, other) + SIZE_COUNTS * math.log(ratio)


def _apart(one: Box, other: Box) -> float:
    (x, y), (u, v) = one.centre, other.centre
    return math.hypot(x - u, y - v) / max(one.width, other.width)
