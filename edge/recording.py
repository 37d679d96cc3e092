"""Records takes of a word: a countdown, the take, a look whether it can be used, and once more
where it cannot or shall not be.

All time is the frames' own, so that a file is recorded from as a camera is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from edge.cameras.reader import CameraReader
from edge.errors import CheckFailed
from edge.frame import Frame
from edge.prompt import REDO, STOP, Prompt
from edge.take import Take, Unusable, copied

WAIT_S = 15.0  # for a picture; a camera may take its time to start
TRIES = 3  # of one take, where nobody is asked

T = TypeVar("T")


class SourceEnded(Exception):
    """A file has no more pictures."""


@dataclass(frozen=True)
class Script:
    """What is recorded, and how long that takes."""

    word: str
    takes: int
    seconds: float  # of a take
    countdown_s: float


def record(
    reader: CameraReader,
    script: Script,
    prompt: Prompt,
    examine: Callable[[Take], T],
    keep: Callable[[T], str],
) -> int:
    """Record takes; `examine` raises `Unusable` for what is no good, `keep` keeps the rest and says
    so. Gives how many were kept: fewer than asked for where somebody stops, or a file ends."""
    kept = tries = 0
    answer = prompt.ask(f"{script.word}: {script.takes} takes. Enter begins, {STOP} stops:", STOP)
    while kept < script.takes and answer != STOP:
        name = f"take {kept + 1} of {script.takes}"
        try:
            found = examine(_take(reader, script, name, prompt))
        except SourceEnded:
            prompt.say(f"{name}: the source has ended")
            break
        except Unusable as why:
            prompt.say(f"{name}: {why}")
            tries += 1
            answer = _once_more(prompt, name, tries)
            continue
        prompt.say(f"{name}: {found}")
        answer = prompt.ask(f"Enter keeps it, {REDO} records it again, {STOP} stops:", REDO + STOP)
        if answer == "":
            prompt.say(keep(found))
            kept, tries = kept + 1, 0
    return kept


def _once_more(prompt: Prompt, name: str, tries: int) -> str:
    """What to do after a take that is no good; whoever is not asked may try a few times."""
    if not prompt.asks and tries == TRIES:
        raise CheckFailed(f"{name}: no good {TRIES} times in a row")
    return prompt.ask(f"Enter records it again, {STOP} stops:", STOP)


def _take(reader: CameraReader, script: Script, name: str, prompt: Prompt) -> Take:
    """Count down and record."""
    frame = _next(reader)
    began, told = frame.captured_at, math.inf
    while (left := began + script.countdown_s - frame.captured_at) > 0:
        if math.ceil(left) < told:
            told = math.ceil(left)
            prompt.show(f"{name}: {told} …")
        frame.release()
        frame = _next(reader)
    prompt.show(f"{name}: now: {script.word}")
    prompt.ring()
    return Take(tuple(_during(reader, frame, script.seconds)))


def _during(reader: CameraReader, frame: Frame, seconds: float) -> list[Frame]:
    """The frames of so many seconds; what a file's end cuts short is as good in its last half."""
    began, frames = frame.captured_at, []
    while frame.captured_at < began + seconds:
        with frame:
            frames.append(copied(frame))
        try:
            frame = _next(reader)
        except SourceEnded:
            if frames[-1].captured_at - began < seconds / 2:
                raise
            return frames
    frame.release()
    return frames


def _next(reader: CameraReader) -> Frame:
    """The camera's next frame."""
    frame = reader.take(WAIT_S)
    if frame is not None:
        return frame
    if reader.ended:
        raise SourceEnded
    raise CheckFailed(f"no picture from the camera within {WAIT_S:.0f} s")
