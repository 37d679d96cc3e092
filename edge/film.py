"""A video file through the pipeline: the faces in it, and the shapes of each one's mouth.

The decisions are the daemon's. What a file allows beyond is to look ahead: all is waited for that
later frames tell; a shape begins at its onset, not when it was decided, less what smoothing delays
it; a face begins when it was first seen, not when it has arrived.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from edge.assemble import assemble, mouth_rules
from edge.cameras.video import VideoCamera
from edge.cues import Cue
from edge.detection import Box
from edge.frame import Frame
from edge.pipeline import MouthSeen, Pipeline, Seen
from edge.profiles import Profile
from edge.read import VisemeReader
from edge.settings import FaceSettings, Settings, VisemeSettings

BRIDGED_S = 0.3  # a mouth that is not read for no longer keeps its shape


class Reel:
    """The frames of a video file, as often as they are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        camera = VideoCamera(path, loop=False)
        self._length = camera.frames_said
        camera.close()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Frame]:
        camera = VideoCamera(self._path, loop=False)
        camera.open()
        try:
            while (frame := camera.read()) is not None:
                yield frame
        finally:
            camera.close()


@dataclass(frozen=True, slots=True)
class Sight:
    """A face in one frame."""

    at: float  # seconds since the first frame
    box: Box
    mouth: MouthSeen | None


@dataclass(slots=True)
class Appearance:
    """A face from the first frame that shows it to the last."""

    first_seen: float
    sights: list[Sight] = field(default_factory=list)
    changes: list[tuple[float, str]] = field(default_factory=list)  # since when which shape

    @property
    def lasts_s(self) -> float:
        return self.sights[-1].at - self.first_seen

    @property
    def weight(self) -> float:
        """For how long it is seen, times its size."""
        return sum(sight.box.width for sight in self.sights)


@dataclass(frozen=True, slots=True)
class Film:
    """What a video shows."""

    frames: int
    step_s: float  # from frame to frame
    duration_s: float
    lag_s: float  # by which onsets are late
    told_s: float  # by which what frames tell of mouths is late
    faces: tuple[Appearance, ...]  # the main one first

    def cues(self, number: int) -> list[Cue]:
        """The cues of a face, by its number from 1."""
        face = self.faces[number - 1]
        read = [(sight.at, sight.mouth) for sight in face.sights if sight.mouth]
        times = [at - self.told_s for at, _ in read]
        starts = [(at, shape) for at, shape in self._starts(face) if at < self.duration_s]
        ends = [*(at for at, _ in starts[1:]), self.duration_s]
        cues = []
        for (start, shape), end in zip(starts, ends, strict=True):
            first, last = bisect_left(times, start), bisect_left(times, end)
            mouths = read[first:last] or [read[max(0, first - 1)]]  # it may lie between two frames
            cues.append(_cue(number, start, end, shape, [mouth for _, mouth in mouths]))
        return cues

    def _starts(self, face: Appearance) -> list[tuple[float, str | None]]:
        """When each shape begins, or the time in which the mouth is not seen."""
        unseen = self._unseen(face)
        onsets = [at - self.lag_s for at, _ in face.changes]

        def shape_at(moment: float) -> str | None:
            if any(start <= moment < end for start, end in unseen):
                return None
            return face.changes[max(0, bisect_right(onsets, moment) - 1)][1]

        moments = sorted({0.0, *onsets, *(bound for pair in unseen for bound in pair)})
        told = [(moment, shape_at(moment)) for moment in moments if moment >= 0]
        return [next(same) for _, same in groupby(told, key=lambda each: each[1])]

    def _unseen(self, face: Appearance) -> list[tuple[float, float]]:
        read = [sight.at for sight in face.sights if sight.mouth]
        if read[0] - face.first_seen <= BRIDGED_S:
            read.insert(0, face.first_seen)
        read = [-self.step_s, *read, self.duration_s]
        shown = [(before + self.step_s, after) for before, after in pairwise(read)]
        return [(start, end) for start, end in shown if end - start > BRIDGED_S]


def watch(
    frames: Iterable[Frame],
    profile: Profile,
    models_folder: Path | None,
    model: Path,
    ahead_s: float | None = None,
) -> Film:
    """Follow the faces through a video by the daemon's rules, waiting so long for what later frames
    tell of a mouth; as long as they tell anything where nothing is said."""
    read = VisemeReader(model, profile.threads)
    if ahead_s is None:
        ahead_s = max(0.0, -min(read.description.votes_s))
    # A file need not wait for a face to arrive: what turns out to be none is left out afterwards.
    settings = Settings(faces=FaceSettings(arrive_s=0.0), viseme=VisemeSettings(ahead_s=ahead_s))
    smoothing_s = mouth_rules(settings.viseme, read.description).smoothing_s
    pipeline = assemble(settings, profile, models_folder, viseme_model=read).pipeline
    return follow(frames, pipeline, FaceSettings().arrive_s, smoothing_s, ahead_s)


def follow(
    frames: Iterable[Frame],
    pipeline: Pipeline,
    shortest_s: float,
    smoothing_s: float,
    ahead_s: float,
) -> Film:
    """Follow the faces through a video; what is seen for a shorter time is none. The pipeline
    smooths with this time constant and tells of mouths as they were so long before."""
    times: list[float] = []
    faces: dict[int, Appearance] = {}
    for frame in frames:
        times.append(frame.captured_at)
        _note(faces, frame, pipeline(frame))
    step = statistics.median([b - a for a, b in pairwise(times)] or [0.0])
    found = [face for face in faces.values() if face.changes and face.lasts_s >= shortest_s]
    found.sort(key=lambda face: -face.weight)
    # A frame is dated by when it begins to be shown, and what it shows is of the middle of that.
    lag_s = max(0.0, smoothing_s - step / 2)
    return Film(len(times), step, times[-1] + step, lag_s, lag_s + ahead_s, tuple(found))


def _note(faces: dict[int, Appearance], frame: Frame, seen: Seen) -> None:
    at = frame.captured_at
    for face in seen.faces:
        if face.arrived and face.here:
            known = faces.setdefault(face.face, Appearance(at - face.dwell_s))
            known.sights.append(Sight(at, face.box, face.mouth))
    for changed in seen.changed:
        onset = changed.at - frame.taken_at + at
        faces[changed.face].changes.append((onset, changed.viseme))


def _cue(number: int, start: float, end: float, shape: str | None, mouths: list[MouthSeen]) -> Cue:
    if shape is None:
        return Cue(number, start, end)
    weights = zip(*(mouth.weights for mouth in mouths), strict=True)
    opening = statistics.fmean(mouth.opening for mouth in mouths)
    return Cue(number, start, end, shape, opening, tuple(map(statistics.fmean, weights)))
