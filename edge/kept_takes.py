"""Takes as videos of one's own, `NAME/WORD/01.avi` and on, as `lipwire prepare word` reads them."""

from __future__ import annotations

from pathlib import Path

import cv2

from edge.errors import CheckFailed
from edge.take import KEPT_WIDE, Seen, in_colour
from edge.written import written

LARGEST_FACE_PX = 240.0  # of what is kept; a larger one is shrunk
QUALITY = 95  # of Motion JPEG, which every OpenCV writes and which blurs no motion


def save(seen: Seen, folder: Path) -> Path:
    """Keep a take under the next free number, whole or not at all; gives its file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{_last_number(folder) + 1:02}.avi"
    except OSError as error:
        raise CheckFailed(f"{folder}: cannot be written: {error.strerror}") from None
    with written(place) as partial:
        _write(seen, partial)
    return place


def _last_number(folder: Path) -> int:
    stems = (path.stem for path in folder.iterdir())
    return max((int(stem) for stem in stems if stem.isascii() and stem.isdecimal()), default=0)


def _write(seen: Seen, path: Path) -> None:
    left, top, right, bottom = seen.part
    shrink = min(1.0, LARGEST_FACE_PX * KEPT_WIDE / max(right - left, bottom - top))
    size = round((right - left) * shrink), round((bottom - top) * shrink)
    codec = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, codec, seen.take.fps, size)
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, QUALITY)
    for frame in seen.take.frames:
        part = in_colour(frame.image, seen.part)
        writer.write(cv2.resize(part, size, interpolation=cv2.INTER_AREA))
    writer.release()
    if not _is_whole(path):
        raise CheckFailed(f"{path.parent}: cannot be written; is there room?")


def _is_whole(path: Path) -> bool:
    """Whether a video is as long as it says: OpenCV keeps silent about a full disk."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
        return len(head) + int.from_bytes(head[4:], "little") == path.stat().st_size
    except OSError:
        return False
