"""Draws a video with its main face's mouth shapes beside it, for a person to judge them."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2

from edge.errors import CheckFailed
from edge.film import Film
from edge.frame import Frame
from edge.panel import Drawing

log = logging.getLogger(__name__)

FASTEST = 60.0  # frames a second of what is written


def render(video: Path, frames: Iterable[Frame], film: Film, out: Path) -> None:
    """Write the video with the mouth of its main face beside it, and its sound where ffmpeg is
    here to add that; `out` may be spoiled where this fails."""
    with tempfile.TemporaryDirectory(prefix=".lipwire-", dir=out.parent) as scratch:
        silent = Path(scratch) / "silent.mp4"
        _write(silent, frames, film)
        if not _with_sound(silent, video, out):
            os.replace(silent, out)


def _write(path: Path, frames: Iterable[Frame], film: Film) -> None:
    fps = min(1 / film.step_s, FASTEST)
    draw = Drawing(film)
    writer: cv2.VideoWriter | None = None
    written = 0
    for frame, times in _at_a_steady_rate(frames, fps):
        image = draw(frame)
        if writer is None:
            size = image.shape[1], image.shape[0]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
        for _ in range(times):
            writer.write(image)
            written += 1
    if writer:
        writer.release()
    # OpenCV does not say that the disk is full.
    if cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) != written:
        raise CheckFailed("the rendered video could not be written whole; is the disk full?")


def _at_a_steady_rate(frames: Iterable[Frame], fps: float) -> Iterator[tuple[Frame, int]]:
    """Each frame that is to be shown, and for how many steps of the written video."""
    shown, before = 0, None
    for frame in frames:
        if before is not None:
            due = round(frame.captured_at * fps)
            if due > shown:
                yield before, due - shown
                shown = due
        before = frame
    if before is not None:
        yield before, 1


def _with_sound(silent: Path, video: Path, out: Path) -> bool:
    """Add the video's sound and compress the picture well; whether that worked."""
    if not shutil.which("ffmpeg"):
        log.info("no ffmpeg here: the rendered video has no sound")
        return False
    sound = ["-ss", f"{_late_s(video):.3f}", "-i", f"file:{video}"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", f"file:{silent}", *sound]
    command += ["-map", "0:v", "-map", "1:a:0?", "-pix_fmt", "yuv420p"]
    command += ["-preset", "veryfast", "-c:a", "aac"]
    done = subprocess.run([*command, f"file:{out}"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        log.warning("ffmpeg: %s; the rendered video has no sound", reason)
    return done.returncode == 0


def _late_s(video: Path) -> float:
    """How long after the file's begin its first picture is shown."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-select_streams", "v:0"]
    command += ["-show_entries", "stream=start_time:format=start_time", f"file:{video}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        told = json.loads(done.stdout)
        return max(
            0.0, float(told["streams"][0]["start_time"]) - float(told["format"]["start_time"])
        )
    except (OSError, ValueError, LookupError):
        return 0.0
