"""What a model said of faces, frame by frame: recorded once, for any rules to be tried on."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.assemble import assemble
from edge.errors import SettingsError, SourceError
from edge.frame import Frame
from edge.profiles import Profile
from edge.read import SmileReader
from edge.settings import Settings, SmileSettings

Values = NDArray[np.float64]
AS_READ = Settings(smile=SmileSettings(smoothing_s=0.0))  # probabilities come out as they went in
FORMAT = 1


@dataclass(frozen=True)
class Trace:
    """One face's probabilities, one for each time that it was read; none if it never arrived."""

    kind: str  # of film
    film: str
    smiles: bool  # what the film shows
    choice: bool  # rules are chosen on it, and figures come from the others
    at: Values  # seconds
    probability: Values


@dataclass(frozen=True)
class Traces:
    """All that was recorded, and by what."""

    origin: dict[str, Any]
    left_out: dict[str, int]  # why -> pictures
    traces: tuple[Trace, ...]

    def save(self, path: Path) -> None:
        """Write all or nothing."""
        partial = path.with_name(path.name + ".part.npz")
        about = {"format": FORMAT, "origin": self.origin, "left_out": self.left_out}
        nothing = [np.empty(0)]
        try:
            np.savez_compressed(
                partial,
                about=np.array(json.dumps(about)),
                kind=np.array([t.kind for t in self.traces]),
                film=np.array([t.film for t in self.traces]),
                smiles=np.array([t.smiles for t in self.traces], bool),
                choice=np.array([t.choice for t in self.traces], bool),
                length=np.array([len(t.at) for t in self.traces], int),
                at=np.concatenate(nothing + [t.at for t in self.traces]),
                probability=np.concatenate(nothing + [t.probability for t in self.traces]),
            )
            os.replace(partial, path)
        except OSError as error:
            raise SettingsError(f"{path}: cannot be written: {error.strerror}") from None
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def read(cls, path: Path) -> Traces:
        """Read what `save` wrote."""
        try:
            with np.load(path) as data:
                about = json.loads(str(data["about"]))
                if about.get("format") != FORMAT:
                    raise ValueError(f"format {about.get('format')}, this version reads {FORMAT}")
                ends = np.cumsum(data["length"])[:-1]
                columns = [data[name].tolist() for name in ("kind", "film", "smiles", "choice")]
                values = [np.split(data[name], ends) for name in ("at", "probability")]
                traces = tuple(Trace(*row) for row in zip(*columns, *values, strict=True))
                return cls(about["origin"], about["left_out"], traces)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise SourceError(f"{path}: not traces of evaluate false-smiles: {error}") from None


def record(
    frames: Iterable[Frame], reader: SmileReader, profile: Profile, models: Path | None
) -> list[tuple[Values, Values]]:
    """Send a film through the way of a frame; gives times and probabilities of each face in it."""
    pipeline = assemble(AS_READ, profile, models, reader=reader).pipeline
    samples: dict[int, list[tuple[float, float]]] = {}
    for frame in frames:
        seen = pipeline(frame)
        read = {face.track_id for face in pipeline.faces if face.arrived and face.clear}
        for face in seen.faces:
            if face.face in read:
                samples.setdefault(face.face, []).append((frame.captured_at, face.probability))
    columns = [np.array(values).T for values in samples.values()]
    return [(at, probability) for at, probability in columns]
