"""What a model said of mouths, frame by frame: recorded once, for any rules to be tried on."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.assemble import assemble
from edge.errors import SettingsError, SourceError
from edge.frame import Frame, Image
from edge.profiles import Profile
from edge.read import VisemeReader
from edge.settings import FaceSettings, Settings
from edge.votes import Ballot

AT_ONCE = Settings(faces=FaceSettings(arrive_s=0.0))  # mouths are read from the first frame on
FORMAT = 1
COLUMNS = ("kind", "film", "choice", "temperature")
VALUES = ("at", "openings", "votes")


@dataclass(frozen=True)
class Reading:
    """One face's ballots, one for each frame in which its mouth was read."""

    kind: str  # of film: still or talk
    film: str
    choice: bool  # rules are chosen on it, and figures come from the others
    temperature: float  # by which its votes are to be divided when they are counted
    at: NDArray[np.float64]  # seconds
    openings: NDArray[np.float64]
    votes: NDArray[np.float64]  # (frames, moments, shapes)

    def __iter__(self) -> Iterator[tuple[float, Ballot]]:
        times, openings = self.at.tolist(), self.openings.tolist()
        return zip(times, map(Ballot, openings, self.votes), strict=True)


@dataclass(frozen=True)
class Readings:
    """All that was recorded, and by what."""

    origin: dict[str, Any]
    left_out: dict[str, int]  # why -> films
    readings: tuple[Reading, ...]

    def save(self, path: Path) -> None:
        """Write all or nothing."""
        partial = path.with_name(path.name + ".part.npz")
        about = {"format": FORMAT, "origin": self.origin, "left_out": self.left_out}
        columns = {name: [getattr(each, name) for each in self.readings] for name in COLUMNS}
        values = {
            name: np.concatenate([getattr(each, name) for each in self.readings]) for name in VALUES
        }
        lengths = np.array([len(each.at) for each in self.readings])
        try:
            np.savez_compressed(
                partial, about=np.array(json.dumps(about)), length=lengths, **columns, **values
            )
            os.replace(partial, path)
        except OSError as error:
            raise SettingsError(f"{path}: cannot be written: {error.strerror}") from None
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def read(cls, path: Path) -> Readings:
        """Read what `save` wrote."""
        try:
            with np.load(path) as data:
                about = json.loads(str(data["about"]))
                if about.get("format") != FORMAT:
                    raise ValueError(f"format {about.get('format')}, this version reads {FORMAT}")
                ends = np.cumsum(data["length"])[:-1]
                columns = [data[name].tolist() for name in COLUMNS]
                values = [np.split(data[name], ends) for name in VALUES]
                readings = tuple(Reading(*row) for row in zip(*columns, *values, strict=True))
                return cls(about["origin"], about["left_out"], readings)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise SourceError(f"{path}: not traces of evaluate mouth-changes: {error}") from None


class Noting(VisemeReader):
    """A reader that keeps the ballots of the present frame."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        super().__init__(path, threads)
        self.noted: list[Ballot] = []

    def __call__(self, mouth: Image) -> Ballot:
        self.noted.append(super().__call__(mouth))
        return self.noted[-1]


def record(
    frames: Iterable[Frame], model: Path, profile: Profile, models: Path | None
) -> list[tuple[NDArray[np.float64], ...]]:
    """Send a film through the way of a frame; gives times, openings and votes of each face in it,
    the one that was read most often first."""
    reader = Noting(model, profile.threads)
    pipeline = assemble(AT_ONCE, profile, models, viseme_model=reader).pipeline
    faces: dict[int, list[tuple[float, Ballot]]] = {}
    for frame in frames:
        reader.noted.clear()
        seen = pipeline(frame)
        # Faces are read in the order in which they arrived, and their numbers rise in the same.
        read = sorted(face.face for face in seen.faces if face.mouth)
        for face, ballot in zip(read, reader.noted, strict=True):
            faces.setdefault(face, []).append((frame.captured_at, ballot))
    return [
        (
            np.array([at for at, _ in samples]),
            np.array([ballot.opening for _, ballot in samples]),
            np.array([ballot.votes for _, ballot in samples]),
        )
        for samples in sorted(faces.values(), key=len, reverse=True)
    ]
