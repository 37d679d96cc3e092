"""Videos of one's own in folders by label, `smile/clip.mp4`; ffmpeg takes their frames.

All frames of a video stay on one side of the split.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.frame import Image
from edge.progress import progress
from training.datasets.layout import files_below
from training.datasets.picture import Dataset, Listing, Options, Picture, Skipped, as_it_is
from training.datasets.split import split
from training.prepare.video import SUFFIXES, Unplayable, count, frame


@dataclass(frozen=True, slots=True)
class VideoFrame(Picture):
    """A frame of a video."""

    fps: float = 5.0

    def load(self) -> Image | None:
        """Read the frame; None where the video ends before it."""
        assert self.item is not None
        try:
            return frame(self.path, self.fps, self.item)
        except Unplayable:
            return None


def _read(root: Path, options: Options) -> Listing:
    pictures: list[Picture] = []
    skipped = []
    for path in progress(files_below(root, SUFFIXES), "look into videos"):
        name = path.relative_to(root)
        if len(name.parts) == 1:
            skipped.append(Skipped(path.name, "in no label's folder"))
            continue
        try:
            frames = count(path, options.fps)
        except Unplayable as error:
            skipped.append(Skipped(name.as_posix(), f"cannot be decoded: {error}"))
            continue
        smile, clip = options.smiles(name.parts[0]), name.as_posix()
        pictures += (
            VideoFrame(path, smile, person=clip, item=item, fps=options.fps)
            for item in range(frames)
        )
    return Listing(split(pictures, root), skipped)


DATASET = Dataset(
    "videos",
    "one's own",
    "<label>/*.mp4 (or .mkv, .mov, .avi, .webm, .mpg)",
    _read,
    as_it_is,
)
