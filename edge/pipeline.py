"""The way of a frame: detect -> track -> crop -> read -> decide -> events."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass

from edge.crop import crop
from edge.decide import Ended, SmileDecider, SmileRules, Started
from edge.detect import Box, Detector
from edge.events import Event, FaceArrived, FaceLeft, Reason, SmileEnded, SmileStarted
from edge.frame import Frame
from edge.read import SmileReader
from edge.track import Face, Tracker


@dataclass(frozen=True, slots=True)
class SeenFace:
    """What is known of one face after a frame."""

    face: int
    box: Box
    here: bool
    arrived: bool
    dwell_s: float
    probability: float  # smoothed, of a smile
    smile_s: float | None  # how long it has been smiling, None while it is not
    peak: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pipeline made of one frame."""

    frame: Frame
    faces: tuple[SeenFace, ...]
    events: tuple[Event, ...]


class Pipeline:
    """All stages of one camera; feed it frames in the order of their time."""

    def __init__(
        self,
        detect: Detector,
        track: Tracker,
        read: SmileReader,
        rules: SmileRules,
        detect_interval: int = 1,
    ) -> None:
        self._detect, self._track, self._read, self._rules = detect, track, read, rules
        self._detect_interval = detect_interval
        self._deciders: dict[int, SmileDecider] = {}
        self._until_detection = 0
        self._last: Frame | None = None
        self._happened: list[Event] = []  # in the present frame
        self._lap_began = 0.0
        self.spent_s: dict[str, float] = defaultdict(float)  # stage -> time in all frames so far

    def __call__(self, frame: Frame) -> Seen:
        self._lap_began = time.perf_counter()
        self._last = frame
        happened = self._happened
        if self._until_detection == 0:
            detections = self._detect(frame.image)
            self._lap("detect")
            tracks = self._track(detections, frame.captured_at)
            self._until_detection = self._detect_interval
        else:
            tracks = self._track.coast()
        self._until_detection -= 1
        self._lap("track")
        for face in tracks.left:
            happened += self._leave(face, "face_left")
        for face in tracks.arrived:
            self._deciders[face.track_id] = SmileDecider(self._rules)
            happened.append(FaceArrived(face=face.track_id, at=self._utc(face.first_seen)))
        for face in tracks.faces:
            if face.arrived and face.here:
                happened += self._smiles(face, frame)
        seen = Seen(frame, tuple(self._seen(face) for face in tracks.faces), tuple(happened))
        self._happened = []
        self._lap("decide")
        return seen

    def reset(self, reason: Reason) -> list[Event]:
        """Forget all faces; gives the events that end what was open, after those of a frame that
        failed half-way."""
        self._until_detection = 0
        happened, self._happened = self._happened, []
        for face in self._track.reset():
            happened += self._leave(face, reason)
        return happened

    def _smiles(self, face: Face, frame: Frame) -> list[Event]:
        self._lap("decide")
        cut = crop(frame.image, face.keypoints, self._read.crop_kind)
        self._lap("crop")
        if cut is None:
            return []
        probability = self._read(cut)
        self._lap("read")
        decided = self._deciders[face.track_id](frame.captured_at, probability)
        return [self._event(face, what, "over") for what in decided]

    def _leave(self, face: Face, reason: Reason) -> list[Event]:
        decider = self._deciders.pop(face.track_id, None)
        if decider is None:  # the frame of its arrival failed: it was never told of
            return []
        ended = [self._event(face, what, reason) for what in decider.finish()]
        at = self._utc(face.last_seen)
        left = FaceLeft(face=face.track_id, at=at, dwell_s=face.dwell_s, reason=reason)
        return [*ended, left]

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
        decider = self._deciders.get(face.track_id) or SmileDecider(self._rules)
        return SeenFace(
            face.track_id,
            face.box,
            face.here,
            face.arrived,
            face.dwell_s,
            decider.probability,
            decider.smile_s,
            decider.peak,
        )

    def _utc(self, at: float) -> float:
        """A moment of the source's clock in UTC, by the frame at hand."""
        if self._last is None:
            return at
        return self._last.taken_at + (at - self._last.captured_at)

    def _lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.spent_s[stage] += now - self._lap_began
        self._lap_began = now
