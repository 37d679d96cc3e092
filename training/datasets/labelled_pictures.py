"""Pictures of one's own: `smile.00001.png`, in folders by person if one likes, or `smile/any.png`.

A folder around named pictures, or inside a label's folder, is a person or a clip.
"""

from __future__ import annotations

import re
from pathlib import Path

from training.datasets.layout import SUFFIXES, files_below
from training.datasets.picture import (
    Dataset,
    Listing,
    Options,
    Picture,
    Skipped,
    surrounded_if_small,
)
from training.datasets.split import split

NAMED = re.compile(r"([^.]+)\.\d+\.[^.]+")


def _read(root: Path, options: Options) -> Listing:
    pictures, skipped = [], []
    for path in files_below(root, SUFFIXES):
        label, person = label_and_person(path.relative_to(root))
        if not label:
            skipped.append(Skipped(path.name, "no label in its name or folder"))
        elif reason := options.senseless(label):
            skipped.append(Skipped(path.relative_to(root).as_posix(), reason))
        else:
            smile, shapes = options.meaning(label)
            pictures.append(Picture(path, smile, person=person, shapes=shapes))
    return Listing(split(pictures, root), skipped)


def label_and_person(path: Path) -> tuple[str, str]:
    """What a file's name and folders say, below the root; empty where they say nothing."""
    folders = list(path.parts[:-1])
    if named := NAMED.fullmatch(path.name):
        label = named[1]
        if folders and folders[0].casefold() == label.casefold():
            folders = folders[1:]
    elif folders:
        label, *folders = folders
    else:
        return "", ""
    return label, "/".join(folders)


DATASET = Dataset(
    "labelled-pictures",
    "one's own",
    "pictures named smile.00001.png, or in folders named by their label",
    _read,
    surrounded_if_small,
)
