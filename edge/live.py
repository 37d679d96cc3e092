"""What is only told live: never kept for later, and not more often than somebody can follow."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from edge.clock import clock_synced
from edge.events import VisemeChanged, live_json

LiveSink = Callable[[str, str], None]  # takes a topic and a payload


class RateLimit:
    """Lets through so many changes a second of each face; of what comes too soon, the newest is
    held until its time comes, so that the last shape is always told."""

    def __init__(self, per_s: float) -> None:
        self._apart_s = 1 / per_s
        self._held: dict[int, VisemeChanged] = {}  # by face
        self._told: dict[int, tuple[float, VisemeChanged]] = {}  # of late, with the moment

    def __call__(self, now: float, changed: Sequence[VisemeChanged]) -> list[VisemeChanged]:
        """Take what has changed by a moment of the frames' time; gives what is due."""
        for each in changed:
            self._held[each.face] = each
        due = [each for face, each in self._held.items() if not self._rests(face, now)]
        news = [each for each in due if not self._is_known(each)]
        for each in due:
            del self._held[each.face]
        self._told |= {each.face: (now, each) for each in news}
        self._told = {face: it for face, it in self._told.items() if self._rests(face, now)}
        return news

    def flush(self) -> list[VisemeChanged]:
        """What is held, because no frame comes whose time it could wait for."""
        held, self._held = self._held, {}
        return [each for each in held.values() if not self._is_known(each)]

    def _rests(self, face: int, now: float) -> bool:
        # A clock that was set back must not silence a face.
        return face in self._told and 0 <= now - self._told[face][0] < self._apart_s

    def _is_known(self, each: VisemeChanged) -> bool:
        """Whether the mouth has come back to the shape that was told last."""
        return each.face in self._told and self._told[each.face][1].viseme == each.viseme


class Live:
    """Tells every sink of changes."""

    def __init__(self, per_s: float, sinks: Sequence[LiveSink]) -> None:
        self._limit = RateLimit(per_s) if per_s and sinks else None
        self._sinks = tuple(sinks)

    def __call__(self, now: float, changed: Sequence[VisemeChanged]) -> None:
        """Tell what has changed by a moment of the frames' time."""
        if self._limit:
            self._tell(self._limit(now, changed))

    def flush(self) -> None:
        """No frame comes: tell what is held."""
        if self._limit:
            self._tell(self._limit.flush())

    def _tell(self, changed: Sequence[VisemeChanged]) -> None:
        for each in changed:
            payload = live_json(each, uuid.uuid4().hex, clock_synced())
            for sink in self._sinks:
                sink(each.topic, payload)
