"""GRID's words: commands, colours, digits and adverbs, each where its sentence has it.

Prepositions are none of the words, and letters, of which lips show too little, neither.
"""

from __future__ import annotations

from pathlib import Path

from edge.crop import MOUTH
from edge.errors import SourceError
from training.datasets.clip import Clip, ClipListing, ClipOptions, ClipSet, Said
from training.datasets.grid import DATASET, FOLDERS, read_folds
from training.datasets.layout import files_below, first_folder, folders_like, lines
from training.datasets.picture import Skipped
from training.phones import GRID_FPS
from training.prepare.video import SUFFIXES

UNITS_S = 25_000  # of the alignments' times
WORDS = (
    *("bin", "lay", "place", "set"),
    *("blue", "green", "red", "white"),
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("again", "now", "please", "soon"),
)
SILENCES = ("sil", "sp")


def read_align(path: Path) -> tuple[Said, ...]:
    """What is said in a clip, silences apart: times in 1/25000 s, of 25 frames a second."""
    spoken = []
    for number, line in enumerate(map(str.strip, lines(path)), 1):
        fields = line.split()
        if len(fields) != 3 or not (fields[0].isdecimal() and fields[1].isdecimal()):
            raise SourceError(f"{path}, line {number}: expected start, end and word: {line[:40]!r}")
        start, stop = (round(int(text) * GRID_FPS / UNITS_S) for text in fields[:2])
        word = fields[2].lower()
        if word not in SILENCES and stop > start:
            spoken.append(Said(word if word in WORDS else "", start, stop))
    return tuple(spoken)


def _read(root: Path, _: ClipOptions) -> ClipListing:
    folds = read_folds(root / "folds.csv")
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    for speaker in folders_like(root, FOLDERS):
        alignments = first_folder(speaker / "align", root / "alignments" / speaker.name)
        for video in files_below(speaker, SUFFIXES):
            path = alignments / f"{video.stem}.align"
            fold = folds.get(video.stem, -1)
            said = read_align(path) if path.is_file() else ()
            clip = Clip(video, (), said, speaker.name, fold=fold)
            if said:
                clips.append(clip)
                continue
            lacking = "nothing said" if path.is_file() else "no alignment"
            skipped.append(Skipped(clip.name(root), f"{lacking}: {path.relative_to(root)}"))
    return ClipListing(clips, WORDS, GRID_FPS, skipped=skipped)


SET = ClipSet(
    DATASET.name,
    DATASET.licence,
    "s1/*.mp4, alignments/s1/*.align or s1/align/*.align, if there folds.csv",
    MOUTH.name,
    _read,
)
