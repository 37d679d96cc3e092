"""The way of a frame: detect -> track -> crop -> read -> decide -> events."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from edge.crop import crop, shrunk
from edge.decide import Ended, SmileDecider, SmileRules, Started
from edge.detection import Box, Detector
from edge.events import (
    Event,
    FaceArrived,
    FaceLeft,
    Reason,
    SmileEnded,
    SmileStarted,
    VisemeChanged,
    WordRead,
)
from edge.face import Face
from edge.frame import Frame
from edge.gaze import Gaze, surroundings
from edge.glimpse import glimpse
from edge.mouth import MouthDecider, MouthRules
from edge.picture import size
from edge.read import SmileReader, VisemeReader
from edge.shapes import SHAPES
from edge.track import Look, Tracker, Tracks
from edge.votes import Ballot, Counter, Counting
from edge.words import Speaker, Words


@dataclass(frozen=True)
class Visemes:
    """What it takes to read mouth shapes."""

    read: VisemeReader
    counting: Counting
    rules: MouthRules


@dataclass(frozen=True, slots=True)
class MouthSeen:
    """A mouth after a frame, smoothed."""

    shape: str
    weights: tuple[float, ...]  # of `edge.shapes.SHAPES`
    opening: float  # 0 at the person's rest, 1 wide open


@dataclass(frozen=True, slots=True)
class SeenFace:
    """What is known of one face after a frame."""

    face: int
    box: Box
    here: bool
    arrived: bool
    dwell_s: float
    probability: float = 0.0  # smoothed, of a smile
    smile_s: float | None = None  # how long it has been smiling, None while it is not
    peak: float = 0.0
    mouth: MouthSeen | None = None  # none where it cannot be seen, or is not read


@dataclass(slots=True)
class Visit:
    """A face that has arrived and not left, and what is decided of it."""

    face: Face
    decide: SmileDecider
    count: Counter | None  # of votes; none where mouths are not read
    decide_mouth: MouthDecider
    speaker: Speaker | None  # none where words are not read
    smiled_at: float = -math.inf  # end of its last smile
    mouth: MouthSeen | None = None  # in the present frame


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pipeline made of one frame."""

    size: tuple[int, int]  # width and height of the picture
    taken_at: float  # UTC
    faces: tuple[SeenFace, ...]  # without what may be none
    events: tuple[Event, ...]
    changed: tuple[VisemeChanged, ...] = ()  # live: never stored


