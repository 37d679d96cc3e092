"""Draws a face that a face detector finds and a smile model understands."""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

from edge.frame import Image

PATCH = 360  # side of the drawn patch in pixels
MIDDLE, EYES_Y, MOUTH_Y = 180, 150, 236
FACE_WIDTH = 168
WALL = (132, 138, 142)  # BGR, as all colours here
SKIN, SKIN_DARK, SKIN_LIGHT = (150, 178, 222), (96, 124, 176), (176, 204, 240)
LIP, LIP_SHADE, LIP_LIGHT = (122, 130, 198), (104, 110, 184), (146, 156, 214)
MOUTH_DARK, TEETH, TONGUE, HAIR = (40, 30, 60), (236, 240, 240), (56, 46, 104), (38, 52, 70)

TONGUE_FROM = 12.0  # pixels of a gap through which the tongue is seen

Curve = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True)
class Mouth:
    """The shape of a drawn mouth, in shares of the face's width."""

    width: float = 0.34
    opening: float = 0.0
    smile: float = 0.0  # 0 to 1: corners up, cheeks up, eyes narrowed
    teeth: float = 0.0  # 0 to 1: how much of the opening shows teeth
    rounding: float = 0.0  # 0 to 1: lips pushed forward, full all around

    def towards(self, other: Mouth, share: float) -> Mouth:
        """The shape part of the way to another."""
        mixed = (
            getattr(self, f.name) * (1 - share) + getattr(other, f.name) * share
            for f in fields(self)
        )
        return Mouth(*mixed)


def _ellipse(
    image: Image,
    x: float,
    y: float,
    half_width: float,
    half_height: float,
    colour: tuple[int, int, int],
    arc: tuple[float, float] = (0, 360),
    line: int = -1,
    turn: float = 0,
) -> None:
    cv2.ellipse(
        image,
        (round(x * 16), round(y * 16)),
        (round(half_width * 16), round(half_height * 16)),
        turn,
        *arc,
        colour,
        line,
        cv2.LINE_AA,
        4,
    )


