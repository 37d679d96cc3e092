"""What a rendered video shows: the picture with its faces boxed; beside it the mouth of the first
face, the shape's name and letter, and what was read in the last seconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import cv2
import numpy as np

from edge.detection import Box
from edge.film import BRIDGED_S, Film, Sight
from edge.frame import Frame, Image
from edge.lips import FORMS, draw_lips
from edge.shapes import SHAPES

HEIGHT, WIDEST = 480, 854  # pixels of the picture; a small one is enlarged
PANEL = 360  # width of what stands beside it
DRAWN = slice(16, 148), slice(16, 176)  # rows and columns of the panel: the drawn mouth
REAL = DRAWN[0], slice(184, PANEL - 16)  # and the one it was read from
STRIP = slice(244, 424), slice(16, PANEL - 16)
RIBBON = slice(428, 448), STRIP[1]
STRIP_S = 2.0  # what the strip shows
FONT = cv2.FONT_HERSHEY_SIMPLEX
EASE_S = 0.08  # in which the drawn mouth goes from one shape to the next
INK, FAINT, PAPER, SKIN = (235, 235, 235), (150, 150, 150), (38, 34, 32), (176, 200, 232)
COLOURS = {  # BGR
    "closed": (150, 140, 130),
    "narrow": (160, 190, 60),
    "open": (60, 190, 240),
    "wide_open": (70, 80, 230),
    "rounded": (200, 100, 190),
    "puckered": (230, 140, 60),
}
UNSEEN = (60, 56, 54)
MOUTH_Y, MOUTH_WIDE = 0.74, 0.62  # where in a face's box its mouth is, and what is shown of it


class Drawing:
    """Draws one frame after the other."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._cues = film.cues(1)
        self._starts = [cue.start_s for cue in self._cues]
        self._mouths = Mouths(film.faces[0].sights, film.told_s)
        self._times = [[sight.at for sight in face.sights] for face in film.faces]

    def __call__(self, frame: Frame) -> Image:
        """A frame's picture with boxes, and the panel beside it."""
        assert isinstance(frame.image, np.ndarray)  # videos are in colour
        picture = self._picture(frame.image, frame.captured_at)
        canvas = np.empty((HEIGHT, picture.shape[1] + PANEL, 3), np.uint8)
        canvas[:, : picture.shape[1]] = picture
        panel = canvas[:, picture.shape[1] :]
        panel[:] = PAPER
        self._mouth(panel, frame.captured_at)
        if sight := self._sight(0, frame.captured_at):
            panel[REAL] = _real(frame.image, sight.box)
        self._strip(panel, frame.captured_at)
        return canvas

    def _sight(self, number: int, at: float) -> Sight | None:
        """Where a face is at this time."""
        sight = self._film.faces[number].sights[max(0, bisect_right(self._times[number], at) - 1)]
        return sight if abs(at - sight.at) <= BRIDGED_S else None

    def _picture(self, image: Image, at: float) -> Image:
        height, width = image.shape[:2]
        scale = min(HEIGHT / height, WIDEST / width)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        across, down = max(2, round(width * scale / 2) * 2), max(1, round(height * scale))
        shown = cv2.resize(image, (across, down), interpolation=how)
        for number in reversed(range(len(self._film.faces))):
            if sight := self._sight(number, at):
                _box(shown, sight.box, scale, number)
        margin = (HEIGHT - down) // 2
        return cv2.copyMakeBorder(
            shown, margin, HEIGHT - down - margin, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0)
        )

    def _mouth(self, panel: Image, at: float) -> None:
        """The drawn mouth, and what it is called."""
        place = max(0, bisect_right(self._starts, at) - 1)
        cue = self._cues[place]
        panel[DRAWN] = SKIN if cue.shape else UNSEEN
        panel[REAL] = UNSEEN
        if cue.shape:
            before = self._cues[place - 1].shape if place else None
            eased = _eased((at - cue.start_s) / EASE_S)
            draw_lips(panel[DRAWN], FORMS[before or cue.shape].towards(FORMS[cue.shape], eased))
        colour = COLOURS[cue.shape] if cue.shape else FAINT
        _text(panel, cue.letter, (18, 192), 1.1, colour, 2)
        _text(panel, cue.shape or "not seen", (60, 192), 1.0, INK, 2)
        clock = f"{at:.2f} s"
        _text(panel, clock, (PANEL - 16 - 9 * len(clock), 190), 0.5, FAINT)
        x = STRIP[1].start
        for shape in SHAPES:
            _text(panel, shape, (x, 230), 0.36, COLOURS[shape])
            x += 8 + cv2.getTextSize(shape, FONT, 0.36, 1)[0][0]

    def _strip(self, panel: Image, at: float) -> None:
        columns = STRIP[1]
        width = columns.stop - columns.start
        times = at - STRIP_S + STRIP_S * np.arange(1, width + 1) / width
        self._mouths.draw(panel[STRIP], times)
        _text(panel, "weights and opening, last 2 s", (columns.start, HEIGHT - 14), 0.36, FAINT)
        ribbon = panel[RIBBON]
        ribbon[:] = UNSEEN
        first = max(0, bisect_right(self._starts, at - STRIP_S) - 1)
        for cue in self._cues[first : bisect_right(self._starts, at)]:
            left = max(0, round((cue.start_s - at + STRIP_S) / STRIP_S * width))
            right = min(width, round((min(cue.end_s, at) - at + STRIP_S) / STRIP_S * width))
            ribbon[:, left:right] = COLOURS[cue.shape] if cue.shape else UNSEEN
            ribbon[:, left : left + 1] = PAPER
            if right - left > 12:
                _text(ribbon, cue.letter, (left + 4, 15), 0.42, (0, 0, 0))


