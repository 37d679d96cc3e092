"""One JPEG of a camera in the network, which may be damaged, or meant to do harm."""

from __future__ import annotations

import cv2
import numpy as np

from edge.frame import Image

START, END = b"\xff\xd8", b"\xff\xd9"
MOST_PIXELS = 4096 * 4096  # in a few bytes a JPEG can claim a size that no memory holds
NO_PICTURE: Image = np.empty((0, 0, 3), np.uint8)
# Kinds of segments: those that tell the picture's size, and those that are a marker only.
FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
BARE = {0x01, *range(0xD0, 0xD8)}


def decode(content: bytes) -> Image:
    """The picture; an empty one where it is damaged, for whoever counts those. A picture cut short
    could be decoded in part and have a grey end."""
    begin, end = content.find(START), content.rfind(END)
    if begin == -1 or end < begin:
        return NO_PICTURE
    content = content[begin : end + len(END)]
    if not 0 < pixels(content) <= MOST_PIXELS:
        return NO_PICTURE
    image: Image | None = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return NO_PICTURE if image is None else image


def pixels(jpeg: bytes) -> int:
    """How many pixels a JPEG says that it has; 0 where it does not."""
    at = len(START)
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        kind = jpeg[at + 1]
        if kind in FRAME_HEADERS:
            height, width = jpeg[at + 5 : at + 7], jpeg[at + 7 : at + 9]
            return int.from_bytes(height) * int.from_bytes(width)
        if kind == 0xFF:  # any number of them may fill up a marker
            at += 1
        else:
            at += 2 if kind in BARE else 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return 0
