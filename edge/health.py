"""The health message: how the daemon and its board are at one moment."""

from __future__ import annotations

import platform
import secrets
import time

import cv2
import numpy as np

from edge import __version__
from edge.board import Board
from edge.clock import clock_synced
from edge.events import Health, utc
from edge.feed.publisher import Publisher
from edge.interpreter import runtime_name
from edge.snapshot import Snapshot
from edge.state import State


class HealthWatch:
    """Puts a health message together from those who know."""

    def __init__(self, board: Board, state: State, models: dict[str, str]) -> None:
        self._board, self._state = board, state
        self._began = time.monotonic()
        self.run = secrets.token_hex(4)
        runtime, _, version = runtime_name().partition(" ")
        self._versions = {
            "lipwire": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "opencv": cv2.__version__,
            runtime: version,
            **models,
        }

    def __call__(self, seen: Snapshot, publisher: Publisher) -> Health:
        fates = self._state.ledger()
        return Health(
            at=utc(time.time()),
            camera=seen.camera,
            fps=round(seen.fps, 1),
            latency_ms=seen.latency_ms,
            picture="dark" if seen.dark else "ok",
            frames_dropped=seen.dropped,
            frames_damaged=seen.damaged,
            camera_reopened=seen.reopened,
            restarts=seen.restarts,
            profile=seen.profile,
            given_way=seen.given_way,
            outbox_waiting=fates["waiting"],
            outbox_dropped=fates["dropped"],
            refusal=publisher.refusal,
            takeovers=publisher.takeovers,
            run=self.run,
            mqtt=publisher.version,
            temperature_c=self._board.temperature_c(),
            throttled=self._board.throttled(),
            memory_mb=round(self._board.used_mb(), 1),
            uptime_s=int(time.monotonic() - self._began),
            clock_synced=clock_synced(),
            versions=self._versions,
        )
