"""What is done to every camera's pictures: turned upright, and kept for people where wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2

from edge.cameras import Camera
from edge.frame import Frame, Image, Picture, Yuv420

TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


class PreparedCamera:
    """A camera whose pictures are turned clockwise and carry a preview."""

    def __init__(self, camera: Camera, rotate: int, preview: bool) -> None:
        self._camera, self._preview = camera, preview
        self._turn = TURNS.get(rotate)
        self.live = camera.live
        self.open: Callable[[], None] = camera.open
        self.close: Callable[[], None] = camera.close

    def read(self) -> Frame | None:
        """The next frame, or None at the end of a file."""
        frame = self._camera.read()
        if frame is not None and self._turn is not None:
            frame = _turned(frame, self._turn)
        if frame is None or frame.preview is not None or isinstance(frame.image, Yuv420):
            return frame
        return replace(frame, preview=frame.image) if self._preview else frame


def _turned(frame: Frame, turn: int) -> Frame:
    """A frame whose picture is a turned copy; the camera gets its memory back at once."""

    def plane(image: Image) -> Image:
        return cv2.rotate(image, turn)

    with frame:
        image: Picture
        if isinstance(frame.image, Yuv420):
            image = Yuv420(plane(frame.image.y), plane(frame.image.u), plane(frame.image.v))
        else:
            image = plane(frame.image)
        preview = None if frame.preview is None else plane(frame.preview)
    return Frame(image, frame.captured_at, frame.taken_at, frame.index, preview)
