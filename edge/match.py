"""Which detection is which face."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Sequence

from edge.detection import Box, Detection
from edge.face import Face

# How far a face may be from where it is expected and still be the same one, in face widths: a bit
# at once, and more with the time since it was seen, so that few frames a second make no difference.
NEAR, SPEED_A_S, FARTHEST = 0.5, 2.0, 1.5
SIZE_COUNTS = 0.5  # a face twice as large is as unlikely as one this many e-folds farther away
ONE_FACE = 0.4  # detections nearer to each other, in face widths, are of one face


def distinct(detections: Iterable[Detection], known: Sequence[Detection]) -> list[Detection]:
    """Each face once, the surest detection of it, without those that are known already."""
    kept: list[Detection] = []
    real = (detection for detection in detections if _is_somewhere(detection))
    for detection in sorted(real, key=lambda d: -d.score):
        if all(_distance(detection.box, other.box) > ONE_FACE for other in (*known, *kept)):
            kept.append(detection)
    return kept


def match(
    faces: Sequence[Face], detections: Sequence[Detection], at: float
) -> list[tuple[int, int]]:
    """Pairs of a face and a detection, by their places in the lists, the nearest first."""
    pairs = sorted(
        (_began_hidden(face, faces), distance, i, j)
        for i, face in enumerate(faces)
        for j, detection in enumerate(detections)
        if (distance := _away(face, detection)) < _reach(at - face.last_seen)
    )
    matched: list[tuple[int, int]] = []
    free_faces, free = set(range(len(faces))), set(range(len(detections)))
    for *_, i, j in pairs:
        if i in free_faces and j in free:
            free_faces.remove(i)
            free.remove(j)
            matched.append((i, j))
    return matched


def apart(one: Box, other: Box) -> float:
    """How far apart two faces are, in face widths."""
    (x, y), (u, v) = one.centre, other.centre
    return math.hypot(x - u, y - v) / max(one.width, other.width)


def _is_somewhere(detection: Detection) -> bool:
    """Whether it has a size and a place: what a network gives for no face may have neither."""
    box, points = detection.box, detection.keypoints
    values = (sum(box.centre), points.right_eye + points.left_eye + points.nose + points.mouth)
    return min(box.width, box.height) > 0 and all(map(cmath.isfinite, values))


def _began_hidden(face: Face, faces: Sequence[Face]) -> bool:
    """Whether it may be another that was hidden when it began: that one has the first choice."""
    return not face.arrived and any(
        other.arrived and not other.clear and other.clear_at < face.first_seen for other in faces
    )


def _away(face: Face, seen: Detection) -> float:
    """How far a detection is from where a face should be, or was if it has turned back."""
    expected = _distance(face.box, seen.box)
    if face.here or face.clear_box is None:
        return expected
    return min(expected, _distance(face.clear_box, seen.box))


def _reach(unseen_s: float) -> float:
    return min(NEAR + SPEED_A_S * unseen_s, FARTHEST)


def _distance(one: Box, other: Box) -> float:
    """How far apart two faces are; different sizes count as distance too."""
    ratio = max(one.width, other.width) / min(one.width, other.width)
    return math.inf if ratio > 2 else apart(one, other) + SIZE_COUNTS * math.log(ratio)
