"""Pictures that a live camera should not have given: damaged, of another size, always the same."""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Callable

import numpy as np

from edge.cameras import Camera, CameraGone
from edge.cameras.address import is_network
from edge.frame import Frame, Image, Picture, Yuv420
from edge.settings import CameraSettings

log = logging.getLogger(__name__)
BAD_S, BAD_IN_A_ROW = 1.0, 3  # then it is not the picture but the camera
# Of a picture, evenly spread, that are compared with the last. In some nights all that moves is the
# clock that a camera writes into a corner.
ROWS, ROW_BYTES = 32, 1024
POINTS = 32  # in each direction, whose brightness is looked at
LOOK_EVERY_S, DARK_AFTER_S = 0.5, 2.0
DARK, LIT = 32, 44  # of 255: no light, and light again
MOST = 98  # per cent of the points are no brighter than this; one small lamp makes no light
FLAT = 8  # a picture with less contrast may well be the same again and again
# Where nothing moves, an encoder may send the same picture until its next key frame.
NETWORK_PATIENCE = 6


class Quality:
    """Refuses pictures that cannot be used, and gives up a camera that gives no others."""

    def __init__(self, settings: CameraSettings) -> None:
        patience = NETWORK_PATIENCE if is_network(settings.source) else 1
        self._frozen_s = settings.frozen_s * patience
        self._hung: int | None = None  # the mark of a picture that stood still too long
        self.damaged = 0  # pictures that were refused
        self.dark = False  # the lens is covered, or there is no light
        self.begin()

    def begin(self) -> None:
        """The camera was opened, and may have become another."""
        self._size: tuple[int, ...] | None = None
        self._bad = 0  # in a row
        self._good_at: float | None = None
        self._mark, self._since = 0, math.nan  # of the last picture, and when it first came
        self._looked_at = -math.inf
        self._dark_since: float | None = None

    def __call__(self, frame: Frame) -> bool:
        """Whether a picture can be used; one that cannot is released. Raises `CameraGone` where no
        other is to come."""
        at = frame.captured_at
        wrong = self._what_is_wrong(frame.image, at)
        if not wrong:
            self._bad, self._good_at = 0, at
            self._look_for_light(_brightness(frame.image), at)
            return True
        frame.release()
        self.damaged += 1
        self._bad += 1
        self._good_at = at if self._good_at is None else self._good_at
        if self._bad >= BAD_IN_A_ROW and at - self._good_at >= BAD_S:
            raise CameraGone(f"the camera gives {wrong}")
        return False

    def _what_is_wrong(self, picture: Picture, at: float) -> str:
        if not _is_picture(picture):
            return "damaged pictures"
        size = _brightness(picture).shape
        self._size = self._size or size
        if size != self._size:
            one, other = (f"{shape[1]}x{shape[0]}" for shape in (size, self._size))
            return f"pictures of {one} where they were {other}"
        return self._stands_still(_brightness(picture), at) if self._frozen_s else ""

    def _stands_still(self, image: Image, at: float) -> str:
        """A sensor has noise: the very same picture for long was not taken anew."""
        mark = _mark(image)
        if mark != self._mark:
            self._mark, self._since = mark, at
        if mark != self._hung:
            self._hung = None
            if not at - self._since >= self._frozen_s or _has_nothing_on_it(image):
                return ""
            self._hung = mark
            # It is known from now on: were it shown after each opening, who is in it came again.
            self._bad, self._good_at = BAD_IN_A_ROW, -math.inf
        return (
            f"the same picture for {self._frozen_s:g} s and hangs; where it may stand still: "
            "[camera] frozen_s = 0"
        )

    def _look_for_light(self, image: Image, at: float) -> None:
        if 0 <= at - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = at
        light = np.percentile(_points(image), MOST)
        if light >= (LIT if self.dark else DARK):
            self._dark_since = None
            if self.dark:
                self.dark = False
                log.info("the camera sees light again")
            return
        self._dark_since = at if self._dark_since is None else self._dark_since
        if not self.dark and at - self._dark_since >= DARK_AFTER_S:
            self.dark = True
            log.warning("the camera's picture is dark: is its lens covered, or the light off?")


class CheckedCamera:
    """A live camera whose unusable pictures are left out."""

    live = True

    def __init__(self, camera: Camera, quality: Quality) -> None:
        self._camera, self._quality = camera, quality
        self.close: Callable[[], None] = camera.close

    def open(self) -> None:
        self._camera.open()
        self._quality.begin()

    def read(self) -> Frame | None:
        """The next frame with a picture that can be used."""
        while (frame := self._camera.read()) is not None:
            if self._quality(frame):
                return frame
        return None


def _brightness(picture: Picture) -> Image:
    """The plane that tells most; BGR as it is."""
    return picture.y if isinstance(picture, Yuv420) else picture


def _is_picture(picture: object) -> bool:
    """Whether this is what `Picture` promises: drivers are not held to it."""
    if isinstance(picture, Yuv420):
        y, u, v = picture.y, picture.u, picture.v
        return (
            all(_is_plane(plane, (2,)) for plane in (y, u, v))
            and u.shape == v.shape
            and u.shape == ((y.shape[0] + 1) // 2, (y.shape[1] + 1) // 2)
        )
    return _is_plane(picture, (2, 3))


def _is_plane(plane: object, dimensions: tuple[int, ...]) -> bool:
    return (
        isinstance(plane, np.ndarray)
        and plane.dtype == np.uint8
        and plane.ndim in dimensions
        and plane.size > 0
        and (plane.ndim == 2 or plane.shape[2] == 3)
    )


def is_dark(picture: Picture) -> bool:
    """Whether there is no light on a picture."""
    return bool(np.percentile(_points(_brightness(picture)), MOST) < DARK)


def _has_nothing_on_it(image: Image) -> bool:
    low, high = np.percentile(_points(image), (100 - MOST, MOST))
    return bool(high < DARK or high - low < FLAT)


def _points(image: Image) -> Image:
    """A view of few points, evenly spread."""
    height, width = image.shape[:2]
    return image[:: max(1, height // POINTS), :: max(1, width // POINTS)]


def _mark(image: Image) -> int:
    """A number that is another one for nearly every other picture."""
    mark = 0
    height = image.shape[0]
    for row in range(height // (2 * ROWS), height, max(1, height // ROWS)):
        line = image[row].reshape(-1)
        mark = zlib.crc32(line[:: -(-len(line) // ROW_BYTES)].tobytes(), mark)
    return mark
