"""THE phone table: which mouth shapes each phone of English may show, and so each frame of a clip.

Phones are those of ARPAbet. docs/visemes.md shows the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.masks import mask, single

GRID_FPS = 25.0


@dataclass(frozen=True, slots=True)
class Group:
    """Phones that look alike."""

    phones: tuple[str, ...]
    shapes: tuple[str, ...]  # any of them may be seen
    why: str
    scored: bool = True  # whether frames of it are ever counted in figures


def _group(phones: str, shapes: str, why: str, scored: bool = True) -> Group:
    return Group(tuple(phones.split()), tuple(shapes.split()), why, scored)


TABLE = (
    _group("P B M", "closed", "the lips close inside the phone, not before it"),
    _group("W UW", "puckered", "the lips come forward, nearly closed"),
    _group("AO ER OW OY", "rounded", "rounded lips, open a little"),
    _group("UH", "rounded puckered", "between the two"),
    _group("AA AE AY AW", "wide_open", "the lowest jaw"),
    _group("EH AH EY HH", "open", "the jaw half down"),
    _group("IY IH", "narrow", "the teeth close together, as in Preston Blair's B"),
    _group("Y", "narrow", "IY, gone through quickly"),
    _group("S Z T D N L K G NG TH DH", "narrow open", "the tongue does it; the jaw follows others"),
    _group("R", "narrow rounded puckered", "lips as the vowel beside it, often rounded"),
    _group("SH CH JH ZH", "narrow rounded puckered", "closed teeth, lips often forward"),
    _group("F V", "closed", "shown so, though the lower lip meets the teeth", scored=False),
    _group("SIL", "closed", "most are closed, but nobody promised it", scored=False),
)
_GROUPS = {phone: group for group in TABLE for phone in group.phones}


def known(phone: str) -> bool:
    """Whether a phone is in the table."""
    return phone in _GROUPS


def allowed(phone: str) -> int:
    """The shapes that a phone may show, as bits of `training.masks`."""
    return mask(*_GROUPS[phone].shapes)


def scored(phone: str) -> bool:
    """Whether frames of a phone count in figures: it speaks, and is one shape."""
    return scored_shape(phone) is not None


def scored_shape(phone: str) -> int | None:
    """The number of the one shape that a phone must show, or None where figures leave it out."""
    return single(allowed(phone)) if known(phone) and _GROUPS[phone].scored else None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A phone in a clip."""

    phone: str
    start_s: float
    end_s: float
    agrees: bool  # whether the recogniser's word is the one that was to be said there


def phone_at(spoken: Sequence[Spoken], frame: int, fps: float = GRID_FPS) -> str:
    """The phone in the middle of a frame; empty where none is, or where it is in doubt."""
    at = (frame + 0.5) / fps
    for each in spoken:
        if each.start_s <= at < each.end_s:
            return each.phone if each.agrees else ""
    return ""


def allowed_at(clips: Mapping[str, Sequence[Spoken]], clip: str, frame: int) -> int:
    """The shapes that a frame of a clip may show, as bits; 0: nothing is said."""
    phone = phone_at(clips.get(clip, ()), frame)
    return allowed(phone) if phone else 0
