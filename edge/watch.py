"""Camera and pipeline of one run: what they see, how well they go, and what may be done to them."""

from __future__ import annotations

import collections
import logging
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.assemble import assemble
from edge.board import Board
from edge.cameras import make_camera
from edge.cameras.quality import Quality
from edge.cameras.reader import CameraReader
from edge.errors import LipwireError
from edge.events import CameraState, Event, Reason
from edge.frame import Frame
from edge.govern import Governor
from edge.pipeline import Pipeline, Seen
from edge.profiles import Profile
from edge.settings import Settings

log = logging.getLogger(__name__)

MEASURED_OVER = 30  # frames
LOAD_EVERY_S = 1.0
SLOWED = {"frequency_capped", "throttled", "soft_temperature_limit"}


class Watch:
    """Gives frames and the events in them; used by one thread."""

    def __init__(
        self, settings: Settings, profile: Profile, models: Path | None, state: Path | None = None
    ) -> None:
        self._settings, self._models, self._state = settings, models, state
        self.profile = profile
        self.seen: Seen | None = None  # of the last frame, none while there are no frames
        self._spent_s: collections.deque[float] = collections.deque(maxlen=MEASURED_OVER)
        self._began = 0.0  # with the frame at hand
        self._looked_at_load = 0.0
        self._governor = Governor(profile)
        self._done_at: collections.deque[float] = collections.deque(maxlen=MEASURED_OVER)
        self._latencies: collections.deque[float] = collections.deque(maxlen=MEASURED_OVER)
        self._board = Board()
        self._paused = False
        self._quality = Quality(settings.camera)
        self._camera = self._make_camera()
        self._pipeline: Pipeline
        self._next_face: Callable[[], int]

    def load(self, next_face: Callable[[], int]) -> None:
        """Load the models; `next_face` gives a number that no face has had."""
        self._next_face = next_face
        self._pipeline = self._make_pipeline()

    def start(self) -> None:
        self._camera.start()

    def stop(self) -> Sequence[Event]:
        """Stop reading; gives the events that end what was open."""
        self._camera.stop()
        return self._pipeline.reset("stopped")

    @property
    def by_frame_time(self) -> bool:
        """Whether the frames' own time counts: a file is read as fast as it can be."""
        return self._camera.lossless

    @property
    def ended(self) -> bool:
        return self._camera.ended

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame, or none where none came in time."""
        return self._camera.take(timeout_s)

    def look(self, frame: Frame | None) -> Sequence[Event]:
        """What happened in a frame, or because none comes any more."""
        if frame is not None:
            self._began = time.monotonic()
            self.seen = self._pipeline(frame)
            return self.seen.events
        if self._camera.missing:
            self._forget_frames()
            return self._pipeline.reset("interrupted")
        return ()

    def note_done(self, frame: Frame) -> None:
        """Everything about a frame is done: measure how fast that went."""
        now = time.monotonic()
        self._done_at.append(now)
        self._spent_s.append(now - self._began)
        self._latencies.append(time.time() - frame.taken_at)
        if now - self._looked_at_load >= LOAD_EVERY_S and not self.by_frame_time:
            self._looked_at_load = now
            self._govern(now)

    def reset(self, reason: Reason) -> Sequence[Event]:
        """Forget all faces; gives the events that end what was open."""
        return self._pipeline.reset(reason)

    def pause(self) -> Sequence[Event]:
        """Look no more until `resume`."""
        self._paused = True
        self._camera.pause()
        self._forget_frames()
        return self._pipeline.reset("paused")

    def resume(self) -> None:
        self._paused = False
        self._camera.resume()

    def use(self, profile: Profile) -> Sequence[Event]:
        """Go on with another profile; where that cannot be, nothing has changed."""
        before, self.profile = self.profile, profile
        try:
            # A file or folder goes on where it is; its pictures have a size of their own.
            camera = self._make_camera() if self._camera.depends_on_profile else None
            pipeline = self._make_pipeline()
        except LipwireError:
            self.profile = before
            raise
        ended = self._pipeline.reset("paused")
        self._pipeline, self._governor = pipeline, Governor(profile)
        self._forget_frames()
        if camera:
            self._change_camera(camera)
        return ended

    def _change_camera(self, camera: CameraReader) -> None:
        self._camera.stop()
        camera.dropped, camera.reopened = self._camera.dropped, self._camera.reopened
        self._camera = camera
        if self._paused:
            camera.pause()
        camera.start()

    @property
    def camera(self) -> CameraState:
        """How the camera is."""
        if self._paused:
            return "paused"
        if self._camera.missing:
            return "missing"
        return "on" if self.seen else "starting"

    @property
    def dropped(self) -> int:
        """Frames that nobody had time for."""
        return self._camera.dropped

    @property
    def damaged(self) -> int:
        """Frames whose picture could not be used."""
        return self._quality.damaged

    @property
    def dark(self) -> bool:
        """Whether there is no light in the pictures."""
        return self._quality.dark

    @property
    def reopened(self) -> int:
        """How often the camera was lost."""
        return self._camera.reopened

    @property
    def fps(self) -> float:
        """Frames a second that go through."""
        times = self._done_at
        steady = len(times) > 1 and times[-1] > times[0]
        return (len(times) - 1) / (times[-1] - times[0]) if steady else 0.0

    @property
    def latency_ms(self) -> float | None:
        """From a frame's taking to its events; none where files are read faster than their time."""
        if not self._latencies or self._camera.lossless:
            return None
        return round(statistics.median(self._latencies) * 1000, 1)

    @property
    def given_way(self) -> tuple[str, ...]:
        """What is not as the profile has it, because the board is too slow for it now."""
        return self._governor.changed

    def _govern(self, now: float) -> None:
        load = statistics.mean(self._spent_s) * self.profile.target_fps
        if self._governor(now, load, bool(set(self._board.throttled()) & SLOWED)):
            what = ", ".join(self._governor.changed) or "as the profile has it again"
            log.info("load %.0f %%: %s", 100 * load, what)
            governor = self._governor
            self._pipeline.pace(governor.detect_interval, governor.looks, governor.faces_max)

    def _forget_frames(self) -> None:
        self.seen = None
        self._spent_s.clear()
        self._done_at.clear()
        self._latencies.clear()

    def _make_camera(self) -> CameraReader:
        settings = self._settings.camera
        camera = make_camera(settings, self.profile, self._settings.page.preview, self._quality)
        # A file that is read as fast as it can be loses no frame, however long one takes.
        reader = CameraReader(camera, lossless=settings.pace == "max" and not camera.live)
        reader.depends_on_profile = camera.live or settings.source == "demo"
        return reader

    def _make_pipeline(self) -> Pipeline:
        return assemble(
            self._settings, self.profile, self._models, self._next_face(), state=self._state
        ).pipeline