def head() -> Image:
    """All that does not move: hair, ears, neck, the shaded face, brows and nose."""
    image = np.full((PATCH, PATCH, 3), WALL, np.uint8)
    cv2.rectangle(image, (140, 250), (220, PATCH), SKIN_DARK, -1)
    _ellipse(image, MIDDLE, PATCH + 30, 150, 75, (96, 70, 52))
    _ellipse(image, MIDDLE, 150, 100, 122, HAIR)
    for side in (-1, 1):
        _ellipse(image, MIDDLE + side * 86, 172, 13, 24, SKIN_DARK)
    _ellipse(image, MIDDLE, 178, FACE_WIDTH / 2, 112, SKIN)
    light: Image = np.zeros((PATCH, PATCH), np.float32)
    cv2.ellipse(light, (MIDDLE, 165), (58, 88), 0, 0, 360, 1.0, -1)
    light = cv2.GaussianBlur(light, (0, 0), 26)
    inside = np.zeros((PATCH, PATCH), np.uint8)
    cv2.ellipse(inside, (MIDDLE, 178), (FACE_WIDTH // 2, 112), 0, 0, 360, 255, -1)
    shaded = image * (0.74 + 0.34 * light[..., None])
    image = np.where(inside[..., None] > 0, np.clip(shaded, 0, 255), image).astype(np.uint8)
    _ellipse(image, MIDDLE, 84, 88, 42, HAIR, (180, 360))
    for side in (-1, 1):
        _ellipse(image, MIDDLE + side * 36, EYES_Y - 18, 23, 8, HAIR, (195, 345), 5)
        _ellipse(image, MIDDLE + side * 36, EYES_Y, 22, 14, SKIN_DARK)
    _ellipse(image, MIDDLE, 196, 15, 10, SKIN_DARK)
    _ellipse(image, MIDDLE, 192, 13, 10, SKIN_LIGHT)
    for side in (-1, 1):
        _ellipse(image, MIDDLE + side * 8, 202, 4, 2.4, (50, 62, 100))
    cv2.line(image, (MIDDLE - 7, 160), (MIDDLE - 9, 190), SKIN_DARK, 2, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (5, 5), 0)


def draw_eyes(image: Image, mouth: Mouth, at: float) -> None:
    blink = max(0.0, 1 - abs(at % 4.1 - 3.9) / 0.1)
    openness = max(0.08, (1 - 0.4 * mouth.smile) * (1 - blink))
    for side in (-1, 1):
        x = MIDDLE + side * 36
        _ellipse(image, x, EYES_Y, 17, 9 * openness, (232, 236, 238))
        _ellipse(image, x, EYES_Y, 7.5, min(7.5, 9 * openness), (60, 70, 86))
        _ellipse(image, x, EYES_Y, 3.6, min(3.6, 9 * openness), (16, 16, 20))
        _ellipse(image, x, EYES_Y, 18, 10 * openness, (44, 52, 70), (190, 350), 3)


def draw_mouth(image: Image, mouth: Mouth) -> None:
    half = mouth.width * FACE_WIDTH / 2
    gap = mouth.opening * FACE_WIDTH
    if mouth.smile > 0.05:
        _draw_cheeks(image, mouth.smile, half)
    x = np.linspace(-1, 1, 25)
    # Pushed forward, the lips' outline goes from a bow to an ellipse.
    bow = (1 - x**2) ** (1 - mouth.rounding / 2)
    lift = -mouth.smile * 0.075 * FACE_WIDTH * (np.abs(x) ** 1.6)  # the corners go up
    top = lift - gap * (0.3 - 0.22 * mouth.smile) * bow  # the jaw opens a mouth downwards
    bottom = lift + gap * (0.7 + 0.22 * mouth.smile) * bow
    across = MIDDLE + half * x
    _draw_lips(image, mouth, x, top, bottom)
    _fill(image, across, top, bottom, MOUTH_DARK)
    inner = slice(2, -2)
    if gap > TONGUE_FROM:
        high = top + (bottom - top) * (1 - 0.4 * min(1.0, (gap - TONGUE_FROM) / TONGUE_FROM))
        _fill(image, across[inner], np.maximum(high, top)[inner], bottom[inner], TONGUE)
    if mouth.teeth > 0.05 and gap > 2:
        shown = top + (bottom - top) * 0.78 * mouth.teeth
        _fill(image, across[inner], top[inner] + 0.5, shown[inner], TEETH)
    if gap < 2:
        line = np.stack([across, MOUTH_Y + (top + bottom) / 2], axis=1)
        points = [np.rint(line * 16).astype(np.int32)]
        cv2.polylines(image, points, False, (58, 56, 110), 2, cv2.LINE_AA, 4)


def _draw_lips(image: Image, mouth: Mouth, x: Curve, top: Curve, bottom: Curve) -> None:
    full = mouth.rounding
    upper, lower = 8 - 4 * mouth.smile + 2 * full, 10 - 4 * mouth.smile + 2 * full
    bow = (1 - x**2) ** (0.7 - 0.2 * full)
    dip = (2.5 - full) * np.exp(-((x / 0.18) ** 2))
    across = MIDDLE + (mouth.width * FACE_WIDTH / 2 + 7 * full) * x
    _fill(image, across, top - upper * bow + dip, bottom, LIP_SHADE)
    _fill(image, across, top, bottom + lower * bow, LIP)
    if full > 0.05:  # full lips catch light
        middle = slice(6, -6)
        light = bottom[middle] + (0.35 + 0.15 * full) * lower
        _fill(image, across[middle], light, light + 3 * full * bow[middle], LIP_LIGHT)


def _draw_cheeks(image: Image, smile: float, half: float) -> None:
    for side in (-1, 1):
        shade = tuple(
            round(s + (d - s) * smile * 0.9) for s, d in zip(SKIN, SKIN_DARK, strict=True)
        )
        _ellipse(
            image,
            MIDDLE + side * (half + 1),
            218,
            13,
            30,
            (shade[0], shade[1], shade[2]),
            (-60, 75) if side > 0 else (105, 240),
            4,
            side * -14,
        )
        bright = tuple(
            round(s + (d - s) * smile * 0.4) for s, d in zip(SKIN, SKIN_LIGHT, strict=True)
        )
        _ellipse(image, MIDDLE + side * 50, 190, 17, 11, (bright[0], bright[1], bright[2]))
        _ellipse(
            image,
            MIDDLE + side * 40,
            EYES_Y + 13,
            20,
            5,
            (shade[0], shade[1], shade[2]),
            (20, 160),
            2,
        )


def _fill(
    image: Image,
    across: Curve,
    top: Curve,
    bottom: Curve,
    colour: tuple[int, int, int],
) -> None:
    """Fill between two curves; heights count from the middle of the mouth."""
    upper = np.stack([across, MOUTH_Y + top], axis=1)
    lower = np.stack([across, MOUTH_Y + bottom], axis=1)[::-1]
    outline = np.rint(np.concatenate([upper, lower]) * 16).astype(np.int32)
    cv2.fillPoly(image, [outline], colour, cv2.LINE_AA, 4)
