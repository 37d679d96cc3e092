"""A folder of pictures, in the order of their names."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import cv2

from edge.cameras import PICTURE_ENDINGS
from edge.errors import SourceError
from edge.frame import Frame, Image

log = logging.getLogger(__name__)


class FolderCamera:
    """Shows pictures one after the other, as if a camera had taken them at a steady rate."""

    live = False

    def __init__(self, folder: Path, fps: float, loop: bool) -> None:
        self._folder, self._fps, self._loop = folder, fps, loop
        try:
            names = sorted(folder.iterdir())
        except OSError as error:
            raise SourceError(f"{folder}: cannot be read: {error.strerror}") from None
        self._paths = [path for path in names if path.suffix.lower() in PICTURE_ENDINGS]
        if not self._paths:
            endings = " ".join(sorted(PICTURE_ENDINGS))
            raise SourceError(f"{folder}: no pictures in it ({endings})")
        self._unreadable: set[Path] = set()
        self._next = self._index = 0
        self._began = time.time()

    def open(self) -> None:
        self._next = self._index = 0
        self._began = time.time()

    def read(self) -> Frame | None:
        while True:
            if self._next == len(self._paths):
                if len(self._unreadable) == len(self._paths):
                    raise SourceError(f"{self._folder}: none of its files can be read as a picture")
                if not self._loop:
                    return None
                self._next = 0
            path = self._paths[self._next]
            self._next += 1
            image = _read(path)
            if image is not None:
                break
            if path not in self._unreadable:
                self._unreadable.add(path)
                log.warning("%s: not a picture, left out", path)
        at = self._index / self._fps
        frame = Frame(image, at, self._began + at, self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        pass


def _read(path: Path) -> Image | None:
    try:
        image: Image | None = cv2.imread(str(path))
    except cv2.error:  # says that it is larger than any picture may be
        return None
    return image
