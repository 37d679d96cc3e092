"""MIRACL-VC1: ten words and ten phrases, ten times each by fifteen people, at 15 FPS.

Pictures are whole, as the set is given out (640x480, `color_001.jpg` with `depth_001.jpg` beside
it), or tight boxes of the lips.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from edge.lipbox import LIP_BOX
from training.datasets.clip import Clip, ClipListing, ClipOptions, ClipSet, Said
from training.datasets.layout import first_folder, folders_like, natural, pictures_in
from training.datasets.picture import Skipped, decoded

FPS = 15.0
WORDS = (
    *("begin", "choose", "connection", "navigation", "next"),
    *("previous", "start", "stop", "hello", "web"),
)
SPEAKERS = "[FM][0-9][0-9]"
TWICE = {"M02/words/10/08": "has the frames of take 10"}
WHOLE = 320  # pixels; a picture so wide shows more than lips


def _read(root: Path, _: ClipOptions) -> ClipListing:
    there = first_folder(root / "dataset", root)
    clips: list[Clip] = []
    skipped: list[Skipped] = []
    for speaker in folders_like(there, SPEAKERS):
        for part in ("words", "phrases"):
            for clip in _clips(speaker, part):
                if reason := TWICE.get(clip.name(there), "" if clip.pictures else "no pictures"):
                    skipped.append(Skipped(clip.name(root), reason))
                else:
                    clips.append(clip)
    return ClipListing(clips, WORDS, FPS, _boxed(clips), skipped)


def _clips(speaker: Path, part: str) -> Iterator[Clip]:
    """What somebody says of a part: phrases are none of the words."""
    for number, word in enumerate(WORDS, 1):
        for folder in folders_like(speaker / part / f"{number:02}", "[0-9][0-9]"):
            pictures = [path for path in pictures_in(folder) if path.name.startswith("color_")]
            said = Said(word if part == "words" else "")
            ordered, take = tuple(sorted(pictures, key=natural)), int(folder.name)
            yield Clip(folder, ordered, (said,), speaker.name, take, part=part)


def _boxed(clips: Iterable[Clip]) -> bool:
    """Whether pictures show lips alone, as the first that is one tells."""
    images = (decoded(path.read_bytes()) for clip in clips for path in clip.pictures)
    first = next((image for image in images if image is not None), None)
    return first is not None and first.shape[1] < WHOLE


SET = ClipSet(
    "miracl-vc1",
    "research use; cite Rekik et al. 2014, A New Visual Speech Recognition Approach for RGB-D "
    "Cameras",
    "F01/words/01/01/color_001.jpg and so on, in it or in its folder dataset",
    LIP_BOX,
    _read,
)
