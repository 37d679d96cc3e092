"""Clips of one's own in folders by label: `label/clip/000.jpg` or `label/clip.mp4`, and, where
several people speak, `speaker/label/clip/000.jpg` or `speaker/label/clip.mp4`.
"""

from __future__ import annotations

import logging
import os
import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2

from edge.crop import MOUTH
from edge.errors import SourceError
from edge.progress import progress
from training.datasets.clip import Clip, ClipListing, ClipOptions, ClipSet, Said
from training.datasets.layout import SUFFIXES as PICTURES
from training.datasets.layout import files_below
from training.datasets.picture import Skipped
from training.prepare.video import SUFFIXES as VIDEOS

NONE = ("other", "default")  # labels of what is none of the words
CLOSE = 0.1  # of its rate: a video that differs by more is worth a word
FASTEST_FPS = 240.0  # files that say more know nothing of it
log = logging.getLogger(__name__)


def _read(root: Path, options: ClipOptions) -> ClipListing:
    skipped: list[Skipped] = []
    found = [*_videos(root, skipped), *_folders(root, skipped)]
    if not found:
        return ClipListing([], (), 0.0, skipped=skipped)
    skipped += _empty(root, found)
    takes: Counter[tuple[str, str]] = Counter()
    clips = []
    for path, pictures, level, label in sorted(found, key=lambda each: _natural(each[0])):
        speaker = level or (_prefix(path) if options.prefix else "")
        said = Said("" if label.casefold() in NONE else label)
        clips.append(Clip(path, pictures, (said,), speaker, takes[speaker, label]))
        takes[speaker, label] += 1
    classes = tuple(sorted({clip.said[0].label for clip in clips} - {""}))
    if not classes:
        raise SourceError(f"{root}: no words: all {len(clips)} clips are of {' or '.join(NONE)}")
    return ClipListing(clips, classes, _fps(clips, options), options.boxed, skipped)


Found = tuple[Path, tuple[Path, ...], str, str]  # a clip, its pictures, speaker and label


def _videos(root: Path, skipped: list[Skipped]) -> Iterator[Found]:
    for path in files_below(root, VIDEOS):
        yield from _placed(path, (), root, skipped)


def _folders(root: Path, skipped: list[Skipped]) -> Iterator[Found]:
    folders: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in files_below(root, PICTURES):
        folders[path.parent].append(path)
    for folder, pictures in folders.items():
        yield from _placed(folder, tuple(sorted(pictures, key=_natural)), root, skipped)


def _placed(
    path: Path, pictures: tuple[Path, ...], root: Path, skipped: list[Skipped]
) -> Iterator[Found]:
    """A clip with what its place says, or among the skipped where that is none."""
    name = unicodedata.normalize("NFC", path.relative_to(root).as_posix())
    match name.split("/")[:-1]:
        case [label]:
            yield path, pictures, "", label
        case [speaker, label]:
            yield path, pictures, speaker, label
        case _:
            skipped.append(Skipped(name, "in no label's folder"))


def _empty(root: Path, found: Sequence[Found]) -> Iterator[Skipped]:
    """Folders that hold nothing of use; where that is a word's, all ends."""
    labels = {label for _, _, _, label in found}
    depth = 1 + any(speaker for _, _, speaker, _ in found)  # of labels below the root
    used = {path.parent for path in files_below(root, VIDEOS | PICTURES)}
    for here, folders, _ in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        parts = Path(here).relative_to(root).parts
        if folders or not parts or Path(here) in used:
            continue
        label = unicodedata.normalize("NFC", parts[-1])
        if len(parts) == depth and label not in labels:
            raise SourceError(f"{here}: no clip of '{label}' in it: record some, or remove it")
        yield Skipped("/".join(parts), "no clip or picture in it")


def _natural(path: Path) -> list[tuple[str, int]]:
    """For an order in which 2.jpg comes before 10.jpg."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFC", path.as_posix()))
    texts, numbers = parts[::2], [*parts[1::2], "-1"]
    return [(text, int(number)) for text, number in zip(texts, numbers, strict=True)]


def _prefix(path: Path) -> str:
    """The speaker in ann_3.mp4; nobody where the name has but one part."""
    speaker, separator, _ = path.stem.partition("_")
    return speaker if separator else ""


def _fps(clips: Iterable[Clip], options: ClipOptions) -> float:
    """The rate of all clips: as it is said, else the middle one of the videos'."""
    videos = [clip.path for clip in clips if not clip.pictures]
    rates = list(filter(None, map(_rate, progress(videos, "look into videos"))))
    fps = options.fps
    if fps is None:
        if not rates or any(clip.pictures for clip in clips):
            raise SourceError("pictures do not say how many there are of a second: --fps N")
        fps = round(statistics.median_low(rates), 3)
    if far := sum(abs(rate / fps - 1) > CLOSE for rate in rates):
        log.warning("%d of %d videos have not %g FPS: resampled by time", far, len(rates), fps)
    return fps


def _rate(video: Path) -> float:
    """How many frames a second a video says to have; 0 where it does not."""
    file = cv2.VideoCapture(str(video))
    fps = float(file.get(cv2.CAP_PROP_FPS)) if file.isOpened() else 0.0
    file.release()
    return fps if 0 < fps <= FASTEST_FPS else 0.0


SET = ClipSet(
    "clips",
    "one's own",
    "label/clip/000.jpg or label/clip.mp4, or the same in a folder of each speaker",
    MOUTH.name,
    _read,
)
