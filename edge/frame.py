"""A picture and when it was taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from numpy.typing import NDArray

Image = NDArray[Any]  # of uint8, grey (height, width) or BGR (height, width, 3)


@dataclass(frozen=True, slots=True)
class Yuv420:
    """A picture as camera chips give it: brightness at full size, colour at half the size."""

    y: Image
    u: Image
    v: Image


Picture = Image | Yuv420


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a camera; the picture is the reader's until the `with` block ends."""

    image: Picture
    captured_at: float  # seconds on the source's own steady clock: only differences mean anything
    taken_at: float  # the same moment in UTC, seconds since 1970
    index: int  # counts every frame the source gave, dropped ones too
    preview: Image | None = None  # for people, BGR and not reused; only where the preview is on
    release: Callable[[], None] = _nothing  # gives the picture's memory back to the camera

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
