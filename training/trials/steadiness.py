"""`lipwire evaluate steadiness`: how steady a face's points are, how far behind, and posters.

Stills of GENKI-4K stand for faces on posters, with a camera's noise, flicker and compression; the
talking man of GRID, who sits as still as he can, stands for people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.assemble import assemble
from edge.detection import Box, Detection, Keypoints
from edge.detectors.blazeface import BlazeFace
from edge.errors import SettingsError, SourceError
from edge.events import FaceArrived
from edge.frame import Frame, Image
from edge.gaze import WIDE, around
from edge.profiles import Profile
from edge.progress import progress
from edge.settings import Settings
from training.datasets import load

FPS = 25.0
SIZE = (640, 480)
WIDTHS = (60, 100, 160)  # of the face's box, in pixels
NOISE, QUALITY, FLICKER, FLICKER_HZ = 4.0, 85, 0.05, 1.3
SETTLED_S = 0.6  # before that a face is still being found
MOVING_S, STANDING_S = 3.0, 20.0
STILL_S = 10.0  # the setting that is tried
GRAIN = np.random.default_rng(0).normal(0, NOISE, 12_000_000).round().astype(np.int16)

# Where a face is, in face widths, at a time.
MOTIONS: dict[str, Callable[[float], float]] = {
    "still": lambda at: 0.0,
    "swaying": lambda at: 0.15 * math.sin(2 * math.pi * 0.8 * at),
    "walking": lambda at: at - 1.5,
    "starting": lambda at: min(max(at - 1.5, 0.0) / 0.3, 1.0),  # a whole width within 0.3 s
}


@dataclass(frozen=True)
class Portrait:
    """A face in pictures that follow each other at the pace of frames."""

    images: list[Image]
    face: Detection  # in the first


@dataclass(frozen=True)
class Trace:
    """Where a face's eyes and mouth were and were said to be, in eye distances, a row a frame."""

    true: NDArray[np.complex128]
    alone: NDArray[np.complex128]  # by a look at each frame alone
    told: NDArray[np.complex128]  # by the pipeline


def evaluate_steadiness(
    grid: Path, genki: Path, profile: Profile, near: BlazeFace, models: Path | None, most: int
) -> dict[str, object]:
    """Figures by motion and size; then who arrives with `still_s` on."""
    if most < 1:
        raise SettingsError("--faces must be at least 1")
    stills, clips = _stills(genki, near, most), _clips(grid, near, most)
    profile = replace(profile, width=SIZE[0], height=SIZE[1])
    jobs = [(name, width, still) for name in MOTIONS for width in WIDTHS for still in stills]
    traces: dict[tuple[str, int], list[Trace]] = {}
    for name, width, still in progress(jobs, "evaluate steadiness"):
        trace = _follow(still, width, MOTIONS[name], profile, near, models)
        traces.setdefault((name, width), []).append(trace)
    faces = {"posters": stills, "people": clips}
    return {
        "profile": profile.name,
        "faces": len(stills),
        "points": [_row(name, width, found) for (name, width), found in traces.items()],
        "still_s": STILL_S,
        "arrivals": [
            _arrivals(kind, width, portraits, profile, models)
            for kind, portraits in faces.items()
            for width in WIDTHS
        ],
    }


def table(figures: dict[str, object]) -> str:
    """The figures for people."""
    lines = [
        "jitter from frame to frame and lag, in hundredths of the eye distance (median face)",
        f"{'':<10} {'width':>6} {'faces':>6} {'alone':>7} {'told':>7} {'worst lag':>10}",
    ]
    points, arrivals = figures["points"], figures["arrivals"]
    assert isinstance(points, list)
    assert isinstance(arrivals, list)
    lines += [
        f"{row['motion']:<10} {row['width_px']:>6} {row['n']:>6} {_hundredths(row['alone'], 2):>7} "
        f"{_hundredths(row['told'], 2):>7} {_hundredths(row['lag'], 1):>10}"
        for row in points
    ]
    lines.append(f"arrived with still_s = {figures['still_s']}, and seconds until then (median)")
    for row in arrivals:
        after = "-" if row["after_s"] is None else f"{row['after_s']:.1f} s"
        lines.append(
            f"{row['who']:<10} {row['width_px']:>6} {row['n']:>6} {row['arrived']:>7} {after:>7}"
        )
    return "\n".join(lines)


def _hundredths(share: float | None, digits: int) -> str:
    return "-" if share is None else f"{100 * share:.{digits}f}"


