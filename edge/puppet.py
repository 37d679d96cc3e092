"""Whose mouth moves a mesh, and how it goes over from one to another: a pure function of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.mappings import Mapping, Pose, blend
from edge.pipeline import SeenFace
from edge.shapes import SHAPES

LARGER = 1.2  # times as wide as the followed face must another one be to be followed instead
FADE_S = 0.25  # from one mouth to another, or to a closed one


@dataclass(frozen=True, slots=True)
class Rest:
    """The mouth of a mesh that nobody moves."""

    weights: tuple[float, ...] = tuple(float(shape == "closed") for shape in SHAPES)
    opening: float = 0.0


class Puppet:
    """A mesh's mouth, which follows that of the largest face and closes softly without one."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._closed = blend(Rest(), mapping)
        self.pose = self._closed
        self._face: int | None = None  # the one that is followed
        self._moved_by: int | None = None  # it, while its mouth can be seen
        self._before, self._since = self._closed, 0.0  # the pose when that last changed, and when

    @property
    def closed(self) -> bool:
        """Whether it is at rest."""
        return self.pose == self._closed

    def __call__(self, at: float, faces: Sequence[SeenFace]) -> Pose:
        """Its pose when these faces are in the picture."""
        face = self._follow(faces)
        mouth = face.mouth if face else None
        moved_by = face.face if face and mouth else None
        if moved_by != self._moved_by:
            self._moved_by, self._before, self._since = moved_by, self.pose, at
        self.pose = self._fade(at, blend(mouth, self._mapping) if mouth else self._closed)
        return self.pose

    def _follow(self, faces: Sequence[SeenFace]) -> SeenFace | None:
        """The face that is followed: the same one while it is there and none is clearly larger."""
        mouths = [face for face in faces if face.mouth]
        largest = max(mouths, key=lambda face: face.box.width, default=None)
        face = next((face for face in faces if face.face == self._face), None)
        if face is None or (largest and largest.box.width > LARGER * face.box.width):
            face = largest
        self._face = face.face if face else None
        return face

    def _fade(self, at: float, aim: Pose) -> Pose:
        passed = min(1.0, max(0.0, (at - self._since) / FADE_S))
        share = passed * passed * (3 - 2 * passed)  # begins and ends slowly
        return {name: (1 - share) * old + share * aim[name] for name, old in self._before.items()}
