"""Cues: which mouth shape is shown from when to when, and the files that animation programs read.

TSV, XML and JSON are Rhubarb Lip Sync's, to the space: its letters, hundredths of a second that are
cut off and not rounded, neighbours of the same letter as one.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from edge.mappings import RHUBARB, RHUBARB_REST
from edge.shapes import SHAPES

# A mouth closed for longer is at rest. Rhubarb closes the mouth in pauses as long, and no P, B or M
# that GRID's man speaks lasts over 0.18 s.
REST_S = 0.35
COLUMNS = ("face", "start_s", "end_s", "shape", "letter", "opening", *SHAPES)


@dataclass(frozen=True, slots=True)
class Cue:
    """One mouth shape, or that a mouth is not seen."""

    face: int
    start_s: float
    end_s: float
    shape: str | None = None  # one of SHAPES; None where the mouth is not seen
    opening: float | None = None  # its mean, 0 at the person's rest and 1 wide open
    weights: tuple[float, ...] | None = None  # their mean, of SHAPES

    @property
    def letter(self) -> str:
        """Rhubarb's name of the shape."""
        rests = self.shape == "closed" and self.end_s - self.start_s > REST_S
        return RHUBARB_REST if self.shape is None or rests else RHUBARB[self.shape]


Cues = Sequence[Cue]  # of one face: without gaps from 0 to the video's end, in order


def tsv(video: Path, cues: Cues) -> str:
    """Rhubarb's lines of start and letter, and one for the end."""
    lettered = _lettered(cues)
    lines = [f"{_written(start)}\t{letter}" for start, _, letter in lettered]
    return "\n".join([*lines, f"{_written(lettered[-1][1])}\t{RHUBARB_REST}"]) + "\n"


def xml(video: Path, cues: Cues) -> str:
    """Rhubarb's XML."""
    result = ElementTree.Element("rhubarbResult")
    metadata = ElementTree.SubElement(result, "metadata")
    ElementTree.SubElement(metadata, "soundFile").text = _sound_file(video)
    ElementTree.SubElement(metadata, "duration").text = _written(_hundredths(cues[-1].end_s))
    told = ElementTree.SubElement(result, "mouthCues")
    for start, end, letter in _lettered(cues):
        times = {"start": _written(start), "end": _written(end)}
        ElementTree.SubElement(told, "mouthCue", times).text = letter
    ElementTree.indent(result)
    text = ElementTree.tostring(result, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def json_(video: Path, cues: Cues) -> str:
    """Rhubarb's JSON."""
    told = ",\n".join(
        f'    {{ "start": {_written(start)}, "end": {_written(end)}, "value": "{letter}" }}'
        for start, end, letter in _lettered(cues)
    )
    sound_file = json.dumps(_sound_file(video), ensure_ascii=False)
    duration = _written(_hundredths(cues[-1].end_s))
    return (
        f'{{\n  "metadata": {{\n    "soundFile": {sound_file},\n    "duration": {duration}\n  }},\n'
        f'  "mouthCues": [\n{told}\n  ]\n}}\n'
    )


def csv_(video: Path, cues: Cues) -> str:
    """All there is; fields are empty where a mouth is not seen."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cue in cues:
        times = [f"{cue.start_s:.3f}", f"{cue.end_s:.3f}"]
        shares = [""] * (1 + len(SHAPES))
        if cue.opening is not None and cue.weights is not None:
            shares = [f"{share:.3f}" for share in (cue.opening, *cue.weights)]
        writer.writerow([cue.face, *times, cue.shape, cue.letter, *shares])
    return text.getvalue()


def vtt(video: Path, cues: Cues) -> str:
    """WebVTT, to lay over the video: who, the shape and its letter."""
    blocks = ["WEBVTT"]
    for cue in cues:
        times = f"{_clock(cue.start_s)} --> {_clock(cue.end_s)}"
        blocks.append(f"{times}\n<v face {cue.face}>{cue.shape or 'not seen'} ({cue.letter})")
    return "\n\n".join(blocks) + "\n"


Format = Callable[[Path, Cues], str]
FORMATS: dict[str, Format] = {".tsv": tsv, ".xml": xml, ".json": json_, ".csv": csv_, ".vtt": vtt}
FOR_ALL = ".csv"  # the one format that takes the cues of all faces


def _lettered(cues: Cues) -> list[tuple[int, int, str]]:
    """Start and end in hundredths of a second, and letter; no two neighbours have the same."""
    found: list[tuple[int, int, str]] = []
    for cue in cues:
        start, end = _hundredths(cue.start_s), _hundredths(cue.end_s)
        if found and found[-1][2] == cue.letter:
            found[-1] = (found[-1][0], end, cue.letter)
        elif end > start:
            found.append((start, end, cue.letter))
    return found


def _hundredths(seconds: float) -> int:
    return math.floor(seconds * 100 + 1e-6)  # 0.29 s are 28.999… of them


def _written(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}"


def _clock(seconds: float) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}.{milliseconds:03}"


def _sound_file(video: Path) -> str:
    """The whole path, without what no XML may hold."""
    return "".join(each if each.isprintable() else "?" for each in str(video.absolute()))
