"""Files of clips: lips of a data set frame by frame, and which words are spoken when.

Lip boxes are kept as `edge.lipbox.cut_box` gives them, aligned mouths wider than a model's, so that
what is learned from can be turned, shifted and zoomed from real pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind
from edge.frame import Image
from edge.lipbox import LIP_BOX, LipPicture, on_canvas, standardised
from training.npz import Column, opened, origin_in, write
from training.windows import resampled

FORMAT = 1
OTHER = -1  # the label of what is none of the classes
WIDER = 1.5  # times a model's aligned crop, at its own detail


def kept(kind: CropKind) -> CropKind:
    """The cut in which aligned mouths are kept for models that see `kind`."""
    return kind.widened(WIDER)


@dataclass(frozen=True)
class ClipsOrigin:
    """Where clips come from and what their labels mean."""

    task: str  # word
    dataset: str
    licence: str
    kind: str  # lip-box, or a name of `edge.crop.KINDS`
    fps: float
    classes: tuple[str, ...]
    format: int = FORMAT


@dataclass(frozen=True)
class Clips:
    """Clips of one data set: sequences of frames, and items, the words spoken in them."""

    origin: ClipsOrigin
    images: NDArray[np.uint8]  # (frames, height, width), grey, of all sequences in a row
    aspects: NDArray[np.float32]  # height of each lip box as a share of its width; 1 where aligned
    # One a sequence:
    ends: NDArray[np.int32]  # in `images`, exclusive
    files: NDArray[np.str_]  # as the set names them, below its root
    speakers: NDArray[np.str_]  # empty where not known
    takes: NDArray[np.int16]  # of the same words by the same speaker; -1 where not known
    folds: NDArray[np.int8]  # -1 where the set has no folds
    parts: NDArray[np.str_]  # words, phrases …: the part of the set; else empty
    # One an item:
    sequences: NDArray[np.int32]  # it is spoken in
    starts: NDArray[np.int32]  # frame of the sequence
    stops: NDArray[np.int32]  # exclusive
    labels: NDArray[np.int16]  # index into the origin's classes, or OTHER

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.labels)

    @property
    def begins(self) -> NDArray[np.int32]:
        """Where each sequence begins in `images`."""
        return np.concatenate([[0], self.ends[:-1]]).astype(np.int32)

    def seen(self, frame: int) -> Image:
        """A frame of `images` as models see it."""
        if self.origin.kind == LIP_BOX:
            return on_canvas(LipPicture(self.images[frame], float(self.aspects[frame])))
        side = self.images.shape[1]
        border = (side - round(side / WIDER)) // 2
        return standardised(self.images[frame, border : side - border, border : side - border])

    def at(self, fps: float) -> Clips:
        """The same at another rate: in each moment the frame that is nearest in time."""
        given = self.origin.fps
        if fps == given:
            return self
        lengths = np.diff(self.ends, prepend=0)
        frames = [
            begin + resampled(0, length, given, fps)
            for begin, length in zip(self.begins.tolist(), lengths.tolist(), strict=True)
        ]
        ends = np.cumsum([len(each) for each in frames], dtype=np.int32)
        last = np.diff(ends, prepend=0)[self.sequences] - 1
        starts = np.minimum((self.starts * fps / given + 0.5).astype(np.int32), last)
        stops = (self.stops * fps / given + 0.5).astype(np.int32)
        rows = np.concatenate(frames)
        return replace(
            self,
            origin=replace(self.origin, fps=fps),
            images=self.images[rows],
            aspects=self.aspects[rows],
            ends=ends,
            starts=starts.astype(np.int32),
            stops=np.clip(stops, starts + 1, last + 1).astype(np.int32),
        )

    @property
    def facts(self) -> tuple[NDArray[Any], ...]:
        """What is known of the clips, by which a file is told from another."""
        return tuple(getattr(self, name) for name in (*OF_SEQUENCES, *OF_ITEMS))

    def save(self, path: Path) -> None:
        """Write all or nothing."""
        write(path, self.origin, {name: Column.of(getattr(self, name)) for name in COLUMNS})

    @classmethod
    def read(cls, path: Path) -> Clips:
        """Read what `save` wrote."""
        with opened(path, "clips", "lipwire prepare word") as (_, data):
            origin = origin_in(data, ClipsOrigin)
            clips = cls(origin, **{name: data[name] for name in COLUMNS})
            if wrong := clips._wrong():
                raise ValueError(wrong)
        return clips

    def _wrong(self) -> str:
        """What of the columns cannot be, if anything."""
        if {len(getattr(self, name)) for name in OF_SEQUENCES} != {len(self.ends)}:
            return "columns of unequal length"
        if {len(getattr(self, name)) for name in OF_ITEMS} != {len(self)}:
            return "columns of unequal length"
        if self.images.dtype != np.uint8 or self.images.ndim != 3:
            return f"images of {self.images.dtype}, shape {self.images.shape}"
        if len(self.images) != len(self.aspects) or len(self.images) != max(self.ends, default=0):
            return f"{len(self.images)} frames, {len(self.aspects)} aspects"
        return self._wrong_words()

    def _wrong_words(self) -> str:
        if ((self.labels < OTHER) | (self.labels >= len(self.origin.classes))).any():
            return f"a label beyond its {len(self.origin.classes)} classes"
        if ((self.sequences < 0) | (self.sequences >= len(self.ends))).any():
            return f"words beyond its {len(self.ends)} sequences"
        lengths = np.diff(self.ends, prepend=0)[self.sequences]
        if ((self.starts < 0) | (self.starts >= self.stops) | (self.stops > lengths)).any():
            return "words beyond their sequences"
        return ""


OF_SEQUENCES = ("ends", "files", "speakers", "takes", "folds", "parts")
OF_ITEMS = ("sequences", "starts", "stops", "labels")
COLUMNS = ("images", "aspects", *OF_SEQUENCES, *OF_ITEMS)
