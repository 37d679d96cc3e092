"""One file of clips out of the pieces that were cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from training.clips import COLUMNS, OF_ITEMS, OTHER, Clips, ClipsOrigin
from training.datasets.clip import Clip
from training.datasets.picture import Skipped
from training.npz import Column, write
from training.prepare.outcome import listed, sheet, skipped_list
from training.prepare.pieces import Pieces, whole
from training.prepare.word_order import WordOrder
from training.prepare.words_sheet import write_sheet


@dataclass
class Cut:
    """What the pieces say, but for the pixels."""

    clips: list[Clip] = field(default_factory=list)  # that can be used
    lengths: list[int] = field(default_factory=list)  # of each, in frames
    aspects: list[NDArray[np.float32]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    side: tuple[int, ...] = ()  # height and width of a frame


def join(
    order: WordOrder,
    origin: ClipsOrigin,
    clips: Sequence[Clip],
    skipped: Sequence[Skipped],
    pieces: Pieces,
    count: int,
) -> Counter[str]:
    """Write the file, the list of what is not in it and the sheet; gives how many clips were kept,
    and left out for what."""
    cut = _read(order, clips, pieces, count)
    left_out = [*skipped, *cut.skipped]
    order.out.parent.mkdir(parents=True, exist_ok=True)
    whole(skipped_list(order.out), listed(left_out))
    if not cut.clips:
        first = f"{left_out[0].file}: {left_out[0].reason}"
        raise SourceError(f"{order.root}: none of {len(clips)} clips can be used, first {first}")
    items = _items(origin.classes, cut)
    _check_heard(order, origin.classes, items["labels"], len(cut.clips))
    images = (pieces.read(number)["images"] for number in range(count))
    _write(order, origin, cut, items, images)
    write_sheet(Clips.read(order.out), sheet(order.out))
    return Counter({"kept": len(cut.clips)}) + Counter(
        each.reason.partition(":")[0] for each in left_out
    )


def check_classes(order: WordOrder, classes: Sequence[str], clips: Sequence[Clip]) -> None:
    """Every word must be in some clip."""
    said = {each.label for clip in clips for each in clip.said}
    if missing := [name for name in classes if name not in said]:
        raise _unsaid(order, "clip", missing[0], len(clips))


def _check_heard(
    order: WordOrder, classes: Sequence[str], labels: NDArray[Any], clips: int
) -> None:
    """And in one that can be used, before that ends."""
    if missing := [name for label, name in enumerate(classes) if label not in labels]:
        raise _unsaid(order, "clip that can be used", missing[0], clips)


def _unsaid(order: WordOrder, what: str, word: str, clips: int) -> SourceError:
    among = f"among {clips} of {order.dataset}"
    return SourceError(f"{order.root}: no {what} has the word '{word}', {among}")


def _read(order: WordOrder, clips: Sequence[Clip], pieces: Pieces, count: int) -> Cut:
    cut, first = Cut(), 0
    for number in range(count):
        piece = pieces.read(number)
        cut.clips += (clips[first + row] for row in piece["rows"])
        cut.lengths += piece["lengths"].tolist()
        cut.aspects.append(piece["aspects"])
        cut.side = piece["images"].shape[1:]
        for row, reason in zip(piece["skipped"], piece["reasons"], strict=True):
            cut.skipped.append(Skipped(clips[first + row].name(order.root), str(reason)))
        first += len(piece["rows"]) + len(piece["skipped"])
    return cut


def _write(
    order: WordOrder,
    origin: ClipsOrigin,
    cut: Cut,
    items: dict[str, NDArray[Any]],
    images: Iterator[NDArray[np.uint8]],
) -> None:
    clips, frames = cut.clips, sum(cut.lengths)
    columns = {
        "aspects": np.concatenate(cut.aspects),
        "ends": np.cumsum(cut.lengths, dtype=np.int32),
        "files": np.array([clip.name(order.root) for clip in clips]),
        "speakers": np.array([clip.speaker for clip in clips]),
        "takes": np.array([clip.take for clip in clips], np.int16),
        "folds": np.array([clip.fold for clip in clips], np.int8),
        "parts": np.array([clip.part for clip in clips]),
        **items,
    }
    shown = Column((frames, *cut.side), np.dtype(np.uint8), images)
    told = {name: Column.of(columns[name]) for name in COLUMNS if name in columns}
    write(order.out, origin, {"images": shown, **told})


def _items(classes: Sequence[str], cut: Cut) -> dict[str, NDArray[Any]]:
    """What is spoken where, as far as the clips go."""
    rows = []
    for number, (clip, length) in enumerate(zip(cut.clips, cut.lengths, strict=True)):
        for said in clip.said:
            stop = length if said.stop is None else min(said.stop, length)
            if said.start < stop:
                label = classes.index(said.label) if said.label else OTHER
                rows.append((number, said.start, stop, label))
    table = np.array(rows, np.int32).reshape(-1, len(OF_ITEMS))
    items = dict(zip(OF_ITEMS, table.T, strict=True))
    return {**items, "labels": items["labels"].astype(np.int16)}
