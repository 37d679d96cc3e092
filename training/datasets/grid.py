"""GRID: a speaker's short commands on video, frame by frame, with the phones that are spoken.

phones.csv (clip, start_s, end_s, phone, agrees) and folds.csv (clip, fold) are no part of the
corpus: they come from a recogniser that aligned its sound, and from a split of its clips.
"""

from __future__ import annotations

from pathlib import Path

from edge.errors import SourceError
from training.datasets.layout import files_below, folders_like, real, table, whole
from training.datasets.picture import Dataset, Listing, Options, Picture, Skipped, as_it_is
from training.datasets.videos import VideoFrame, frames_of
from training.phones import GRID_FPS, Spoken, allowed_at, known
from training.prepare.video import SUFFIXES

FOLDERS = "s[0-9]*"  # one a speaker
SPOKEN = ("clip", "start_s", "end_s", "phone", "agrees")


def read_phones(path: Path) -> dict[str, list[Spoken]]:
    """What is spoken in each clip of a phones.csv."""
    clips: dict[str, list[Spoken]] = {}
    for row in table(path, SPOKEN):
        clip, phone = row["clip"], row["phone"].upper().rstrip("012")  # without stress
        if not known(phone):
            raise SourceError(f"{path}: {row['phone'][:40]!r} of {clip} is no phone of the table")
        start_s, end_s = (real(row[name], path, f"{name} of {clip}") for name in SPOKEN[1:3])
        clips.setdefault(clip, []).append(Spoken(phone, start_s, end_s, row["agrees"] == "1"))
    return clips


def _read(root: Path, options: Options) -> Listing:
    clips = [clip for each in folders_like(root, FOLDERS) for clip in files_below(each, SUFFIXES)]
    if not clips:
        return Listing([])
    folds, phones = read_folds(root / "folds.csv"), _phones(root / "phones.csv", options.task)
    pictures: list[Picture] = []
    skipped: list[Skipped] = []
    for path, frames in frames_of(clips, GRID_FPS, root, skipped):
        clip = path.stem
        pictures += (
            VideoFrame(
                path,
                fold=folds.get(clip, -1),
                person=clip,
                item=frame,
                shapes=allowed_at(phones, clip, frame),
                fps=GRID_FPS,
            )
            for frame in range(frames)
        )
    return Listing(pictures, skipped)


def read_folds(path: Path) -> dict[str, int]:
    """The fold of each clip, where there are folds."""
    if not path.is_file():
        return {}
    rows = table(path, ("clip", "fold"))
    return {row["clip"]: whole(row["fold"], path, f"the fold of {row['clip']}") for row in rows}


def _phones(path: Path, task: str) -> dict[str, list[Spoken]]:
    """What is spoken in each clip; other tasks than visemes go without."""
    if path.is_file():
        return read_phones(path)
    if task == "viseme":
        raise SourceError(f"{path}: no such file; it says which phones are spoken when")
    return {}


DATASET = Dataset(
    "grid",
    "CC BY 4.0; cite Cooke et al. 2006, An audio-visual corpus for speech perception",
    "s1/*.mp4, folds.csv and, for viseme, phones.csv",
    _read,
    as_it_is,
    tasks=("viseme",),
)
