"""What every set of clips becomes: clips with the words that are spoken in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from training.datasets.picture import Skipped, shown


@dataclass(frozen=True, slots=True)
class Said:
    """A stretch of a clip in which something is said."""

    label: str  # empty where it is none of the set's words
    start: int = 0  # frame
    stop: int | None = None  # exclusive; None: to the clip's end


@dataclass(frozen=True, slots=True)
class Clip:
    """A video, or a folder of pictures, of one who speaks."""

    path: Path
    pictures: tuple[Path, ...]  # its frames in order; none where it is a video
    said: tuple[Said, ...]
    speaker: str = ""  # empty where not known
    take: int = -1  # of the same words by the same speaker; -1 where not known
    fold: int = -1  # part that is left out together; -1 where the set has no folds
    part: str = ""  # of the set: words, phrases

    def name(self, root: Path) -> str:
        """What the set calls it, below its root."""
        return shown(self.path, root)


@dataclass(frozen=True, slots=True)
class ClipListing:
    """What a reader found."""

    clips: list[Clip]
    classes: tuple[str, ...]
    fps: float
    boxed: bool = False  # whether each picture is a tight box of the lips already
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """What clips of one's own leave open."""

    fps: float | None = None  # frames of a second; as videos have it where not said
    boxed: bool = False  # whether each picture is a tight box of the lips already
    prefix: bool = False  # whether a clip's name begins with its speaker's: ann_3.mp4


@dataclass(frozen=True, slots=True)
class ClipSet:
    """Where a set comes from, under which terms, and how to read it."""

    name: str
    licence: str
    layout: str  # what `--root` must hold
    kind: str  # of cut, where none is asked for
    read: Callable[[Path, ClipOptions], ClipListing]
