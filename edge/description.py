"""What a model says of itself: `lipwire.json`, a zip entry appended to its `.tflite` file."""

from __future__ import annotations

import json
import math
import os
import zipfile
import zlib
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from edge.errors import ModelError

ENTRY = "lipwire.json"
FORMAT = 1
LONGEST_S = 10.0  # no rule of a smile or a word takes longer
FASTEST_FPS = 120.0


@dataclass(frozen=True)
class Quantisation:
    """How a tensor's integers stand for numbers: number = (integer - zero_point) * scale."""

    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Source:
    """A data set the model learned from."""

    name: str
    licence: str
    pictures: int
    left_out: str = ""  # its part that was not learned from: test


@dataclass(frozen=True)
class Metric:
    """A measured figure, with all that is needed to read it."""

    name: str
    value: float
    interval: tuple[float, float]  # 95 %
    n: int
    protocol: str
    command: str


@dataclass(frozen=True)
class Description:
    """Everything the device needs to know of a model file."""

    task: str  # smile, viseme, word or word-grid
    labels: tuple[str, ...]
    crop: str  # a name of `edge.crop.KINDS`, or of words that of `edge.lipbox`
    crop_size: int  # pixels across
    frames: int  # pictures a run looks at; of words: that a decision may look back at
    input: Quantisation
    output: Quantisation
    temperature: float  # logits are divided by it
    # A probability at or over it begins a smile; an opening at or over it, in eye distances, opens
    # a mouth. One at or under the other ends or closes it.
    on_threshold: float
    off_threshold: float
    sources: tuple[Source, ...]
    metrics: tuple[Metric, ...]
    versions: dict[str, str]
    created: str  # UTC date
    smoothing_s: float = 0.15  # time constant; the values of files that do not say
    min_duration_s: float = 0.4  # a smile exists once it lasted this long
    # visemes: the moments a picture votes for, in seconds from when it was taken
    votes_s: tuple[float, ...] = (0.0,)
    # words: how many pictures a second it learned from; from which score on one is told within
    # running speech, and for how long then not again
    fps: float = 0.0
    spot_threshold: float = 0.5
    refractory_s: float = 1.0
    changes: bool = False  # words: whether it sees what changed since the picture before, too
    format: int = FORMAT


def read(path: Path) -> Description:
    """Read a model's description out of its file."""
    try:
        with zipfile.ZipFile(path) as archive:
            data = json.loads(archive.read(ENTRY))
    except FileNotFoundError:
        raise ModelError(f"{path}: no such model file") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from None
    except (zipfile.BadZipFile, KeyError):
        raise ModelError(f"{path}: damaged, or not a Lipwire model (no {ENTRY} in it)") from None
    except (ValueError, RuntimeError, EOFError, zlib.error) as error:
        raise ModelError(f"{path}: its {ENTRY} is damaged: {error}") from None
    return _parse(data, path)


def embed(path: Path, description: Description) -> None:
    """Write a description into a `.tflite` file in place of any it has, all or nothing."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(bare(path))
        with zipfile.ZipFile(partial, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(ENTRY, json.dumps(asdict(description), indent=1, ensure_ascii=False))
        os.replace(partial, path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def bare(path: Path) -> bytes:
    """The file's content without the zip at its end: the network alone."""
    content = path.read_bytes()
    if not zipfile.is_zipfile(path):
        return content
    with zipfile.ZipFile(path) as archive:
        offsets = [entry.header_offset for entry in archive.infolist()]
        return content[: min(offsets, default=archive.start_dir)]


def _parse(data: Any, path: Path) -> Description:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else None
        raise ModelError(f"{path}: description format {found}, this version reads {FORMAT}")
    names = {f.name for f in fields(Description)}
    try:
        values = {name: value for name, value in data.items() if name in names}
        values["input"] = Quantisation(**data["input"])
        values["output"] = Quantisation(**data["output"])
        values["labels"] = tuple(data["labels"])
        if "votes_s" in values:
            values["votes_s"] = tuple(data["votes_s"])
        values["sources"] = tuple(Source(**source) for source in data["sources"])
        values["metrics"] = tuple(
            Metric(**{**metric, "interval": tuple(metric["interval"])})
            for metric in data["metrics"]
        )
        description = Description(**values)
        _check_types(description)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(f"{path}: its {ENTRY} is incomplete or wrong: {error}") from None
    if not _makes_sense(description):
        raise ModelError(
            f"{path}: its {ENTRY} has a temperature, thresholds or times that make no sense"
        )
    return description


def _makes_sense(said: Description) -> bool:
    """Whether temperature and rules are within what can be meant."""
    return (
        said.temperature > 0
        and 0 < said.off_threshold < said.on_threshold < 1
        and 0 <= said.smoothing_s <= LONGEST_S
        and 0 <= said.min_duration_s <= LONGEST_S
        and _are_moments(said.votes_s)
        and 0 <= said.fps <= FASTEST_FPS
        and 0 < said.spot_threshold < 1
        and 0 <= said.refractory_s <= LONGEST_S
    )


def _are_moments(votes_s: tuple[float, ...]) -> bool:
    """Whether a picture can vote for these: near it, each once, in order."""
    return bool(votes_s) and list(votes_s) == sorted(set(votes_s)) and max(map(abs, votes_s)) <= 1


def _check_types(part: Any) -> None:
    """Refuse a text where a number must stand, and the like."""
    for name, kind in get_type_hints(type(part)).items():
        _check_type(name, kind, getattr(part, name))


def _check_type(name: str, kind: Any, value: Any) -> None:
    inner = get_args(kind)
    if is_dataclass(kind):
        _check_types(value)
    elif get_origin(kind) is tuple:
        kinds = inner[:1] * len(value) if Ellipsis in inner else inner
        for each, one in zip(kinds, value, strict=True):
            _check_type(name, each, one)
    elif get_origin(kind) is dict:
        for pair in value.items():
            for each, one in zip(inner, pair, strict=True):
                _check_type(name, each, one)
    elif type(value) not in ((int, float) if kind is float else (kind,)):
        raise TypeError(f"{name} is {value!r}")
    elif kind is float and not math.isfinite(value):
        raise ValueError(f"{name} is {value}")
