"""`lipwire bench pipeline`: what a frame costs, and how much of it is not the models."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.assemble import assemble
from edge.cameras import Camera, make_camera
from edge.cameras.address import shown
from edge.cameras.drawing import WALL
from edge.errors import SourceError
from edge.frame import Frame, Image, Picture
from edge.interpreter import runtime_name
from edge.picture import memory, size
from edge.profiles import Profile
from edge.progress import progress
from edge.settings import CameraSettings, Settings, VisemeSettings, WordSettings

FRAMES = 150  # decoded beforehand: a camera's own cost is not the pipeline's
WARM_UP = 30
SLICE_S = 0.1
FACES_MOST = 4
STAGES = ("detect", "track", "crop", "read", "decide")


class Meter:
    """Feeds repeated frames to a pipeline and keeps what each one cost, in seconds."""

    def __init__(
        self,
        frames: list[Frame],
        profile: Profile,
        models: Path | None,
        settings: Settings,
    ) -> None:
        self._assembly = assemble(settings, profile, models)
        self._clock = Clock(frames)
        self.whole: list[float] = []
        self.calls: dict[str, list[float]] = {  # model -> inside its interpreter's calls
            each.path.stem: [] for each in self._assembly.interpreters
        }
        self.stages: dict[str, list[float]] = {name: [] for name in STAGES}
        for _ in range(WARM_UP):
            self._assembly.pipeline(self._clock.next())

    @property
    def bare(self) -> list[float]:
        """Inside the interpreter calls."""
        return [sum(calls) for calls in zip(*self.calls.values(), strict=True)]

    @property
    def overhead(self) -> list[float]:
        """Outside the interpreter calls."""
        return [whole - bare for whole, bare in zip(self.whole, self.bare, strict=True)]

    def run(self, seconds: float) -> None:
        """Run frames for a while."""
        pipeline, interpreters = self._assembly.pipeline, self._assembly.interpreters
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            frame = self._clock.next()
            spent = dict(pipeline.spent_s)
            invoked = [each.invoked_s for each in interpreters]
            started = time.perf_counter()
            pipeline(frame)
            self.whole.append(time.perf_counter() - started)
            for each, before in zip(interpreters, invoked, strict=True):
                self.calls[each.path.stem].append(each.invoked_s - before)
            for name, values in self.stages.items():
                values.append(pipeline.spent_s[name] - spent.get(name, 0.0))


def bench_pipeline(
    source: str,
    seconds: float,
    profile: Profile,
    models: Path | None,
    visemes: bool = True,
    words: WordSettings | None = None,
) -> dict[str, Any]:
    """Run frames through the pipeline as fast as it goes, for some seconds."""
    frames = _frames(make_camera(CameraSettings(source=source), profile))
    settings = Settings(viseme=VisemeSettings(enabled=visemes), word=words or WordSettings())
    meter = Meter(frames, profile, models, settings)
    for _ in progress(range(max(1, round(seconds / SLICE_S))), "bench"):
        meter.run(SLICE_S)
    whole, bare, overhead = meter.whole, meter.bare, meter.overhead
    return {
        "source": shown(source),
        "profile": profile.name,
        "picture": "{}x{}".format(*size(frames[0].image)),
        "detect_interval": profile.detect_interval,
        "looks": profile.looks,
        "frames": len(whole),
        "fps": round(1 / statistics.mean(whole), 1),
        "frame_ms": _summary(whole),
        "stages": {name: _summary(values) for name, values in meter.stages.items()},
        "bare_ms": _summary(bare),
        "models": {name: _summary(values) for name, values in meter.calls.items()},
        "overhead_ms": _summary(overhead),
        "overhead_ratio": round(statistics.median(overhead) / statistics.median(bare), 3),
        "rss_mb": round(_rss_mb() - sum(memory(f.image) for f in frames) / 1e6, 1),
        "dropped": 0,  # nothing is dropped where every frame waits for its turn
        "load": [round(value, 2) for value in os.getloadavg()],
        "runtime": runtime_name(),
    }


def bench_faces(seconds: float, profile: Profile, models: Path | None) -> list[dict[str, Any]]:
    """What a frame costs with one to four of the demo's faces, each a quarter of the picture,
    measured in turns."""
    alone = _frames(make_camera(CameraSettings(), profile))
    meters = []
    for faces in range(1, FACES_MOST + 1):
        crowds = [replace(frame, image=crowd(frame.image, faces)) for frame in alone]
        four = replace(profile, faces_max=FACES_MOST)
        meters.append(Meter(crowds, four, models, Settings()))
    for _ in progress(range(max(1, round(seconds / SLICE_S / FACES_MOST))), "bench faces"):
        for meter in meters:
            meter.run(SLICE_S)
    return [
        {
            "faces": number,
            "frame_ms": _summary(meter.whole),
            "overhead_ms": _summary(meter.overhead),
        }
        for number, meter in enumerate(meters, 1)
    ]


def faces_table(rows: list[dict[str, Any]]) -> str:
    """What each further face costs, for people."""
    lines = [f"{'faces':<6} {'whole frame':>12} {'outside calls':>14}   milliseconds, median"]
    lines += [
        f"{row['faces']:<6} {row['frame_ms']['median']:>12.3f} "
        f"{row['overhead_ms']['median']:>14.3f}"
        for row in rows
    ]
    first, last = rows[0], rows[-1]
    further = [
        (last[name]["median"] - first[name]["median"]) / (len(rows) - 1)
        for name in ("frame_ms", "overhead_ms")
    ]
    return "\n".join(
        [*lines, f"each further face: {further[0]:.3f}, outside calls {further[1]:.3f}"]
    )


def crowd(image: Picture, faces: int) -> Image:
    """A picture with some of another's faces at half the size."""
    assert isinstance(image, np.ndarray)  # the demo draws in colour
    height, width = image.shape[0] // 2, image.shape[1] // 2
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    crowd: Image = np.full_like(image, WALL)
    for number in range(faces):
        top, left = height * (number // 2), width * (number % 2)
        crowd[top : top + height, left : left + width] = small
    return crowd


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
    rows += [("interpreter calls", figures["bare_ms"])]
    rows += [(f"  {name}", ms) for name, ms in figures["models"].items()]
    rows += [("all else", figures["overhead_ms"])]
    width = max(len(name) for name, _ in rows)
    lines = [f"{'milliseconds':<{width}} {'median':>8} {'p95':>8} {'p99':>8}"]
    lines += [
        f"{name:<{width}} {ms['median']:>8.3f} {ms['p95']:>8.3f} {ms['p99']:>8.3f}"
        for name, ms in rows
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
