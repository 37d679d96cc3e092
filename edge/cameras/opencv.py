"""OpenCV's video input, made quiet: the cameras say what matters of its complaints."""

from __future__ import annotations

import os
from collections.abc import Mapping

import cv2

ERROR_LEVEL = 2  # a warning for every damaged packet or camera that is not there is too much
# FFmpeg, inside OpenCV, reads its own level when the first file is opened: -8 is silence.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
# Streams over TCP: OpenCV before 4.12 would ask for UDP first.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")


def open_capture(
    source: str, api: int, wanted: Mapping[int, int] | None = None
) -> cv2.VideoCapture:
    """Open a file, device or stream; whether that worked is asked of the result."""
    # The function has moved between the versions of OpenCV that are in use.
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_level(ERROR_LEVEL)
    if wanted:
        return cv2.VideoCapture(source, api, [each for pair in wanted.items() for each in pair])
    return cv2.VideoCapture(source, api)
