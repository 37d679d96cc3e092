"""Frames of a video, taken by ffmpeg."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.errors import SourceError
from edge.frame import Image
from edge.interpreter import native_chatter_off

SUFFIXES = frozenset((".mp4", ".mkv", ".mov", ".avi", ".webm", ".mpg", ".mpeg", ".m4v", ".wmv"))
TINY = b"P6\n2 2\n255\n" + bytes(12)  # as long as each picture is where frames are but counted


class Unplayable(Exception):
    """A video of which nothing, or no more, can be decoded: says why."""


class Player:
    """Gives a video's frames; in order they cost little, going back begins anew."""

    def __init__(self) -> None:
        self._playing: tuple[Path, float] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._next = 0

    def frame(self, path: Path, fps: float, number: int) -> Image:
        """The frame of that number, of so many a second."""
        if self._playing != (path, fps) or number < self._next:
            self.close()
            self._process = _ffmpeg(path, f"fps={fps:g}", stderr=subprocess.DEVNULL)
            self._playing, self._next = (path, fps), 0
        while True:
            pixels = self._read(path)
            self._next += 1
            if self._next > number:
                return cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)

    def _read(self, path: Path) -> Image:
        """The next picture that comes through the pipe: a PPM."""
        assert self._process
        assert self._process.stdout
        header = [self._process.stdout.readline() for _ in range(3)]
        if header[0] == b"P6\n":
            width, height = (int(text) for text in header[1].split())
            pixels = self._process.stdout.read(3 * width * height)
            if len(pixels) == 3 * width * height:
                return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
        raise Unplayable(f"{path}: ends at frame {self._next}")

    def close(self) -> None:
        """Stop; the next frame begins anew."""
        if self._process:
            self._process.kill()
            self._process.communicate()
        self._process = self._playing = None


_player = Player()
atexit.register(_player.close)


def frame(path: Path, fps: float, number: int) -> Image:
    """A video's frame of that number, of so many a second."""
    return _player.frame(path, fps, number)


def count(path: Path, fps: float) -> int:
    """How many frames a video gives."""
    pictures, complaints = _ffmpeg(path, f"fps={fps:g},scale=2:2", subprocess.PIPE).communicate()
    if len(pictures) < len(TINY):
        said = complaints.decode(errors="replace").replace(f"file:{path}: ", "").strip()
        raise Unplayable(said.splitlines()[-1] if said else "no picture in it")
    return len(pictures) // len(TINY)


@dataclass(frozen=True)
class Told:
    """What a video says of itself; zeros where it says nothing."""

    frames: float = 0.0
    fps: float = 0.0

    def frames_at(self, fps: float) -> float:
        """How many frames it gives at another rate, if what it says is true."""
        return self.frames * fps / self.fps if self.fps > 0 else 0.0


def told(path: Path) -> Told:
    """How many frames a video says to have, and how many of a second."""
    if str(path).encode(errors="replace") != os.fsencode(path):
        return Told()  # OpenCV dies of names that are no text
    with native_chatter_off():
        file = cv2.VideoCapture(str(path))
        said = [file.get(what) for what in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS)]
        file.release()
    return Told(*(value if np.isfinite(value) else 0.0 for value in said))


def _ffmpeg(path: Path, filters: str, stderr: int) -> subprocess.Popen[bytes]:
    """Pictures through a pipe, of whichever size the filters give them."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise SourceError(f"{path}: videos need ffmpeg: sudo apt install ffmpeg")
    asked = [program, "-nostdin", "-v", "error", "-i", f"file:{path}", "-map", "0:v:0"]
    asked += ["-vf", filters, "-c:v", "ppm", "-f", "image2pipe", "-"]
    # In a session of its own: Ctrl-C is for us, and must not end a video early.
    return subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True)
