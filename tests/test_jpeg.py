"""JPEGs of network cameras: whole, damaged, and made to fill the memory."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from edge.cameras.jpeg import MOST_PIXELS, decode, pixels
from tests.mjpeg_server import jpeg

WHOLE = jpeg(120)
SIZE_AT = WHOLE.find(b"\xff\xc0") + 5


def claiming(width: int, height: int) -> bytes:
    """A small JPEG that says it has another size."""
    size = height.to_bytes(2) + width.to_bytes(2)
    return WHOLE[:SIZE_AT] + size + WHOLE[SIZE_AT + 4 :]


def test_a_whole_picture_is_decoded_whatever_is_around_it() -> None:
    assert pixels(WHOLE) == 160 * 120
    for content in (WHOLE, b"noise" + WHOLE + b"\r\n--", b"\xff\xd8\xff\xff" + WHOLE[2:]):
        assert decode(content).shape == (120, 160, 3)
        assert np.median(decode(content)) == pytest.approx(120, abs=3)


@pytest.mark.parametrize("size", [(20_000, 20_000), (65_000, 300), (65_535, 65_535), (0, 100)])
def test_a_picture_that_claims_a_size_no_memory_holds_is_not_decoded(size: tuple[int, int]) -> None:
    huge, most = claiming(*size), claiming(4096, 4096)
    # A marker without a length, which a hasty reader would take for one that hides the size.
    hidden = huge[:2] + b"\xff\x01" + huge[2:]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert decode(huge).size == decode(hidden).size == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB
    assert (pixels(huge), pixels(most)) == (size[0] * size[1], MOST_PIXELS)


@pytest.mark.parametrize("cut", [0, 2, 20, SIZE_AT, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_damaged_picture_is_an_empty_one(cut: int) -> None:
    assert decode(WHOLE[:cut]).size == 0
    assert decode(WHOLE[:cut] + WHOLE[-2:]).size in (0, 160 * 120 * 3)
    assert decode(WHOLE[:2] + bytes(cut) + WHOLE[-2:]).size == 0
