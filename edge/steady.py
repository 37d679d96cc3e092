"""Keeps a face's points steady while it is still, and with it while it moves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge.detection import Box, Detection, Keypoints

if TYPE_CHECKING:
    from edge.face import Face

# A point follows what is measured by a low pass (the "one-euro" rule): slow where the face is
# still, so that noise is smoothed away, fast where it moves, so that nothing lags. Speeds are in
# eye distances a second.
STILL_HZ = 1.5
HZ_A_SPEED = 6.0
SPEED_S = 0.15  # time constant of the measured speed
MOTION_S = 0.25  # time constant of the motion by which a face is expected to go on
LEAST_S = 0.01  # pictures are not taken faster; some cameras give two of them the same time
FIRST_S = 1.0  # as if it had been so long since, the first close look is trusted
RESTING = 0.1  # a slower face is taken to rest


class Steady:
    """The motion of one face; moves and smooths its box and keypoints in place."""

    def __init__(self) -> None:
        self._measured_at = 0.0
        self._measured = 0  # how often
        self._motion = 0j  # pixels a second
        self._off = 0j  # smoothed deviation from where it was expected, eye distances a second

    def move(self, face: Face, seconds: float) -> None:
        """Let the face go on as it went."""
        if abs(self._motion) > RESTING * face.keypoints.eye_distance:
            step = self._motion * seconds
            face.box = _moved(face.box, step)
            points = face.keypoints
            face.keypoints = Keypoints(
                points.right_eye + step,
                points.left_eye + step,
                points.nose + step,
                points.mouth + step,
            )

    def __call__(self, face: Face, seen: Detection, at: float) -> None:
        """Take a measurement of a face that was moved to where it is expected."""
        passed = max(at - self._measured_at, LEAST_S) if self._measured else FIRST_S
        self._measured_at = at
        unit = max(face.keypoints.eye_distance, 1.0)
        off = _middle(seen.keypoints) - _middle(face.keypoints)
        self._off += _share(passed, SPEED_S) * (off / unit / passed - self._off)
        share = _share(passed, 1 / (2 * math.pi * (STILL_HZ + HZ_A_SPEED * abs(self._off))))
        # The first measurement corrects a rough place; of the next few each tells much.
        if self._measured:
            self._motion += max(_share(passed, MOTION_S), 1 / (1 + self._measured)) * off / passed
        self._measured += 1
        old, new = face.keypoints, seen.keypoints
        face.keypoints = Keypoints(
            old.right_eye + share * (new.right_eye - old.right_eye),
            old.left_eye + share * (new.left_eye - old.left_eye),
            old.nose + share * (new.nose - old.nose),
            old.mouth + share * (new.mouth - old.mouth),
        )
        face.box = _between(face.box, seen.box, share)


def _share(passed: float, constant: float) -> float:
    return passed / (passed + constant)


def _middle(points: Keypoints) -> complex:
    return (points.right_eye + points.left_eye + points.mouth) / 3


def _moved(box: Box, step: complex) -> Box:
    return Box(box.left + step.real, box.top + step.imag, box.width, box.height)


def _between(one: Box, other: Box, share: float) -> Box:
    return Box(
        one.left + share * (other.left - one.left),
        one.top + share * (other.top - one.top),
        one.width + share * (other.width - one.width),
        one.height + share * (other.height - one.height),
    )
