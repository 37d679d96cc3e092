"""What changed since the frame before, for word models that see it beside the lips themselves."""

from __future__ import annotations

import numpy as np

from edge.frame import Image


def with_change(now: Image, before: Image) -> Image:
    """Frames with a second channel: half of what each pixel changed, 128 where it did not."""
    changed = (now.astype(np.int16) - before + 256) // 2
    return np.stack([now, changed.astype(np.uint8)], axis=-1)