def _follow(
    portrait: Portrait,
    width: int,
    motion: Callable[[float], float],
    profile: Profile,
    near: BlazeFace,
    models: Path | None,
) -> Trace:
    pipeline = assemble(Settings(), profile, models).pipeline
    true, alone, told = [], [], []
    unit = portrait.face.keypoints.eye_distance * width / portrait.face.box.width
    for index, (image, shift, box) in enumerate(_film(portrait, width, motion, MOVING_S)):
        at = index / FPS
        pipeline(Frame(image, at, at, index))
        part = around(box, WIDE, SIZE)
        if at < SETTLED_S or not pipeline.faces or part is None:
            continue
        found = near.look(image, part)
        if found:
            true.append([shift] * 3)
            alone.append(_points(found[0].keypoints))
            told.append(_points(pipeline.faces[0].keypoints))
    return Trace(np.array(true) / unit, np.array(alone) / unit, np.array(told) / unit)


def _row(motion: str, width: int, traces: list[Trace]) -> dict[str, object]:
    traces = [trace for trace in traces if len(trace.true) > FPS]
    return {
        "motion": motion,
        "width_px": width,
        "n": len(traces),
        "alone": _median([_jitter(t.alone - t.true) for t in traces], 5),
        "told": _median([_jitter(t.told - t.true) for t in traces], 5),
        "lag": _median([_lag(t) for t in traces], 4),
    }


def _median(values: list[float], digits: int) -> float | None:
    return round(float(np.median(values)), digits) if values else None


def _jitter(off: NDArray[np.complex128]) -> float:
    """How far points jump from frame to frame, in the mean."""
    return float(np.abs(np.diff(off, axis=0)).mean())


def _lag(trace: Trace) -> float:
    """How far the face as told is ever from where single looks see it."""
    return float(np.abs((trace.told - trace.alone).mean(axis=1)).max())


def _arrivals(
    who: str, width: int, portraits: list[Portrait], profile: Profile, models: Path | None
) -> dict[str, object]:
    settings = Settings()
    settings = replace(settings, faces=replace(settings.faces, still_s=STILL_S))
    after = []
    for portrait in progress(portraits, f"{who} {width}"):
        pipeline = assemble(settings, profile, models).pipeline
        after.append(math.inf)
        for index, (image, _, _) in enumerate(_film(portrait, width, MOTIONS["still"], STANDING_S)):
            at = index / FPS
            seen = pipeline(Frame(image, at, at, index))
            if any(isinstance(event, FaceArrived) for event in seen.events):
                after[-1] = at
                break
    came = [at for at in after if math.isfinite(at)]
    return {
        "who": who,
        "width_px": width,
        "n": len(portraits),
        "seconds": STANDING_S,
        "arrived": len(came),
        "after_s": _median(came, 2),
    }


def _film(
    portrait: Portrait, width: int, motion: Callable[[float], float], seconds: float
) -> Iterator[tuple[Image, complex, Box]]:
    """Frames with where the face has moved to since the first, and its box."""
    rng = np.random.default_rng(0)
    scale = width / portrait.face.box.width
    middle = complex(*portrait.face.box.centre) * scale
    last = len(portrait.images) - 1
    for index in range(round(seconds * FPS)):
        at = index / FPS
        step = index % max(1, 2 * last)  # back and forth
        image = portrait.images[min(step, 2 * last - step)]
        shift = complex(motion(at) * width, 0)
        place = complex(SIZE[0] / 2, SIZE[1] / 2) + shift
        matrix = np.array([[scale, 0, (place - middle).real], [0, scale, (place - middle).imag]])
        view = cv2.warpAffine(
            image, matrix, SIZE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
        light = 1 + FLICKER * math.sin(2 * math.pi * FLICKER_HZ * at)
        start = int(rng.integers(len(GRAIN) - view.size))
        grain = GRAIN[start : start + view.size].reshape(view.shape)
        view = cv2.add(cv2.convertScaleAbs(view, alpha=light), grain, dtype=cv2.CV_8U)
        encoded = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        box = Box(place.real - width / 2, place.imag - width / 2, width, width)
        yield cv2.imdecode(encoded, cv2.IMREAD_COLOR), shift, box


def _points(points: Keypoints) -> list[complex]:
    return [points.right_eye, points.left_eye, points.mouth]


def _stills(root: Path, near: BlazeFace, most: int) -> list[Portrait]:
    pictures = load("genki4k", root)
    found = []
    for picture in pictures[:: max(1, len(pictures) // most)][:most]:
        image = picture.load()
        if image is not None and len(faces := near(image)) == 1:
            found.append(Portrait([image], faces[0]))
    if not found:
        raise SourceError(f"{root}: no picture with a single face in it")
    return found


def _clips(root: Path, near: BlazeFace, most: int) -> list[Portrait]:
    paths = sorted(root.glob("s1/*.mp4"))
    if not paths:
        raise SourceError(f"{root}: no clips of GRID in it; expected s1/*.mp4")
    found = []
    for path in paths[:: max(1, len(paths) // most)][:most]:
        video = cv2.VideoCapture(str(path))
        images = []
        while (read := video.read())[0]:
            images.append(read[1])
        if images and len(faces := near(images[0])) == 1:
            found.append(Portrait(images, faces[0]))
    if not found:
        raise SourceError(f"{root}: no clip that begins with a single face")
    return found
