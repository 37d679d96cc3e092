"""The one word in a take: from when to when the lips speak, as the daemon tells it."""

from __future__ import annotations

from edge.glimpse import glimpse
from edge.lip_motion import LipMotion
from edge.take import Seen, Unusable
from edge.utterance import Over, UtteranceDecider, UtteranceRules
from edge.words import BEFORE_S

AFTER_S = 0.1  # kept beyond the word's end


def mouthed(seen: Seen) -> Over:
    """The word that is mouthed in a take; `Unusable` where it is not just one."""
    motion, decide = LipMotion(), UtteranceDecider(UtteranceRules())
    found = []
    for frame, points in zip(seen.take.frames, seen.points, strict=True):
        near = glimpse(frame.image, points) if points else None
        moved = motion(near, frame.captured_at) if near else None
        told = decide(*moved) if moved else None
        if isinstance(told, Over):
            found.append(told)
    if len(found) + decide.speaks > 1:
        raise Unusable("more than one word: mouth it once, and rest before and after it")
    if decide.speaks or (found and not found[0].whole):
        raise Unusable("the lips still moved at its end: mouth the word right after the signal")
    if not found:
        raise Unusable("the lips did not move: mouth the word after the signal")
    return found[0]


def trimmed(seen: Seen) -> Seen:
    """A take from just before its word to just after it."""
    word = mouthed(seen)
    return seen.between(word.start - BEFORE_S, word.end + AFTER_S)
