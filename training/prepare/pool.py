"""Work on many pictures or clips, piece by piece, in one process or several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol

import cv2

from edge.errors import CheckFailed
from training.prepare.pieces import Arrays, keep


class Cutter(Protocol):
    """Makes a piece's arrays of its pictures or clips."""

    def __call__(self, items: Sequence[Any], /) -> Arrays: ...


class How(Protocol):
    """How something is cut, as it is told to other processes."""

    def cutter(self) -> Cutter:
        """Load what cuts so."""


Piece = tuple[Path, Sequence[Any]]


def cut_all(how: How, pieces: Sequence[Piece], jobs: int) -> Iterator[int]:
    """Write every piece to its file; gives how many pictures or clips each had, as it is done."""
    if jobs == 1:
        cutter = how.cutter()
        for piece in pieces:
            yield _write(cutter, piece)
        return
    start = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(jobs, start, _start, (how,))
    try:
        yield from executor.map(_write_there, pieces)
    except BrokenProcessPool:
        raise CheckFailed("a process died, perhaps for want of memory: try again") from None
    finally:
        executor.shutdown(cancel_futures=True)


def _write(cutter: Cutter, piece: Piece) -> int:
    path, items = piece
    keep(path, cutter(items))
    return len(items)


_cutters: list[Cutter] = []  # of a process that `_start` has prepared


def _start(how: How) -> None:
    """Prepare a process of several: Ctrl-C is for the first, and with it all end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    first = multiprocessing.parent_process()
    assert first
    threading.Thread(target=_end_with, args=(first,), daemon=True).start()
    cv2.setNumThreads(1)
    _cutters.append(how.cutter())


def _end_with(first: multiprocessing.process.BaseProcess) -> None:
    first.join()
    os._exit(1)


def _write_there(piece: Piece) -> int:
    return _write(_cutters[0], piece)
