"""A picture and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Image = NDArray[Any]  # of uint8; OpenCV's own types do not say more


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from a camera: grey (height, width) or BGR (height, width, 3)."""

    image: Image
    captured_at: float  # seconds on the source's own steady clock: only differences mean anything
    taken_at: float  # the same moment in UTC, seconds since 1970
    index: int  # counts every frame the source gave, dropped ones too
