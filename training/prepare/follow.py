"""The face that speaks in a clip, followed from frame to frame."""

from __future__ import annotations

from edge.detection import Detection, Detector
from edge.frame import Image
from training.faces import closely, largest, main_face

ALIKE = 0.7  # a second face so wide, in widths of the first, may be the one who speaks
APART = 1.0  # how far, in face widths, a face is another one, or cannot have moved in a frame

NO_FACE = "no face found"


class TwoFaces(Exception):
    """Nothing says which of two speaks."""


class Follower:
    """Gives a clip's face in each frame: the largest of the first, then the one that was there."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._last: Detection | None = None

    def __call__(self, image: Image) -> Detection | None:
        """The face; None where it is not found."""
        face = self._found(image)
        if face is not None:
            self._last = face
        return face

    def _found(self, image: Image) -> Detection | None:
        last = self._last
        if last is None:
            return self._first(image)
        # A close look at where it was costs half as much as finding it again.
        face = closely(self._detector, image, last) or main_face(self._detector, image)
        return face if face is not None and _distance(face, last) < APART else None

    def _first(self, image: Image) -> Detection | None:
        faces = self._detector(image)
        if not faces:
            return None
        first = largest(faces)
        for other in faces:
            alike = other.box.width >= ALIKE * first.box.width
            if alike and _distance(other, first) >= APART and closely(self._detector, image, other):
                raise TwoFaces
        return closely(self._detector, image, first)


def _distance(face: Detection, other: Detection) -> float:
    """Between two faces' middles, in widths of the second."""
    middle, before = complex(*face.box.centre), complex(*other.box.centre)
    return abs(middle - before) / other.box.width