class Pipeline:
    """All stages of one camera; feed it frames in the order of their time."""

    def __init__(
        self,
        detect: Detector,
        track: Tracker,
        read: SmileReader,
        rules: SmileRules,
        gaze: Gaze,
        visemes: Visemes | None = None,
        words: Words | None = None,
    ) -> None:
        self._detect, self._track, self._read, self._rules = detect, track, read, rules
        self._gaze, self._visemes, self._words = gaze, visemes, words
        self._mouth_rules = visemes.rules if visemes else MouthRules()
        self._visits: dict[int, Visit] = {}  # by track id
        self._last: Frame | None = None
        self._happened: list[Event] = []  # in the present frame
        self._changed: list[VisemeChanged] = []
        self._lap_began = 0.0
        self.spent_s: dict[str, float] = defaultdict(float)  # stage -> time in all frames so far

    def __call__(self, frame: Frame) -> Seen:
        self._lap_began = time.perf_counter()
        self._last = frame
        if self._words:
            self._words.watch_rate(frame.captured_at)
        happened = self._happened
        tracks = self._find(frame)
        self._lap("track")
        for face in tracks.left:
            happened += self._leave(self._visits[face.track_id], "face_left")
        for face in tracks.arrived:
            self._visits[face.track_id] = Visit(
                face,
                SmileDecider(self._rules),
                Counter(self._visemes.counting) if self._visemes else None,
                MouthDecider(self._mouth_rules),
                self._words.speaker() if self._words else None,
            )
            happened.append(FaceArrived(face=face.track_id, at=self._utc(face.first_seen)))
        for visit in self._visits.values():
            visit.mouth = None
            if visit.face.clear:
                self._look_at(visit, frame)
        faces = tuple(self._seen(face) for face in tracks.faces if face.arrived or face.sure)
        changed = tuple(self._changed)
        seen = Seen(size(frame.image), frame.taken_at, faces, tuple(happened), changed)
        self._happened, self._changed = [], []
        self._lap("decide")
        return seen

    @property
    def faces(self) -> Sequence[Face]:
        """Those that are followed after the last frame."""
        return self._track.faces

    def pace(self, detect_interval: int, looks: float, faces_max: int) -> None:
        """Look for faces in every so many frames, at those that are known so many times a frame,
        and follow so many at most."""
        self._gaze.pace(detect_interval, looks)
        self._track.faces_max = faces_max

    def reset(self, reason: Reason) -> list[Event]:
        """Forget all faces; gives the events that end what was open, after those of a frame that
        failed half-way."""
        self._gaze.reset()
        happened, self._happened, self._changed = self._happened, [], []
        self._track.reset()
        for visit in list(self._visits.values()):
            happened += self._leave(visit, reason)
        return happened

    def _find(self, frame: Frame) -> Tracks:
        """Sweep the picture for new faces when it is time, and look at those that are known."""
        whole = size(frame.image)
        self._track.expect(frame.captured_at, whole)
        sweeps, most = self._gaze(len(self._track.faces))
        swept = self._detect(frame.image) if sweeps else []
        looks = []
        for face in self._track.due(most):
            part = surroundings(face, frame.captured_at, whole)
            looks.append(Look(face, self._detect.look(frame.image, part) if part else []))
        self._lap("detect")
        return self._track(swept, looks)

    def _look_at(self, visit: Visit, frame: Frame) -> None:
        """Read the smile and the mouth of a face that can be seen."""
        self._lap("decide")
        points, visemes = visit.face.keypoints, self._visemes
        cut = mouth = crop(frame.image, points, self._read.crop_kind)
        if visemes and cut is not None and self._read.crop_kind.holds(visemes.read.crop_kind):
            mouth = shrunk(cut, visemes.read.crop_kind)
        elif visemes:
            mouth = crop(frame.image, points, visemes.read.crop_kind)
        self._lap("crop")
        if cut is not None:
            probability = self._read(cut)
            self._lap("read")
            decided = visit.decide(frame.captured_at, probability)
            self._happened += self._told(visit, decided, "over")
            self._lap("decide")
        if visemes and mouth is not None:
            ballot = visemes.read(mouth)
            self._lap("read")
            self._note_mouth(visit, frame.captured_at, ballot)
        if visit.speaker:
            self._follow_lips(visit.face, visit.speaker, frame)

    def _follow_lips(self, face: Face, speaker: Speaker, frame: Frame) -> None:
        """Read the words that a face's lips may have said."""
        self._lap("decide")
        seen = glimpse(frame.image, face.keypoints)
        told = speaker(seen, frame.captured_at) if seen else ()
        self._lap("read")
        self._happened += [
            WordRead(
                face=face.track_id,
                at=frame.taken_at,
                word=found.verdict.word,
                score=found.verdict.score,
                alternatives=found.verdict.alternatives,
                start=self._utc(found.start),
                end=self._utc(found.end),
            )
            for found in told
        ]

    def _note_mouth(self, visit: Visit, at: float, ballot: Ballot) -> None:
        assert visit.count
        decide = visit.decide_mouth
        if changed := decide(*visit.count(at, ballot)):
            self._changed.append(
                VisemeChanged(
                    face=visit.face.track_id,
                    at=self._utc(changed.at),
                    viseme=changed.shape,
                    weights=dict(zip(SHAPES, changed.weights, strict=True)),
                )
            )
        visit.mouth = MouthSeen(decide.shape, decide.weights, decide.opening)

    def _leave(self, visit: Visit, reason: Reason) -> list[Event]:
        face = visit.face
        del self._visits[face.track_id]
        if visit.speaker:
            visit.speaker.reset()
        ended = self._told(visit, visit.decide.finish(), reason)
        # Between looks it is read where it should be, so a smile may end after it was seen last.
        until = max(face.last_seen, visit.smiled_at)
        left = FaceLeft(
            face=face.track_id,
            at=self._utc(until),
            dwell_s=until - face.first_seen,
            reason=reason,
        )
        return [*ended, left]

    def _told(self, visit: Visit, decided: list[Started | Ended], reason: Reason) -> list[Event]:
        for what in decided:
            if isinstance(what, Ended):
                visit.smiled_at = what.at
        return [self._event(visit.face, what, reason) for what in decided]

    def _event(self, face: Face, what: Started | Ended, reason: Reason) -> Event:
        if isinstance(what, Started):
            return SmileStarted(face=face.track_id, at=self._utc(what.onset))
        return SmileEnded(
            face=face.track_id,
            at=self._utc(what.at),
            duration_s=what.duration_s,
            peak=what.peak,
            reason=reason,
        )

    def _seen(self, face: Face) -> SeenFace:
        seen = (face.track_id, face.box, face.here, face.arrived, face.dwell_s)
        if (visit := self._visits.get(face.track_id)) is None:
            return SeenFace(*seen)
        decide = visit.decide
        return SeenFace(*seen, decide.probability, decide.smile_s, decide.peak, visit.mouth)

    def _utc(self, at: float) -> float:
        """A moment of the source's clock in UTC, by the frame at hand."""
        if self._last is None:
            return at
        return self._last.taken_at + (at - self._last.captured_at)

    def _lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.spent_s[stage] += now - self._lap_began
        self._lap_began = now
