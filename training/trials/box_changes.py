"""What a camera and a live lip box make of a clip of lip boxes: boxes that are off, less detail,
frames that are missing, other frame rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cadence import Cadence
from edge.lipbox import KEPT_HEIGHT, KEPT_WIDTH, LipPicture, on_canvas
from training.boxes_off import drawn, moved
from training.clips import Clips

Values = NDArray[np.float64]
Pictures = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Strip:
    """A sequence of lip boxes in which a word is spoken."""

    images: Pictures  # (frames, KEPT_HEIGHT, KEPT_WIDTH)
    aspects: Values
    fps: float
    start: int  # of the word
    stop: int  # exclusive

    def __len__(self) -> int:
        return len(self.aspects)

    @classmethod
    def of(cls, clips: Clips, item: int) -> Strip:
        """An item with the sequence it is spoken in."""
        sequence = clips.sequences[item]
        rows = slice(clips.begins[sequence], clips.ends[sequence])
        aspects = clips.aspects[rows].astype(np.float64)
        word = int(clips.starts[item]), int(clips.stops[item])
        return cls(clips.images[rows], aspects, clips.origin.fps, *word)

    def canvases(self) -> Pictures:
        """The frames as a model sees them."""
        pairs = zip(self.images, self.aspects.tolist(), strict=True)
        return np.stack([on_canvas(LipPicture(*pair)) for pair in pairs])


Change = Callable[[Strip, np.random.Generator], Strip]


def as_it_is(strip: Strip, _: np.random.Generator) -> Strip:
    """No change."""
    return strip


def jittered(by: float, whole_clip: bool = False) -> Change:
    """Each side of a box is off by up to so much of the box's width or height: anew in each frame,
    or the same over the clip."""

    def change(strip: Strip, rng: np.random.Generator) -> Strip:
        return off_by(strip, drawn(by, strip.aspects, rng, whole_clip))

    return change


def blurred(pixels: int) -> Change:
    """A box is so many pixels wide, and stretched again."""

    def change(strip: Strip, _: np.random.Generator) -> Strip:
        pairs = zip(strip.images, strip.aspects.tolist(), strict=True)
        return replace(strip, images=np.stack([_blurred(*pair, pixels) for pair in pairs]))

    return change


def dropped(share: float) -> Change:
    """Frames are missing."""

    def change(strip: Strip, rng: np.random.Generator) -> Strip:
        return _without(strip, rng.random(len(strip)) < share)

    return change


def at_rate(fps: float, mixed: bool = True) -> Change:
    """The camera's pictures come at another rate, and not at the clip's moments: what it sees is
    mixed of the two pictures beside a moment, which shows both mouths, or is the nearer one."""

    def change(strip: Strip, rng: np.random.Generator) -> Strip:
        step, last = strip.fps / fps, len(strip) - 1
        taken = np.arange(rng.uniform(0, min(step, last)), last + 1e-9, step)
        seen = taken if mixed else np.rint(taken)
        before = np.minimum(seen.astype(int), max(0, last - 1))
        after = np.minimum(before + 1, last)
        part = seen - before
        images = (1 - part)[:, None, None] * strip.images[before]
        images += part[:, None, None] * strip.images[after]
        aspects = (1 - part) * strip.aspects[before] + part * strip.aspects[after]
        return _as_read(
            replace(strip, images=np.rint(images).astype(np.uint8), aspects=aspects), taken, last
        )

    return change


def one_after_another(*changes: Change) -> Change:
    """All of these."""

    def change(strip: Strip, rng: np.random.Generator) -> Strip:
        for each in changes:
            strip = each(strip, rng)
        return strip

    return change


@dataclass(frozen=True, eq=False)
class Off:
    """How far live boxes were seen to be off: left, right, top, bottom, in widths of the box."""

    traces: list[Values]  # (frames, 4) each, of films in a row; NaN where no box was found
    fps: float
    always: Values  # (boxes, 4): one of these for a whole clip; empty: none

    def __call__(self, strip: Strip, rng: np.random.Generator) -> Strip:
        """Boxes that are off as those of a film were, frame by frame."""
        trace = self.traces[rng.integers(len(self.traces))]
        times = np.arange(len(strip)) * self.fps / strip.fps
        spare = max(0.0, len(trace) - 1 - times[-1])
        rows = np.rint(times + rng.uniform(0, spare)).astype(int)
        off = trace[np.minimum(rows, len(trace) - 1)]
        if len(self.always):
            off = off + self.always[rng.integers(len(self.always))]
        missing = np.isnan(off).any(axis=1)
        return _without(off_by(strip, np.where(missing[:, None], 0, off)), missing)


def off_by(strip: Strip, off: Values) -> Strip:
    """The sides of all boxes moved: left, right, top, bottom, in widths of the box."""
    pairs = zip(strip.images, strip.aspects.tolist(), strict=True)
    boxes = [moved(LipPicture(*pair), by) for pair, by in zip(pairs, off, strict=True)]
    aspects = np.array([box.aspect for box in boxes])
    return replace(strip, images=np.stack([box.image for box in boxes]), aspects=aspects)


def _blurred(image: NDArray[np.uint8], aspect: float, pixels: int) -> NDArray[np.uint8]:
    small = cv2.resize(image, (pixels, max(1, round(aspect * pixels))), None, 0, 0, cv2.INTER_AREA)
    stretched = cv2.resize(small, (KEPT_WIDTH, KEPT_HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(stretched, np.uint8)


def _without(strip: Strip, missing: NDArray[np.bool_]) -> Strip:
    """Frames left out; one at least stays."""
    there = np.flatnonzero(~missing)
    if not len(there):
        there = np.array([len(strip) // 2])
    left = replace(strip, images=strip.images[there], aspects=strip.aspects[there])
    return _as_read(left, there.astype(np.float64), len(strip) - 1)


def _as_read(taken: Strip, moments: Values, last: int) -> Strip:
    """What a reader at the clip's rate makes of pictures taken at these moments, which are counted
    in frames up to the last, as is where the word begins and ends. A camera sees lips before and
    after the clip, too: there the first and the last picture are held."""
    cadence, rows, places = Cadence(taken.fps), [], []
    pictures = [0, *range(len(moments)), len(moments) - 1]
    for number, moment in enumerate([0.0, *moments.tolist(), float(last)]):
        for due in cadence(moment / taken.fps):
            rows.append(pictures[number - due.is_last])
            places.append(due.at * taken.fps)
    start, stop = np.searchsorted(places, (taken.start - 0.5, taken.stop - 0.5)).tolist()
    start = min(start, len(rows) - 1)
    return replace(
        taken,
        images=taken.images[rows],
        aspects=taken.aspects[rows],
        start=start,
        stop=max(stop, start + 1),
    )
