"""How well faces are followed: what was told of every frame, held against what was there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from edge.detection import Box, Keypoints
from edge.events import Event, FaceArrived, SmileStarted
from edge.pipeline import SeenFace
from training.trials.stage import TrueFace

CLEAR, SOME = 0.6, 0.1  # shares of a face that are seen: to be followed; to be no ghost
NEAR = 0.5  # a track nearer than this to a face's middle, in face widths, is that face's
SETTLED_S = 1.0  # a face must be followed once it has been clear for so long
MARGIN_S = 0.5  # a visit is due to be counted when it lasts this much longer than the arrival
BLINK_S = 0.1  # shorter than this, nobody was hidden


@dataclass(frozen=True)
class Watched:
    """One frame: what was there and what was told."""

    at: float
    truth: Sequence[TrueFace]
    faces: Sequence[SeenFace] = ()
    events: Sequence[Event] = ()
    points: Mapping[int, Keypoints] = field(default_factory=dict)  # by track
    swept: bool = True  # the whole picture was looked at


@dataclass
class Figures:
    """Sums over scenes; an arrival or a smile at a wrong place or time is false."""

    scenes: int = 0
    seconds: float = 0.0
    faces: int = 0
    visits: int = 0  # true ones: apart by more than the leaving time
    visitors: int = 0  # arrivals that were told
    missed: int = 0  # visits without an arrival
    false_arrivals: int = 0  # beyond one a visit
    ghosts: int = 0  # of those, where nobody was
    hidings: int = 0  # a face was covered or outside, and back within the leaving time
    switches: int = 0  # a face's number changed during a visit, or had been another's
    taken: int = 0  # of those, the new number had been another's; an exchange counts as two
    clear_s: float = 0.0  # in which a face had to be followed
    lost_s: float = 0.0  # of those, without a track
    ghost_s: float = 0.0  # tracks where nobody was
    smiles_due: int = 0  # one a visit of a smiling person
    smiles: int = 0  # that were told
    false_smiles: int = 0
    missed_smiles: int = 0
    eye_error: float = 0.0  # in eye distances, of both eyes' mean; a sum over all frames' faces
    eyes: int = 0
    between_error: float = 0.0  # the same in frames without a sweep
    between: int = 0
    arrival_s: float = 0.0  # from clear to arrived, a sum over arrivals

    def __add__(self, other: Figures) -> Figures:
        names = [f.name for f in fields(self)]
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass
class Visit:
    """A time in which an actor is here, or out of sight for no longer than the leaving time."""

    start: float
    end: float
    due: bool = False
    arrivals: int = 0
    smiles: int = 0


@dataclass
class _Known:
    """Of one actor: what is remembered from frame to frame."""

    visits: list[Visit]
    number: int | None = None
    seen_in: Visit | None = None
    clear_since: float | None = None
    lost_since: float | None = None

    def visit(self, at: float, leave_s: float) -> Visit | None:
        """The visit at a moment; an arrival may come a little before the face is clear."""
        for visit in self.visits:
            if visit.start - leave_s / 2 <= at <= visit.end + leave_s:
                return visit
        return None


class Measure:
    """Holds the frames of one scene against its truth."""

    def __init__(self, smiles: Sequence[bool], arrive_s: float, leave_s: float) -> None:
        self._smiles, self._arrive_s, self._leave_s = smiles, arrive_s, leave_s
        self.figures = Figures(scenes=1, faces=len(smiles))
        self.notes: list[str] = []  # what went wrong, and when
        self._actors: list[_Known] = []
        self._owner: dict[int, int] = {}  # track -> the actor who had it last

    def __call__(self, frames: Sequence[Watched]) -> Figures:
        """Take all frames of the scene."""
        everybody = range(len(self._smiles))
        self._actors = [_Known(self._visits(frames, actor)) for actor in everybody]
        ends = [frame.at for frame in frames[1:]]
        ends.append(2 * frames[-1].at - frames[-2].at)
        for frame, end in zip(frames, ends, strict=True):
            self._frame(frame, end - frame.at)
        for actor in everybody:
            self._found_again(actor, ends[-1])
            for visit in self._actors[actor].visits:
                self._close(actor, visit)
        self.figures.seconds = ends[-1] - frames[0].at
        return self.figures

    def _visits(self, frames: Sequence[Watched], actor: int) -> list[Visit]:
        """From clear to clear; a face that is partly seen all the while has not left."""
        visits: list[Visit] = []
        seen, was_clear, left = -math.inf, False, False
        for frame in frames:
            visible = max((f.visible for f in frame.truth if f.actor == actor), default=0.0)
            is_clear = visible >= CLEAR
            if visible >= SOME:
                left |= frame.at - seen > self._leave_s
                seen = frame.at
            if is_clear and visits and not left:
                hidden = not was_clear and frame.at - visits[-1].end > BLINK_S
                self.figures.hidings += hidden
                visits[-1].end = frame.at
            elif is_clear:
                visits.append(Visit(frame.at, frame.at))
                left = False
            was_clear = is_clear
        for visit in visits:
            visit.due = visit.end - visit.start >= self._arrive_s + MARGIN_S
        return visits

    def _frame(self, frame: Watched, lasts_s: float) -> None:
        clear = {face.actor: face for face in frame.truth if face.visible >= CLEAR}
        tracks = {face.face: face.box for face in frame.faces if face.here and face.arrived}
        pairs = self._pairs(clear, tracks)
        for actor, number in pairs.items():
            self._identity(actor, number, frame.at)
            if number in frame.points:
                self._eyes(clear[actor].face.keypoints, frame.points[number], frame.swept)
        for actor, known in enumerate(self._actors):
            if actor not in clear:
                known.clear_since = None
            elif known.clear_since is None:
                known.clear_since = frame.at
            since = frame.at if known.clear_since is None else known.clear_since
            due = frame.at - since >= SETTLED_S
            self.figures.clear_s += lasts_s if due else 0
            if due and actor not in pairs:
                self.figures.lost_s += lasts_s
                known.lost_since = frame.at if known.lost_since is None else known.lost_since
            else:
                self._found_again(actor, frame.at)
        for number, box in tracks.items():
            if number not in pairs.values() and self._somebody(frame, box) is None:
                self.figures.ghost_s += lasts_s
        for event in frame.events:
            self._event(event, frame)

    def _pairs(self, clear: Mapping[int, TrueFace], tracks: Mapping[int, Box]) -> dict[int, int]:
        """Actor -> track, one to one: who keeps a track first, then the nearest."""
        near = sorted(
            (self._actors[actor].number != number, away, actor, number)
            for actor, face in clear.items()
            for number, box in tracks.items()
            if (away := _away(face, box)) <= NEAR
        )
        pairs: dict[int, int] = {}
        for _, _, actor, number in near:
            if actor not in pairs and number not in pairs.values():
                pairs[actor] = number
        return pairs

    def _identity(self, actor: int, number: int, at: float) -> None:
        known, owner = self._actors[actor], self._owner.get(number, actor)
        visit = known.visit(at, self._leave_s)
        before = known.number if known.seen_in is visit else None
        if owner != actor or before not in (None, number):
            self.figures.switches += 1
            self.figures.taken += owner != actor
            whose = f"which was actor {owner}'s" if owner != actor else "a new one"
            had = f"no longer {before}" if before != number else "as before"
            self.notes.append(f"{at:.2f} s: actor {actor} has track {number}, {whose}; {had}")
        known.number, known.seen_in = number, visit
        self._owner[number] = actor

    def _eyes(self, true: Keypoints, told: Keypoints, swept: bool) -> None:
        off = abs(told.right_eye - true.right_eye) + abs(told.left_eye - true.left_eye)
        error = off / 2 / true.eye_distance
        self.figures.eye_error += error
        self.figures.eyes += 1
        self.figures.between_error += 0 if swept else error
        self.figures.between += not swept

    def _found_again(self, actor: int, at: float) -> None:
        known = self._actors[actor]
        if known.lost_since is not None:
            self.notes.append(f"{known.lost_since:.2f}-{at:.2f} s: actor {actor} has no track")
            known.lost_since = None

    def _somebody(self, frame: Watched, box: Box) -> int | None:
        """Whose face a track shows, if it shows any."""
        near = [
            (away, face.actor)
            for face in frame.truth
            if face.visible >= SOME and (away := _away(face, box)) <= NEAR
        ]
        return min(near)[1] if near else None

    def _event(self, event: Event, frame: Watched) -> None:
        if not isinstance(event, FaceArrived | SmileStarted):
            return
        boxes = [face.box for face in frame.faces if face.face == event.face]
        actor = self._somebody(frame, boxes[0]) if boxes else None
        known = None if actor is None else self._actors[actor]
        visit = known.visit(frame.at, self._leave_s) if known else None
        if isinstance(event, SmileStarted):
            self.figures.smiles += 1
            if visit is None:
                self.figures.false_smiles += 1
                self.notes.append(f"{frame.at:.2f} s: track {event.face} smiles, nobody is there")
            else:
                visit.smiles += 1
            return
        self.figures.visitors += 1
        self.figures.ghosts += actor is None
        if visit is None or visit.arrivals:
            self.figures.false_arrivals += 1
            who = "nobody is there" if actor is None else f"actor {actor} again"
            self.notes.append(f"{frame.at:.2f} s: track {event.face} arrives, {who}")
        else:
            self.figures.arrival_s += frame.at - visit.start
        if visit:
            visit.arrivals += 1

    def _close(self, actor: int, visit: Visit) -> None:
        """Count what was due in a visit."""
        self.figures.visits += visit.due
        when = f"{visit.start:.2f}-{visit.end:.2f} s: actor {actor}"
        if visit.due and not visit.arrivals:
            self.figures.missed += 1
            self.notes.append(f"{when} is missed")
        due = int(self._smiles[actor] and visit.due)
        self.figures.smiles_due += due
        self.figures.missed_smiles += max(0, due - visit.smiles)
        self.figures.false_smiles += max(0, visit.smiles - int(self._smiles[actor]))
        if visit.smiles != due:
            self.notes.append(f"{when} smiles {visit.smiles} times, not {due}")


def _away(face: TrueFace, box: Box) -> float:
    """How far a track is from a face's middle, in its widths."""
    (x, y), (u, v) = face.face.box.centre, box.centre
    return math.hypot(x - u, y - v) / face.face.box.width


def at_most(seen: int) -> float:
    """The largest mean number under which so few would still be seen in 5 % of all repetitions:
    3.0 for none."""
    low, high = float(seen), 3.0 * seen + 10
    while high - low > 1e-6:
        mean = (low + high) / 2
        logs = (k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(seen + 1))
        low, high = (mean, high) if sum(map(math.exp, logs)) > 0.05 else (low, mean)
    return high
