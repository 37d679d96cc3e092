"""What the daemon knows at one moment, for those who only look."""

from __future__ import annotations

from dataclasses import dataclass

from edge.events import CameraState, Counts
from edge.frame import Image
from edge.history import Hour
from edge.pipeline import SeenFace


@dataclass(frozen=True)
class Snapshot:
    """What the page shows; the pipeline replaces it, nobody changes it."""

    device_id: str
    source: str
    profile: str
    given_way: tuple[str, ...]  # what the governor changed of it
    feed: str  # the command that subscribes, or why there is no feed
    connected: bool
    trouble: str
    waiting: int
    counts: Counts
    hours: tuple[Hour, ...]  # of the last day
    fps: float
    dropped: int
    damaged: int
    dark: bool  # the picture: no light, or a covered lens
    camera: CameraState
    latency_ms: float | None  # from a frame's taking to its events, none with --pace max
    restarts: int
    reopened: int
    picture: tuple[int, int]  # width and height
    faces: tuple[SeenFace, ...]
    recent: tuple[str, ...]  # payloads of the last events, newest first

    @property
    def worth_telling(self) -> object:
        """What is told at once when it changes."""
        return self.camera, self.dark, self.profile, self.given_way

    preview_on: bool  # whether the page shows the camera's picture
    preview: Image | None  # the newest picture; none where the camera or the preview is off
