"""Videos of one's own in folders by label, `smile/clip.mp4`; ffmpeg takes their frames.

All frames of a video stay on one side of the split.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def frames_of(
    videos: Sequence[Path], fps: float, root: Path, skipped: list[Skipped]
) -> Iterator[tuple[Path, int]]:
    """Each video and how many frames it gives; what cannot be decoded is added to the skipped."""
    for path in progress(videos, "look into videos"):
        try:
            yield path, count(path, fps)
        except Unplayable as error:
            name = path.relative_to(root).as_posix()
            skipped.append(Skipped(name, f"cannot be decoded: {error}"))


def _read(root: Path, options: Options) -> Listing:
    pictures: list[Picture] = []
    skipped: list[Skipped] = []
    videos = []
    for path in files_below(root, SUFFIXES):
        name = path.relative_to(root)
        if len(name.parts) == 1:
            skipped.append(Skipped(path.name, "in no label's folder"))
        elif reason := options.senseless(name.parts[0]):
            skipped.append(Skipped(name.as_posix(), reason))
        else:
            videos.append(path)
    for path, frames in frames_of(videos, options.fps, root, skipped):
        clip = path.relative_to(root)
        smile, shapes = options.meaning(clip.parts[0])
        pictures += (
            VideoFrame(
                path,
                smile,
                person=clip.as_posix(),
                item=item,
                shapes=shapes,
                fps=options.fps,
            )
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
