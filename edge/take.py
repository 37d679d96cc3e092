"""A take: what a camera showed while somebody mouthed a word, and whether it can be used."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import cv2

from edge.detection import Box, Detector, Keypoints, Part
from edge.face import Face
from edge.frame import Frame, Image, Picture, Yuv420
from edge.gaze import around, surroundings
from edge.picture import rgb, size
from edge.track import Look, Tracker

LEAST_FPS = 8.0  # fewer pictures a second show no word
LEAST_SEEN = 0.9  # share of the pictures that must show the face
LEAST_EYES_PX = 24.0  # between the eyes: a mouth is about 20 pixels wide then
OTHERS_SIZE = 0.6  # of the face's width, from which somebody else is too near
LEAVE_S = 5.0  # longer than a take: who is hidden for a while is still the same
FACES = 4
KEPT_WIDE = 2.0  # side of what is kept, in face widths


class Unusable(Exception):
    """A take that cannot be used; says why, for the one who is to repeat it."""


@dataclass(frozen=True)
class Take:
    """The pictures of a word, each a copy of its own, in colour."""

    frames: tuple[Frame, ...]

    @property
    def fps(self) -> float:
        """Pictures a second."""
        passed = self.frames[-1].captured_at - self.frames[0].captured_at
        return (len(self.frames) - 1) / passed if passed > 0 else 0.0


@dataclass(frozen=True)
class Seen:
    """A take whose mouth was seen, and the part of its pictures that shows the face."""

    take: Take
    part: Part
    points: tuple[Keypoints | None, ...]  # of the face, picture by picture

    def __str__(self) -> str:
        count = len(self.take.frames)
        shown = sum(each is not None for each in self.points)
        return f"{count} pictures, {self.take.fps:.1f} a second, the mouth seen in {shown}"

    def between(self, start: float, end: float) -> Seen:
        """What was taken from one moment to another."""
        times = [frame.captured_at for frame in self.take.frames]
        kept = slice(bisect_left(times, start), bisect_right(times, end))
        return Seen(Take(self.take.frames[kept]), self.part, self.points[kept])


def copied(frame: Frame) -> Frame:
    """The frame with a picture that stays when the camera goes on."""
    whole = size(frame.image)
    return Frame(
        in_colour(frame.image, (0, 0, *whole)), frame.captured_at, frame.taken_at, frame.index
    )


def seen(take: Take, detector: Detector) -> Seen:
    """Look for one mouth in a take; `Unusable` where it was not seen in nearly all pictures."""
    count = len(take.frames)
    if count < 2 or take.fps < LEAST_FPS:
        raise Unusable(f"{count} pictures, {take.fps:.1f} a second: too few to show a word")
    sights = _followed(take.frames, detector)
    if not sights:
        raise Unusable("no face seen: come into the picture, with light on the face")
    main = max(sights.values(), key=lambda those: sum(each.box.width for each in those.values()))
    if any(_is_near(other, main, count) for other in sights.values() if other is not main):
        raise Unusable("two faces seen: only one person may be in the picture")
    if len(main) < LEAST_SEEN * count:
        raise Unusable(
            f"the mouth was seen in {len(main)} of {count} pictures only: face the camera, with "
            "nothing before the mouth"
        )
    eyes = fmean(each.points.eye_distance for each in main.values())
    if eyes < LEAST_EYES_PX:
        raise Unusable(
            f"the face is too small, {eyes:.0f} pixels between the eyes where {LEAST_EYES_PX:.0f} "
            "are needed: come nearer"
        )
    whole = size(take.frames[0].image)
    part = around(_holding([each.box for each in main.values()]), 1.0, whole)
    if part is None or not all(_within(each.points.mouth, part) for each in main.values()):
        raise Unusable("the mouth was outside the picture")
    points = (main[number].points if number in main else None for number in range(count))
    return Seen(take, part, tuple(points))


@dataclass(frozen=True)
class _Sight:
    """A face in one picture."""

    box: Box
    points: Keypoints
    sure: bool


_Sights = dict[int, _Sight]  # by the picture's number


def _followed(frames: Sequence[Frame], detector: Detector) -> dict[int, _Sights]:
    """Each face's sights, by its number."""
    track = Tracker(0.0, LEAVE_S, FACES)
    sights: dict[int, _Sights] = defaultdict(dict)
    for number, frame in enumerate(frames):
        track.expect(frame.captured_at, size(frame.image))
        looks = [_look(face, frame, detector) for face in track.due(FACES)]
        for face in track(detector(frame.image), looks).faces:
            if face.here:
                sights[face.track_id][number] = _Sight(face.box, face.keypoints, face.sure)
    # A sweep may take anything for a face; a close look in the next picture knows better.
    return {face: those for face, those in sights.items() if those[max(those)].sure}


def _look(face: Face, frame: Frame, detector: Detector) -> Look:
    part = surroundings(face, frame.captured_at, size(frame.image))
    return Look(face, detector.look(frame.image, part) if part else [])


def _is_near(other: _Sights, main: _Sights, count: int) -> bool:
    """Whether it is somebody whose mouth could be taken for the one that is meant."""
    widths = [fmean(each.box.width for each in those.values()) for those in (other, main)]
    return len(other) > (1 - LEAST_SEEN) * count and widths[0] >= OTHERS_SIZE * widths[1]


def _holding(boxes: Sequence[Box]) -> Box:
    """What holds all places of a face, with its surroundings."""
    wide = max(max(box.width, box.height) for box in boxes) * KEPT_WIDE / 2
    xs, ys = zip(*(box.centre for box in boxes), strict=True)
    left, top = min(xs) - wide, min(ys) - wide
    return Box(left, top, max(xs) + wide - left, max(ys) + wide - top)


def _within(point: complex, part: Part) -> bool:
    left, top, right, bottom = part
    return left <= point.real < right and top <= point.imag < bottom


def in_colour(picture: Picture, part: Part) -> Image:
    """A part of a picture in colour, in pixels of its own."""
    left, top, right, bottom = part
    if not isinstance(picture, Yuv420) and picture.ndim == 3:
        return picture[top:bottom, left:right].copy()
    return cv2.cvtColor(rgb(picture, left, top, right, bottom), cv2.COLOR_RGB2BGR)
