"""Files of crops: faces or mouths of a data set with surroundings, and what is known of each.

Crops are kept wider than a model's and at twice its detail, so that turns, shifts and zooms are
taken from real pixels, and models of other resolutions and cuts learn from the same files.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind
from edge.errors import SourceError

MARGIN = 1.5  # how much wider than the model's crop
DETAIL = 2  # pixels to one of the model's
FORMAT = 1


def kept(kind: CropKind) -> CropKind:
    """The cut in which crops are kept for models that see `kind`."""
    wide = kind.widened(MARGIN)
    return replace(wide, size=wide.size * DETAIL)


@dataclass(frozen=True)
class Origin:
    """Where crops come from and what their labels mean."""

    task: str
    dataset: str
    licence: str
    kind: str  # a name of `edge.crop.KINDS`; the crops are `kept` of it
    classes: tuple[str, ...]
    format: int = FORMAT


@dataclass(frozen=True)
class Crops:
    """Crops of one data set."""

    origin: Origin
    images: NDArray[np.uint8]  # (n, side, side), grey
    labels: NDArray[np.int8]  # index into the origin's classes
    folds: NDArray[np.int8]  # what is left out together; -1 where the set has no folds
    files: NDArray[np.str_]  # as the set names them, below its root

    def __len__(self) -> int:
        return len(self.images)

    def save(self, path: Path) -> None:
        """Write all or nothing."""
        partial = path.with_name(path.name + ".part.npz")
        try:
            np.savez_compressed(
                partial,
                origin=np.array(json.dumps(asdict(self.origin))),
                images=self.images,
                labels=self.labels,
                folds=self.folds,
                files=self.files,
            )
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def read(cls, path: Path) -> Crops:
        """Read what `save` wrote."""
        try:
            with np.load(path) as data:
                said = json.loads(str(data["origin"]))
                if said.get("format") != FORMAT:
                    raise ValueError(f"format {said.get('format')}, this version reads {FORMAT}")
                origin = Origin(**{**said, "classes": tuple(said["classes"])})
                columns = [data[name] for name in ("images", "labels", "folds", "files")]
        except FileNotFoundError:
            raise SourceError(f"{path}: no such file; lipwire prepare makes it") from None
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise SourceError(f"{path}: not crops of lipwire prepare: {error}") from None
        return cls(origin, *columns)
