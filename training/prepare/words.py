"""`lipwire prepare word`: from clips of people who speak to one file of their lips.

As with pictures, what is finished is kept in pieces beside the file, and gone on from.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from edge import models
from edge.errors import SourceError
from edge.lipbox import LIP_BOX
from edge.progress import progress
from training.clips import ClipsOrigin
from training.datasets import clip_folders
from training.datasets.clip import Clip, ClipListing, ClipOptions
from training.datasets.words import clip_listing, clip_set
from training.prepare.clips import ClipCut
from training.prepare.outcome import check_out, drawn, say_how_to_go_on, unwritable
from training.prepare.pieces import Pieces, stamp
from training.prepare.pool import cut_all
from training.prepare.word_order import WordOrder
from training.prepare.words_file import check_classes, join

TASK = "word"
PIECE = 8  # clips
# All code that clips depend on: another version of it starts anew.
CODE = (
    *("edge.crop", "edge.gaze", "edge.picture", "edge.interpreter", "edge.detectors.blazeface"),
    *("edge.lipbox", "edge.lip_points", "edge.mesh", "training.clips", "training.npz"),
    *("training.faces", "training.datasets.clip", "training.datasets.picture"),
    *("training.prepare.clips", "training.prepare.follow", "training.prepare.lips"),
    "training.prepare.video",
)


def prepare_words(order: WordOrder) -> Counter[str]:
    """Cut the lips out of a set's clips; gives how many were kept, and skipped for what."""
    check_out(order.out)
    _check_options(order)
    found = clip_listing(order.dataset, order.root, order.options)
    clips = drawn(found.clips, order.limit)
    check_classes(order, found.classes, clips)
    how, known = _how(order, found), clip_set(order.dataset)
    origin = ClipsOrigin(TASK, known.name, known.licence, how.kind, found.fps, found.classes)
    try:
        with Pieces(order.out, _key(order, how, clips)) as pieces:
            count = -(-len(clips) // PIECE)
            try:
                _cut_missing(order, how, clips, pieces, count)
            except KeyboardInterrupt:
                say_how_to_go_on(pieces, count)
                raise
            tally = join(order, origin, clips, found.skipped, pieces, count)
            pieces.remove()
    except OSError as error:
        raise unwritable(order.out, error) from None
    return tally


def _check_options(order: WordOrder) -> None:
    """Refuse what only clips of one's own leave open."""
    own = clip_folders.SET.name
    if clip_set(order.dataset).name != own and order.options != ClipOptions():
        raise SourceError(f"--fps, --boxed and --speaker-prefix are for --dataset {own} only")


def _how(order: WordOrder, found: ClipListing) -> ClipCut:
    """How the clips are cut, unless that cannot be."""
    kind = order.kind or (LIP_BOX if found.boxed else clip_set(order.dataset).kind)
    if found.boxed and kind != LIP_BOX:
        raise SourceError(f"{order.root}: boxes of lips show no face, which --kind {kind} needs")
    return ClipCut(kind, found.boxed, found.fps, order.models)


def _key(order: WordOrder, how: ClipCut, clips: Sequence[Clip]) -> str:
    """Stands for all that the clips depend on: code, models, options, files."""
    said = hashlib.sha256()
    for name in CODE:
        said.update(Path(str(sys.modules[name].__file__)).read_bytes())
    for model in how.needed():
        said.update(models.find(model, order.models).read_bytes())
    said.update(repr((order.dataset, how.kind, how.boxed, how.fps, PIECE)).encode())
    said.update(repr(order.root.resolve()).encode())
    for clip in clips:
        stamps = [stamp(path) for path in clip.pictures or (clip.path,)]
        said.update(repr((clip, stamps)).encode())
    return said.hexdigest()


def _cut_missing(
    order: WordOrder, how: ClipCut, clips: Sequence[Clip], pieces: Pieces, count: int
) -> None:
    missing = [
        (pieces.path(number), clips[number * PIECE : (number + 1) * PIECE])
        for number in pieces.missing(count)
    ]
    steps = progress(range(sum(len(piece) for _, piece in missing)), f"prepare {order.dataset}")
    for done in cut_all(how, missing, order.jobs):
        for _ in range(done):
            next(steps)
    next(steps, None)
