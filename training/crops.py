"""Files of crops: faces or mouths of a data set with surroundings, and what is known of each.

Crops are kept wider than a model's and at twice its detail, so that turns, shifts and zooms are
taken from real pixels, and models of other resolutions and cuts learn from the same files.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edge.crop import CropKind
from edge.errors import SourceError
from training import masks

MARGIN = 1.5  # how much wider than the model's crop
DETAIL = 2  # pixels to one of the model's
FORMAT = 1
LOCAL_HEADER = 30  # bytes of a zip entry before its name


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
    # train, validation or test, as the set or the split of one's own pictures has it; else empty
    parts: NDArray[np.str_] = None  # type: ignore[assignment]
    # or clips: whose crops belong on one side of every split; empty where not known
    people: NDArray[np.str_] = None  # type: ignore[assignment]
    # (n, points, 2) of the face mesh in pixels of the crop, NaN where it saw none; often no points
    points: NDArray[np.float16] = None  # type: ignore[assignment]
    # between the inner lips, in eye distances (`training.gaps`); NaN where not known
    gaps: NDArray[np.float32] = None  # type: ignore[assignment]
    # what the mouth may show, as bits of `training.masks`; 0 where nothing is said
    shapes: NDArray[np.uint8] = None  # type: ignore[assignment]
    # (n, 20, 2) points of the lips, the last of the usual 68, in pixels of the crop; often none
    lips: NDArray[np.float32] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """What a set does not tell of any crop is not known of each."""
        unknown = np.full(len(self), "")
        for name, none in (
            ("parts", unknown),
            ("people", unknown),
            ("points", np.empty((len(self), 0, 2), np.float16)),
            ("gaps", np.full(len(self), np.nan, np.float32)),
            ("shapes", np.zeros(len(self), np.uint8)),
            ("lips", np.empty((len(self), 0, 2), np.float32)),
        ):
            if getattr(self, name) is None:
                object.__setattr__(self, name, none)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def facts(self) -> tuple[NDArray[Any], ...]:
        """What is known of the crops, by which a file is told from another."""
        return (self.labels, self.folds, self.files, self.parts, self.people)

    def save(self, path: Path) -> None:
        """Write all or nothing."""
        columns = {name: Column.of(getattr(self, name)) for name in COLUMNS}
        write(path, self.origin, columns)

    @classmethod
    def read(cls, path: Path) -> Crops:
        """Read what `save` or `write` wrote; the images stay in the file until they are used."""
        try:
            with path.open("rb") as file, np.load(file) as data:
                said = json.loads(str(data["origin"]))
                if said.get("format") != FORMAT:
                    raise ValueError(f"format {said.get('format')}, this version reads {FORMAT}")
                origin = Origin(**{**said, "classes": tuple(said["classes"])})
                columns = {name: data[name] for name in COLUMNS[1:] if name in data}
                images = _mapped(file, data.zip.getinfo("images.npy"))
                crops = cls(origin, data["images"] if images is None else images, **columns)
        except FileNotFoundError:
            raise SourceError(f"{path}: no such file; lipwire prepare makes it") from None
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise SourceError(f"{path}: not crops of lipwire prepare: {error}") from None
        if wrong := crops._wrong():
            raise SourceError(f"{path}: not crops of lipwire prepare: {wrong}")
        return crops

    def _wrong(self) -> str:
        """What of the columns cannot be, if anything."""
        if len({len(getattr(self, name)) for name in COLUMNS}) > 1:
            return "columns of unequal length"
        shape, labels = self.images.shape, self.labels
        if self.images.dtype != np.uint8 or len(shape) != 3 or shape[1] != shape[2]:
            return f"images of {self.images.dtype}, shape {shape}"
        if ((labels < 0) | (labels >= len(self.origin.classes))).any():
            return f"a label beyond its {len(self.origin.classes)} classes"
        if self.shapes.dtype != np.uint8 or (self.shapes > masks.ALL).any():
            return "shapes beyond those there are"
        return ""


COLUMNS = (
    *("images", "labels", "folds", "files", "parts", "people"),
    *("points", "gaps", "shapes", "lips"),
)


@dataclass(frozen=True)
class Column:
    """An array that need not be in memory as a whole."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: Iterable[NDArray[Any]]  # that make it up, in order

    @classmethod
    def of(cls, array: NDArray[Any]) -> Column:
        return cls(array.shape, array.dtype, (array,))


def write(path: Path, origin: Origin, columns: Mapping[str, Column]) -> None:
    """Write a file of crops, all or nothing; the same crops give the same bytes."""
    partial = path.with_name(path.name + ".part")
    told = Column.of(np.array(json.dumps(asdict(origin))))
    try:
        with partial.open("wb") as file:
            # Not packed: grey faces shrink by a third at most, and are then slow to read.
            with zipfile.ZipFile(file, "w") as archive:
                for name, column in {"origin": told, **columns}.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                        _write_column(member, column)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _write_column(member: IO[bytes], column: Column) -> None:
    descr = np.lib.format.dtype_to_descr(column.dtype)
    said = {"descr": descr, "fortran_order": False, "shape": column.shape}
    np.lib.format.write_array_header_1_0(member, said)
    for chunk in column.chunks:
        member.write(np.ascontiguousarray(chunk, column.dtype).tobytes())


def _mapped(file: IO[bytes], entry: zipfile.ZipInfo) -> NDArray[np.uint8] | None:
    """An array inside a file of crops, read where it is used; None where it is packed."""
    if entry.compress_type != zipfile.ZIP_STORED:
        return None
    file.seek(entry.header_offset)
    header = file.read(LOCAL_HEADER)
    name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    file.seek(name + extra, os.SEEK_CUR)
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype != np.uint8 or not np.prod(shape):
        raise ValueError(f"images of {dtype}, shape {shape}")
    return np.memmap(file, np.uint8, "r", file.tell(), shape)
