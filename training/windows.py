"""Windows: as many frames of a sequence as a model looks at, around a word in it.

What a word leaves empty is filled with the frames around it, and beyond the sequence's ends with
its first or last frame held; never with zeros, which no camera shows. Over half of MIRACL's clips
have ten frames or fewer, so that zeros would tell how long a word is before its lips are seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


def window(
    start: int, stop: int, length: int, frames: int, at: float = 0.5
) -> tuple[Indices, NDArray[np.bool_]]:
    """The frames to look at for the word from `start` to `stop` in a sequence of `length` frames,
    and which of them are the word's own.

    A shorter word lies `at` in the window, from 0 (at its beginning) to 1 (at its end); a longer
    one is sampled evenly."""
    if stop - start >= frames:
        return sampled(start, stop, frames), np.ones(frames, np.bool_)
    before = int(at * (frames - (stop - start)) + 0.5)
    places = np.arange(start - before, start - before + frames)
    return np.clip(places, 0, length - 1), (places >= start) & (places < stop)


def sampled(start: int, stop: int, frames: int) -> Indices:
    """So many frames of a stretch: the middle ones of as many equal parts."""
    return start + ((np.arange(frames) + 0.5) * (stop - start) / frames).astype(np.intp)


def resampled(start: int, stop: int, given: float, wanted: float) -> Indices:
    """The frames of a stretch that are nearest in time to `wanted` a second, where there are
    `given` a second; one at least."""
    many = max(1, int((stop - start) * wanted / given + 0.5))
    nearest = (np.arange(many) * given / wanted + 0.5).astype(np.intp)
    return start + np.minimum(nearest, stop - start - 1)
