"""`lipwire bench pipeline`: what a frame costs, and how much of it is not the models."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from edge.assemble import assemble
from edge.cameras import Camera, make_camera
from edge.cameras.address import shown
from edge.errors import SourceError
from edge.frame import Frame
from edge.interpreter import runtime_name
from edge.picture import memory, size
from edge.profiles import Profile
from edge.progress import progress
from edge.settings import CameraSettings, Settings

FRAMES = 150  # decoded beforehand: a camera's own cost is not the pipeline's
WARM_UP = 30
STAGES = ("detect", "track", "crop", "read", "decide")


def bench_pipeline(
    source: str, seconds: float, profile: Profile, models: Path | None
) -> dict[str, Any]:
    """Run frames through the pipeline as fast as it goes, for some seconds."""
    frames = _frames(make_camera(CameraSettings(source=source), profile))
    assembly = assemble(Settings(), profile, models)
    whole, bare = [], []
    stages: dict[str, list[float]] = {name: [] for name in STAGES}
    clock = Clock(frames)
    for _ in range(WARM_UP):
        assembly.pipeline(clock.next())
    for _ in progress(range(max(1, round(seconds * 10))), "bench"):
        until = time.perf_counter() + 0.1
        while time.perf_counter() < until:
            frame = clock.next()
            spent = dict(assembly.pipeline.spent_s)
            invoked = sum(i.invoked_s for i in assembly.interpreters)
            started = time.perf_counter()
            assembly.pipeline(frame)
            whole.append(time.perf_counter() - started)
            bare.append(sum(i.invoked_s for i in assembly.interpreters) - invoked)
            for name, values in stages.items():
                values.append(assembly.pipeline.spent_s[name] - spent.get(name, 0.0))
    overhead = [total - inner for total, inner in zip(whole, bare, strict=True)]
    return {
        "source": shown(source),
        "profile": profile.name,
        "picture": "{}x{}".format(*size(frames[0].image)),
        "detect_interval": profile.detect_interval,
        "frames": len(whole),
        "fps": round(1 / statistics.mean(whole), 1),
        "frame_ms": _summary(whole),
        "stages": {name: _summary(values) for name, values in stages.items()},
        "bare_ms": _summary(bare),
        "overhead_ms": _summary(overhead),
        "overhead_ratio": round(statistics.median(overhead) / statistics.median(bare), 3),
        "rss_mb": round(_rss_mb() - sum(memory(f.image) for f in frames) / 1e6, 1),
        "dropped": 0,  # nothing is dropped where every frame waits for its turn
        "load": [round(value, 2) for value in os.getloadavg()],
        "runtime": runtime_name(),
    }


class Clock:
    """Repeats frames without end, with times that go on."""

    def __init__(self, frames: list[Frame]) -> None:
        self._frames, self._index = frames, 0
        self._step = (frames[-1].captured_at - frames[0].captured_at) / max(1, len(frames) - 1)

    def next(self) -> Frame:
        """The next frame, taken one step after the last."""
        index, self._index = self._index, self._index + 1
        at = index * (self._step or 1 / 30)
        return Frame(self._frames[index % len(self._frames)].image, at, at, index)


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    rows = [("whole frame", figures["frame_ms"]), *figures["stages"].items()]
    rows += [("interpreter calls", figures["bare_ms"]), ("all else", figures["overhead_ms"])]
    lines = [f"{'milliseconds':<18} {'median':>8} {'p95':>8} {'p99':>8}"]
    lines += [
        f"{name:<18} {ms['median']:>8.3f} {ms['p95']:>8.3f} {ms['p99']:>8.3f}" for name, ms in rows
    ]
    lines.append(
        f"{figures['fps']:g} frames a second of {figures['picture']}, "
        f"{figures['rss_mb']:g} MB, load {figures['load'][0]:g}, {figures['runtime']}"
    )
    return "\n".join(lines)


def _frames(camera: Camera) -> list[Frame]:
    if camera.live:
        raise SourceError("bench needs frames that repeat: demo, a video file or a picture folder")
    camera.open()
    frames: list[Frame] = []
    while len(frames) < FRAMES and (frame := camera.read()) is not None:
        frames.append(frame)
    camera.close()
    return frames


def _rss_mb() -> float:
    """This process's memory now; the frames kept for the bench are taken off by the caller."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _summary(seconds: list[float]) -> dict[str, float]:
    median, p95, p99 = np.quantile(seconds, (0.5, 0.95, 0.99)) * 1000
    return {"median": round(median, 4), "p95": round(p95, 4), "p99": round(p99, 4)}
