"""What changed since the frame before, as word models see it."""

from __future__ import annotations

import numpy as np

from edge.lip_change import with_change
from training.word_pixels import pixels


def test_changes_are_halved_around_128_and_never_wrap() -> None:
    now = np.array([[10, 255, 0, 101]], np.uint8)
    before = np.array([[10, 0, 255, 100]], np.uint8)
    seen = with_change(now, before)
    assert seen.dtype == np.uint8
    assert (seen[..., 0] == now).all()
    assert seen[..., 1].tolist() == [[128, 255, 0, 128]]


def test_keras_models_see_the_numbers_that_the_device_shows() -> None:
    clips = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 6), dtype=np.uint8)
    shown = pixels(clips, changes=True)
    assert (pixels(clips, changes=False) == shown[..., :1]).all()
    for clip, seen in zip(clips, shown, strict=True):
        for number, frame in enumerate(clip):
            before = clip[max(0, number - 1)]
            assert (np.rint(seen[number] * 255) == with_change(frame, before)).all()
