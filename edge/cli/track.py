"""`lipwire track`: a video's mouth shapes as cues for animation, and drawn beside it."""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command, choose_profile
from edge.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from edge.cues import Cue
    from edge.film import Film, Reel

log = logging.getLogger(__name__)
STDOUT = Path("-")
RENDERED = (".mp4",)


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    about = "Write the mouth shapes in a video as cues for animation, or draw them beside it."
    parser = add_command(commands, "track", about, _track)
    more = parser.add_argument
    formats = ".tsv, .xml, .json (Rhubarb Lip Sync's), .csv or .vtt; - for JSON to stdout"
    more("video", type=Path, metavar="VIDEO")
    more("--out", type=Path, metavar="FILE", help=f"the cues, by the ending: {formats}")
    more("--render", type=Path, metavar="OUT.mp4", help="the video with the mouth drawn beside it")
    more("--model", type=Path, metavar="FILE", help="another viseme model")
    more("--profile", help="a name (see: lipwire profiles list) or a .toml file")
    more("--models", type=Path, metavar="DIR", help="where fetched models are")


def _track(options: argparse.Namespace) -> None:
    from edge.cues import FORMATS

    video, out, rendered = options.video, options.out, options.render
    if not out and not rendered:
        raise SettingsError("nothing to do: give --out FILE, --render OUT.mp4 or both")
    if out and out != STDOUT:
        _check_place("--out", out, FORMATS, video)
    if rendered:
        _check_place("--render", rendered, RENDERED, video)
    reel = _open(video)
    began = time.monotonic()
    film = _watch(reel, options)
    took = time.monotonic() - began
    say = log.info if out == STDOUT else print
    faces = [film.cues(number) for number in range(1, len(film.faces) + 1)]
    places = _write(video, out, faces) if out else []
    for cues, place in zip_longest(faces, places):
        say(f"face {cues[0].face}: {len(cues)} cues{f' in {place}' if place else ''}")
    ratio = film.duration_s / took
    say(f"{film.duration_s:.1f} s of video in {took:.1f} s: {ratio:.1f} times real time")
    if rendered:
        _render(video, reel, film, rendered)
        say(f"{rendered}: face 1's mouth beside it")


def _check_place(option: str, path: Path, endings: Iterable[str], video: Path) -> None:
    """Refuse, before any work, what could not be written at its end."""
    if wrong := _wrong_with(path, endings, video):
        raise SettingsError(f"{option} {path}: {wrong}")


def _wrong_with(path: Path, endings: Iterable[str], video: Path) -> str:
    if path.suffix.lower() not in endings:
        return f"must end in {' or '.join(endings)}"
    try:
        wrong = {
            "is a folder": path.is_dir(),
            "its folder is not there": not path.parent.is_dir(),
            "its folder cannot be written to": not os.access(path.parent, os.W_OK),
            "is the video itself": path.exists() and video.exists() and path.samefile(video),
        }
    except OSError as error:
        return f"cannot be written: {error.strerror}"
    return next((what for what, is_so in wrong.items() if is_so), "")


def _open(video: Path) -> Reel:
    from edge.cameras import PICTURE_ENDINGS
    from edge.film import Reel

    try:
        if not video.exists():
            raise SourceError(f"{video}: no such file")
        if not video.is_file() or video.suffix.lower() in PICTURE_ENDINGS:
            raise SourceError(f"{video}: not a video file")
    except OSError as error:
        raise SourceError(f"{video}: cannot be read: {error.strerror}") from None
    return Reel(video)


def _watch(reel: Reel, options: argparse.Namespace) -> Film:
    from edge import models
    from edge.film import watch
    from edge.progress import progress

    model = options.model or models.shipped("viseme")
    frames = progress(reel, "track")
    film = watch(frames, choose_profile(options), options.models, model)
    if not film.faces:
        raise SourceError(f"{options.video}: no face in it whose mouth can be read")
    return film


def _write(video: Path, out: Path, faces: list[list[Cue]]) -> list[Path]:
    """Write the cues; gives the file of each face."""
    from edge.cues import FOR_ALL, FORMATS

    if out == STDOUT:
        print(FORMATS[".json"](video, faces[0]), end="")
        return []
    form = FORMATS[out.suffix.lower()]
    if out.suffix.lower() == FOR_ALL:
        _write_whole(out, form(video, [cue for cues in faces for cue in cues]))
        return [out] * len(faces)
    further = (out.with_name(f"{out.stem}-{n}{out.suffix}") for n in range(2, len(faces) + 1))
    places = [out, *further]
    for place, cues in zip(places, faces, strict=True):
        _write_whole(place, form(video, cues))
    return places


def _write_whole(place: Path, text: str) -> None:
    from edge.written import written

    with written(place) as partial:
        partial.write_text(text, encoding="utf-8")


def _render(video: Path, reel: Reel, film: Film, out: Path) -> None:
    from edge.progress import progress
    from edge.render import render
    from edge.written import written

    # As many frames as before: the file's end need not be looked for, nor complained of, again.
    frames = (frame for _, frame in zip(progress(range(film.frames), "render"), reel, strict=False))
    with written(out) as partial:
        render(video, frames, film, partial)
