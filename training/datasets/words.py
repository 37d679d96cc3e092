"""Clips of spoken words, read from each data set's own layout."""

from __future__ import annotations

from pathlib import Path

from edge.errors import SourceError
from training.datasets import clip_folders, grid_words, miracl
from training.datasets.clip import ClipListing, ClipOptions, ClipSet
from training.datasets.layout import unlike

CLIP_SETS: dict[str, ClipSet] = {
    module.SET.name: module.SET for module in (miracl, grid_words, clip_folders)
}


def clip_set(name: str) -> ClipSet:
    """A set by its name, which must be one of clips."""
    if name not in CLIP_SETS:
        raise SourceError(f"{name} has no labels for word; these have: {', '.join(CLIP_SETS)}")
    return CLIP_SETS[name]


def clip_listing(name: str, root: Path, options: ClipOptions) -> ClipListing:
    """A set's clips and what in it could not be used, or what is not as expected."""
    known = clip_set(name)
    try:
        found = known.read(root, options)
    except OSError as error:
        raise unlike(name, known.layout, root, error) from None
    if not found.clips:
        raise unlike(name, known.layout, root, found.skipped)
    return found
