"""The camera's own thread: hands over the latest frame and brings a lost camera back."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

from edge.cameras import Camera, CameraGone
from edge.errors import LipwireError
from edge.frame import Frame

log = logging.getLogger(__name__)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
STEADY_S = 5.0  # a camera that worked this long is tried again after the first pause


class CameraReader:
    """Reads a camera in a thread; `take` gives the newest frame that was not taken yet.

    With `lossless`, for files read as fast as they can be, every frame is handed over."""

    def __init__(self, camera: Camera, lossless: bool) -> None:
        self._camera = camera
        self.lossless = lossless
        self.depends_on_profile = True  # its pictures' size does
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._failure: Exception | None = None
        self._stopping = False
        self._paused = False
        self.ended = False  # the file is over and its last frame was taken
        self.missing = False  # the camera is being waited for
        self.dropped = 0  # frames that were replaced before anyone took them
        self.reopened = 0
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame, or None where none came in time; raises what made the source fail."""
        with self._changed:
            self._changed.wait_for(self._has_news, timeout_s)
            if self._paused:
                return None
            frame, self._frame = self._frame, None
            if frame is None and self._failure:
                raise self._failure
            self._changed.notify_all()
            return frame

    def pause(self) -> None:
        """Read no more until told; a live camera is closed meanwhile."""
        with self._changed:
            self._paused = True
            if self._camera.live and self._frame is not None:
                self._frame.release()
                self._frame = None
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on after a pause."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def stop(self) -> None:
        """Stop reading; a camera blocked in its driver is left to the end of the process."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            # Only a driver hangs; a file's reader is soon done, however busy the machine is.
            self._thread.join(timeout=2 if self._camera.live else 30)

    def _run(self) -> None:
        try:
            self._read_until_end()
        except Exception as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()
        finally:
            self._camera.close()

    def _read_until_end(self) -> None:
        pause = FIRST_PAUSE_S
        while self._may_go_on():
            opened_at = time.monotonic()
            try:
                self._camera.open()
                if self._read_on():
                    return
                self._camera.close()
            except LipwireError:
                raise
            except Exception as error:
                if not self._camera.live:
                    raise
                if not isinstance(error, CameraGone):
                    log.exception("the camera failed")
                self._camera.close()
                self.missing = True
                self.reopened += 1
                if time.monotonic() - opened_at > STEADY_S:
                    pause = FIRST_PAUSE_S
                log.warning("%s; trying again in %g s", error, pause)
                self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def _has_news(self) -> bool:
        return not self._paused and bool(self._frame or self._failure or self.ended)

    def _may_go_on(self) -> bool:
        """Wait while paused; False when it is time to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._paused)
            return not self._stopping

    def _read_on(self) -> bool:
        """Hand over frames until the file ends; False where a live camera is to be closed first."""
        pace = None if self._camera.live or self.lossless else Pace()
        paused_s = 0.0
        while not self._stopping:
            if self._paused:
                if self._camera.live:
                    return False
                began = time.monotonic()
                self._may_go_on()
                if pace:  # what a file shows after a pause is seen later
                    pace, paused_s = Pace(), paused_s + time.monotonic() - began
            frame = self._camera.read()
            if frame is None:
                self._end()
                return True
            if paused_s:
                frame = replace(frame, taken_at=frame.taken_at + paused_s)
            if self.missing:
                log.info("camera is back")
            self.missing = False
            if pace:
                self._rest(pace.rest(frame.captured_at))
            self._hand_over(frame)
        return True

    def _hand_over(self, frame: Frame) -> None:
        with self._changed:
            if self.lossless:
                self._changed.wait_for(lambda: self._frame is None or self._stopping)
            if self._paused and self._camera.live:
                frame.release()
                return
            if self._frame is not None:
                self._frame.release()
                self.dropped += 1
            self._frame = frame
            self._changed.notify_all()

    def _end(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._frame is None or self._stopping)
            self.ended = True
            self._changed.notify_all()

    def _rest(self, seconds: float) -> None:
        if seconds > 0:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, seconds)


class Pace:
    """Shows a file's frames at the moments they were taken, counted from the first."""

    def __init__(self) -> None:
        self._start: float | None = None

    def rest(self, at: float) -> float:
        """How long to wait before a frame of this time."""
        now = time.monotonic()
        if self._start is None:
            self._start = now - at
        return self._start + at - now