class Mouths:
    """What was read of a mouth, drawn over time."""

    def __init__(self, sights: Sequence[Sight], late_s: float) -> None:
        read = [(sight.at - late_s, sight.mouth) for sight in sights if sight.mouth]
        self._at = np.array([at for at, _ in read])
        self._tops = np.cumsum([mouth.weights for _, mouth in read], axis=1)
        self._opening = np.array([mouth.opening for _, mouth in read])
        self._palette = np.array([COLOURS[shape] for shape in SHAPES], np.uint8)

    def draw(self, strip: Image, times: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        """The weights at these times, one on the other, and the opening as a line."""
        height = len(strip)
        place = np.searchsorted(self._at, times, side="right") - 1
        known = (place >= 0) & (times - self._at[place] <= BRIDGED_S)
        level = (height - np.arange(height))[:, None] / height  # from the bottom up
        which = (self._tops[place][None] < level[..., None]).sum(axis=2)
        strip[:] = self._palette[np.minimum(which, len(SHAPES) - 1)] // 2
        strip[:, ~known] = UNSEEN
        line = np.stack([np.arange(len(times)), (height - 3) * (1 - self._opening[place]) + 1], 1)
        for stretch in np.split(line, np.flatnonzero(np.diff(known)) + 1):
            if known[int(stretch[0, 0])]:
                points = [np.rint(stretch * 16).astype(np.int32)]
                cv2.polylines(strip, points, False, INK, 2, cv2.LINE_AA, 4)


def _box(picture: Image, box: Box, scale: float, number: int) -> None:
    colour, line = ((80, 220, 120), 2) if number == 0 else (FAINT, 1)
    left, top = round(box.left * scale), round(box.top * scale)
    right, bottom = round((box.left + box.width) * scale), round((box.top + box.height) * scale)
    cv2.rectangle(picture, (left, top), (right, bottom), colour, line, cv2.LINE_AA)
    _text(picture, f"face {number + 1}", (left, max(14, top - 6)), 0.5, colour)


def _real(image: Image, box: Box) -> Image:
    """The face's own mouth, as large as the drawn one."""
    size = REAL[1].stop - REAL[1].start, REAL[0].stop - REAL[0].start
    wide = max(2, round(box.width * MOUTH_WIDE))
    high = max(2, round(wide * size[1] / size[0]))
    centre = box.left + box.width / 2, box.top + box.height * MOUTH_Y
    part = cv2.getRectSubPix(image, (wide, high), centre)
    return cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)


def _eased(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def _text(
    image: Image,
    text: str,
    where: tuple[int, int],
    size: float,
    colour: tuple[int, int, int],
    line: int = 1,
) -> None:
    cv2.putText(image, text, where, FONT, size, colour, line, cv2.LINE_AA)
