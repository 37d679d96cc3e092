"""`lipwire prepare`: from a data set's pictures to one file of crops.

What is finished is kept in pieces beside the file, so that a run that was ended goes on where it
was, and gives the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from edge import models
from edge.errors import SourceError
from edge.progress import progress
from training.crops import Crops, Origin, kept
from training.datasets import DATASETS, Options, Picture, Skipped, check_task, listing
from training.gaps import LIPS, OFFSET, POINTS_68, SLOPE
from training.npz import Column, write
from training.prepare.cutting import Cut
from training.prepare.mesh import POINTS
from training.prepare.outcome import (
    check_out,
    drawn,
    listed,
    say_how_to_go_on,
    sheet,
    skipped_list,
    unwritable,
)
from training.prepare.pieces import Pieces, stamp, whole
from training.prepare.pool import cut_all
from training.prepare.sheet import write_sheet
from training.prepare.tasks import VISEME, Task

PIECE = 64  # pictures
# All code that crops depend on: another version of it starts anew.
CODE = (
    *("edge.crop", "edge.gaze", "edge.picture", "edge.interpreter", "edge.detectors.blazeface"),
    *("training.crops", "training.prepare.cutting", "training.datasets.picture", "training.faces"),
    *("edge.mesh", "training.prepare.mesh"),
    *("training.prepare.prepare", "training.prepare.video"),
    "training.gaps",
)


@dataclass(frozen=True)
class Order:
    """What is to be prepared."""

    task: Task
    dataset: str
    root: Path
    out: Path
    models: Path | None = None  # where fetched models are
    options: Options = field(default_factory=Options)
    limit: int | None = None  # pictures drawn by chance; all where not said
    points: bool = True  # whether the face mesh's points are told, too
    jobs: int = 1

    def cut(self) -> Cut:
        return Cut(self.dataset, self.task.kind, self.models, self.points, self.task.mesh)


def prepare(order: Order) -> Counter[str]:
    """Crop every face of a data set; gives how many were kept, and skipped for which reason."""
    _check(order)
    asked = replace(order.options, task=order.task.name)
    found = listing(order.dataset, order.root, asked)
    pictures = drawn(found.pictures, order.limit)
    _check_classes(order, pictures, "picture")
    try:
        with Pieces(order.out, _key(order, pictures)) as pieces:
            count = -(-len(pictures) // PIECE)
            try:
                _cut_missing(order, pictures, pieces, count)
            except KeyboardInterrupt:
                say_how_to_go_on(pieces, count)
                raise
            tally = _join(order, pictures, found.skipped, pieces, count)
            pieces.remove()
    except OSError as error:
        raise unwritable(order.out, error) from None
    return tally


def _check(order: Order) -> None:
    """Refuse what can be refused before any work."""
    check_task(order.dataset, order.task.name)
    check_out(order.out)


def _check_classes(order: Order, pictures: Sequence[Picture], what: str) -> None:
    unseen = np.full(len(pictures), np.nan, np.float32)
    labels = set(order.task.tell(pictures, unseen)["labels"].tolist())
    for label, name in enumerate(order.task.classes if order.task.whole else ()):
        if label not in labels:
            among = f"among {len(pictures)} of {order.dataset}"
            raise SourceError(f"{order.root}: no {what} of class '{name}' {among}")
    if not pictures:
        raise SourceError(f"{order.root}: no {what} in {order.dataset}")


def _key(order: Order, pictures: Sequence[Picture]) -> str:
    """Stands for all that the crops depend on: code, models, options, files."""
    said = hashlib.sha256()
    for name in CODE:
        said.update(Path(str(sys.modules[name].__file__)).read_bytes())
    mesh = [models.FACE_MESH] * (order.points or order.task.mesh)
    for model in (models.SHORT_RANGE, models.FULL_RANGE, *mesh):
        said.update(models.find(model, order.models).read_bytes())
    kind = kept(order.task.kind)
    said.update(repr((order.task.name, order.dataset, kind, order.points, PIECE)).encode())
    said.update(repr((order.root.resolve(), order.options)).encode())
    files: dict[Path, tuple[int, int]] = {}
    for picture in pictures:
        if picture.path not in files:
            files[picture.path] = stamp(picture.path)
        facts = picture.path, picture.item, files[picture.path], picture.smile, picture.shapes
        more = picture.points, picture.fold, picture.part, picture.person
        said.update(repr((*facts, *more)).encode())
    return said.hexdigest()


def _cut_missing(order: Order, pictures: Sequence[Picture], pieces: Pieces, count: int) -> None:
    missing = [
        (pieces.path(number), pictures[number * PIECE : (number + 1) * PIECE])
        for number in pieces.missing(count)
    ]
    steps = progress(range(sum(len(piece) for _, piece in missing)), f"prepare {order.dataset}")
    # A video is read from its beginning to its end, and so by one process.
    jobs = 1 if order.dataset == "videos" else order.jobs
    for done in cut_all(order.cut(), missing, jobs):
        for _ in range(done):
            next(steps)
    next(steps, None)


def _join(
    order: Order,
    pictures: Sequence[Picture],
    skipped: Sequence[Skipped],
    pieces: Pieces,
    count: int,
) -> Counter[str]:
    """Write the file of crops and the list of what is not in it."""
    used: list[Picture] = []
    left_out = list(skipped)
    for number in range(count):
        piece, first = pieces.read(number), number * PIECE
        used += (pictures[first + row] for row in piece["rows"])
        for row, reason in zip(piece["skipped"], piece["reasons"], strict=True):
            left_out.append(Skipped(pictures[first + row].name(order.root), str(reason)))
    _check_classes(order, used, "face found")
    order.out.parent.mkdir(parents=True, exist_ok=True)
    whole(skipped_list(order.out), listed(left_out))
    _write(order, used, pieces, count)
    if order.task is VISEME:
        write_sheet(Crops.read(order.out), used, sheet(order.out))
    tally = Counter({"kept": len(used)})
    tally.update(each.reason for each in left_out)
    return tally


def _write(order: Order, used: Sequence[Picture], pieces: Pieces, count: int) -> None:
    task, dataset = order.task, DATASETS[order.dataset]
    origin = Origin(task.name, dataset.name, dataset.licence, task.kind.name, task.classes)
    side, many = kept(task.kind).size, POINTS * order.points

    def all_of(name: str) -> Iterator[np.ndarray]:
        return (pieces.read(number)[name] for number in range(count))

    seen = np.concatenate([*all_of("gaps"), np.empty(0, np.float32)])
    told = task.tell(used, SLOPE * seen + OFFSET)
    columns = {name: Column.of(column) for name, column in told.items() if name != "labels"}
    if task.mesh and any(len(picture.points) == POINTS_68 for picture in used):
        columns["lips"] = Column((len(used), LIPS, 2), np.dtype(np.float32), all_of("lips"))
    write(
        order.out,
        origin,
        {
            "images": Column((len(used), side, side), np.dtype(np.uint8), all_of("images")),
            "labels": Column.of(told["labels"]),
            "folds": Column.of(np.array([p.fold for p in used], np.int8)),
            "files": Column.of(np.array([p.name(order.root) for p in used])),
            "parts": Column.of(np.array([p.part for p in used])),
            "people": Column.of(np.array([p.person for p in used])),
            "points": Column((len(used), many, 2), np.dtype(np.float16), all_of("points")),
            **columns,
        },
    )
