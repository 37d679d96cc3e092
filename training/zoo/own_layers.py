"""Layers that Keras does not know: importing this lets it read models that hold them."""

from __future__ import annotations

from training.zoo.clip import Memory
from training.zoo.word_small import LookBack, Pooled

__all__ = ["LookBack", "Memory", "Pooled"]
