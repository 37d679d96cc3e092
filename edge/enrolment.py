"""From a take to what is kept of it: the daemon's own way of a word, up to the embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.detection import Detector
from edge.glimpse import glimpse
from edge.mouthed import mouthed
from edge.own_words import Values, taken
from edge.take import Seen, Take, Unusable, seen
from edge.utterance import UtteranceRules
from edge.word_frames import Lipreader
from edge.word_reader import Voted
from edge.words import Isolated


@dataclass(frozen=True, eq=False)
class Shown:
    """A take that can be kept."""

    seen: Seen
    embedding: Values

    def __str__(self) -> str:
        return str(self.seen)


@dataclass(frozen=True)
class Enroller:
    """Looks at takes as the daemon would."""

    detector: Detector
    reader: Lipreader

    def __call__(self, take: Take) -> Shown:
        """What is kept of a take; `Unusable` where no word can be read from it."""
        found = seen(take, self.detector)
        mouthed(found)
        heard = _Heard()
        follow = Isolated(self.reader, heard, UtteranceRules())
        for frame, points in zip(take.frames, found.points, strict=True):
            if points and (near := glimpse(frame.image, points)):
                follow(near, frame.captured_at)
        if heard.frames is None:
            raise Unusable("the lips could not be read: face the camera, with light on the face")
        return Shown(found, taken(heard.frames))


class _Heard:
    """Keeps the frames of a word in the place of judging them."""

    frames: Sequence[Voted] | None = None

    def __call__(self, frames: Sequence[Voted]) -> None:
        self.frames = frames
