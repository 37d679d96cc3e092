"""Clips of one's own in folders by label: `label/clip/000.jpg` or `label/clip.mp4`, and, where
several people speak, `speaker/label/clip/000.jpg` or `speaker/label/clip.mp4`.
"""

from __future__ import annotations

import logging
import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from edge.crop import MOUTH
from edge.errors import SourceError
from edge.label import label
from edge.progress import progress
from training.datasets.clip import Clip, ClipListing, ClipOptions, ClipSet, Said
from training.datasets.layout import SUFFIXES as PICTURES
from training.datasets.layout import files_below, natural
from training.datasets.picture import Skipped, shown
from training.prepare.video import SUFFIXES as VIDEOS
from training.prepare.video import told

NONE = ("other", "default")  # labels of what is none of the words
CLOSE = 0.1  # of its rate: a video that differs by more is worth a word
FASTEST_FPS = 240.0  # files that say more know nothing of it
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A clip where it lies."""

    path: Path
    pictures: tuple[Path, ...]
    speaker: str  # empty where no folder says so
    label: str


def _read(root: Path, options: ClipOptions) -> ClipListing:
    files, skipped = files_below(root, VIDEOS | PICTURES), []
    found = list(_placed(root, files, skipped))
    if not found:
        return ClipListing([], (), 0.0, skipped=skipped)
    _check_names(root, found)
    skipped += _empty(root, found, {path.parent for path in files})
    takes: Counter[tuple[str, str]] = Counter()
    clips = []
    for each in sorted(found, key=lambda each: natural(each.path)):
        speaker = each.speaker or (_prefix(each.path) if options.prefix else "")
        said = Said("" if each.label.casefold() in NONE else each.label)
        clips.append(Clip(each.path, each.pictures, (said,), speaker, takes[speaker, each.label]))
        takes[speaker, each.label] += 1
    classes = tuple(sorted({clip.said[0].label for clip in clips} - {""}))
    if not classes:
        raise SourceError(f"{root}: no words: all {len(clips)} clips are of {' or '.join(NONE)}")
    return ClipListing(clips, classes, _fps(clips, options), options.boxed, skipped)


def _placed(root: Path, files: Iterable[Path], skipped: list[Skipped]) -> Iterator[Found]:
    """The clips with what their places say; those in none are added to the skipped."""
    clips: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in files:
        if path.suffix.lower() in VIDEOS:
            clips[path] = []
        else:
            clips[path.parent].append(path)
    for path, pictures in clips.items():
        *folders, _ = path.relative_to(root).parts or ("",)
        if 1 <= len(folders) <= 2:
            *speaker, word = (label(name, f"{root}: folder") for name in folders)
            yield Found(path, tuple(sorted(pictures, key=natural)), "".join(speaker), word)
        else:
            skipped.append(Skipped(shown(path, root), "in no label's folder"))


def _check_names(root: Path, found: Iterable[Found]) -> None:
    """Refuse folders of which nobody knows what they are; say which words look alike."""
    words = {each.label for each in found if not each.speaker}
    if both := sorted(words & {each.speaker for each in found}):
        raise SourceError(f"{root}: '{both[0]}' is the folder of a word, and of a speaker's words")
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted({each.label for each in found}):
        alike[name.casefold()].append(name)
    for folded, names in alike.items():
        if len(names) > 1 and folded not in NONE:
            log.warning("taken for different words: %s", ", ".join(names))


def _empty(root: Path, found: Sequence[Found], used: Set[Path]) -> Iterator[Skipped]:
    """Folders that hold nothing of use; where that is a word's, all ends."""
    labels = {each.label for each in found}
    depth = 1 + any(each.speaker for each in found)  # of labels below the root
    for here, folders, _ in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        parts = Path(here).relative_to(root).parts
        if folders or not parts or Path(here) in used:
            continue
        if len(parts) == depth and (word := label(parts[-1], f"{root}: folder")) not in labels:
            raise SourceError(f"{here}: no clip of '{word}' in it: record some, or remove it")
        yield Skipped(shown(Path(here), root), "no clip or picture in it")


def _prefix(path: Path) -> str:
    """The speaker in ann_3.mp4; nobody where the name has but one part."""
    speaker, _, rest = path.stem.partition("_")
    return label(speaker, f"{path}: speaker") if speaker and rest else ""


def _fps(clips: Iterable[Clip], options: ClipOptions) -> float:
    """The rate of all clips: as it is said, else the middle one of the videos'."""
    videos = [clip.path for clip in clips if not clip.pictures]
    rates = [told(path).fps for path in progress(videos, "look into videos")]
    rates = [fps for fps in rates if 0 < fps <= FASTEST_FPS]
    fps = options.fps
    if fps is None:
        if any(clip.pictures for clip in clips):
            raise SourceError("pictures do not say how many there are of a second: --fps N")
        if not rates:
            raise SourceError(f"{videos[0]}: no video, or one that does not tell its rate: --fps N")
        fps = round(statistics.median_low(rates), 3)
    if far := sum(abs(rate / fps - 1) > CLOSE for rate in rates):
        log.warning("%d of %d videos have not %g FPS: resampled by time", far, len(rates), fps)
    return fps


SET = ClipSet(
    "clips",
    "one's own",
    "label/clip/000.jpg or label/clip.mp4, or the same in a folder of each speaker",
    MOUTH.name,
    _read,
)
