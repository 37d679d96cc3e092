"""Eight parts to learn from and two for the test, for pictures that come without a split."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

from training.datasets.picture import Picture

HELD_OUT = 0.2


def split(pictures: Sequence[Picture], root: Path) -> list[Picture]:
    """Put a fifth of each class aside; all of a person, or of a clip, go to the same side.

    Which go is drawn by their names, so that it stays when pictures are added."""
    groups = [picture.person or picture.name(root) for picture in pictures]
    aside = put_aside(groups, [(picture.smile, picture.shapes) for picture in pictures], HELD_OUT)
    parts = ("test" if group in aside else "train" for group in groups)
    return [replace(p, part=part) for p, part in zip(pictures, parts, strict=True)]


def put_aside(groups: Sequence[str], labels: Sequence[Hashable], share: float) -> set[str]:
    """The groups that hold about a share of each label, drawn by their names."""
    aside: set[str] = set()
    # Smiles first, as ever: in another order others would be drawn.
    for label in sorted(set(labels), key=repr, reverse=True):
        pairs = zip(groups, labels, strict=True)
        sizes = Counter(group for group, its in pairs if its == label)
        gone = aside & sizes.keys()
        count, left = sum(sizes[group] for group in gone), len(sizes) - len(gone)
        for group in sorted(sizes.keys() - gone, key=_draw):
            # Something is left to learn from.
            if left > 1 and count + sizes[group] / 2 <= share * sizes.total():
                aside.add(group)
                count, left = count + sizes[group], left - 1
    return aside


def _draw(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()
