"""What the daemon knows at one moment, for those who only look."""

from __future__ import annotations

from dataclasses import dataclass

from edge.events import Counts
from edge.pipeline import SeenFace


@dataclass(frozen=True)
class Snapshot:
    """What the page shows; the pipeline replaces it, nobody changes it."""

    device_id: str
    source: str
    profile: str
    feed: str  # the command that subscribes, or why there is no feed
    connected: bool
    trouble: str
    waiting: int
    counts: Counts
    fps: float
    dropped: int
    camera_missing: bool
    restarts: int
    picture: tuple[int, int]  # width and height
    faces: tuple[SeenFace, ...]
    recent: tuple[str, ...]  # payloads of the last events, newest first
