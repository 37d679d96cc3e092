"""A video file."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

import cv2

from edge.cameras.opencv import open_capture
from edge.errors import SourceError
from edge.frame import Frame

log = logging.getLogger(__name__)

LIKELY_FPS = 1.0, 240.0  # a file that says anything else is taken to have FALLBACK_FPS
FALLBACK_FPS = 25.0


class VideoCamera:
    """Plays a video file; a frame's time is its place in the file."""

    live = False

    def __init__(self, path: Path, loop: bool) -> None:
        self._path, self._loop = path, loop
        self._index = 0
        self._began = 0.0  # UTC of the first frame
        self._time = self._round_began = 0.0  # seconds since the first frame
        self._start_round()

    @property
    def frames_said(self) -> int:
        """How many frames the file says it has, which may be wrong; 0 where it does not."""
        said = self._file.get(cv2.CAP_PROP_FRAME_COUNT)
        return max(0, int(said)) if math.isfinite(said) else 0

    def open(self) -> None:
        self._began = time.time()

    def read(self) -> Frame | None:
        if self._frames_read == 0:
            got, image = self._file.retrieve()
        else:
            got, image = self._file.read()
        if not got:
            self._warn_if_cut_short()
            if not self._loop:
                return None
            self._round_began = self._time + 1 / self._fps
            self._file.release()
            self._start_round()
            return self.read()
        if self._index:
            self._time = self._position()
        self._frames_read += 1
        frame = Frame(image, self._time, self._began + self._time, self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        self._file.release()

    def _start_round(self) -> None:
        """Open the file and grab its first frame, the proof that it is a video."""
        self._file = open_capture(str(self._path), cv2.CAP_FFMPEG)
        if not self._file.isOpened() or not self._file.grab() or not self._file.retrieve()[0]:
            raise SourceError(f"{self._path}: damaged, or not a video that can be read")
        fps = self._file.get(cv2.CAP_PROP_FPS)
        self._fps = fps if LIKELY_FPS[0] <= fps <= LIKELY_FPS[1] else FALLBACK_FPS
        self._frames_read = 0  # in this round

    def _position(self) -> float:
        """Seconds since the first frame; counted where the file's own times do not advance."""
        own = self._round_began + self._file.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if math.isfinite(own) and own > self._time:
            return own
        return max(self._round_began + self._frames_read / self._fps, self._time)

    def _warn_if_cut_short(self) -> None:
        said = self.frames_said
        if self._frames_read < said - 1:
            log.warning(
                "%s: ended at frame %d of %d; is it damaged?", self._path, self._frames_read, said
            )
