"""Clips as the numbers that Keras models of words take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.lip_change import with_change


def pixels(clips: NDArray[np.uint8], changes: bool) -> NDArray[np.float32]:
    """Clips (clips x frames x height x width) from 0 to 1, with a channel of their own or, as the
    device shows it, a second one of what changed; nothing before the first frame."""
    if not changes:
        return clips[..., None].astype(np.float32) / 255
    before = np.concatenate([clips[:, :1], clips[:, :-1]], axis=1)
    return with_change(clips, before).astype(np.float32) / 255
