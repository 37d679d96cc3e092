"""Files of `lipwire prepare`: an uncompressed `.npz` of an origin and columns, of which neither
writing nor reading needs to hold the largest in memory."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError

Origin = TypeVar("Origin", bound=Any)
LOCAL_HEADER = 30  # bytes of a zip entry before its name
DAMAGED = (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Column:
    """An array that need not be in memory as a whole."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: Iterable[NDArray[Any]]  # that make it up, in order

    @classmethod
    def of(cls, array: NDArray[Any]) -> Column:
        return cls(array.shape, array.dtype, (array,))


def write(path: Path, origin: Any, columns: Mapping[str, Column]) -> None:
    """Write a file, all or nothing; the same columns give the same bytes."""
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


@contextmanager
def opened(path: Path, what: str, command: str) -> Iterator[tuple[IO[bytes], Any]]:
    """A file and its columns, to be read within; what is wrong with them in one line."""
    try:
        with path.open("rb") as file, np.load(file) as data:
            yield file, data
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file; {command} makes it") from None
    except DAMAGED as error:
        raise SourceError(f"{path}: not {what} of {command}: {error}") from None


def origin_in(data: Any, kind: type[Origin]) -> Origin:
    """What a file says of itself, if it is of that kind and its format is known."""
    said: dict[str, Any] = json.loads(str(data["origin"]))
    if {*said} != {field.name for field in fields(kind)}:
        raise ValueError(f"it holds what is learned for {said.get('task')}")
    if said["format"] != kind.format:
        raise ValueError(f"format {said['format']}, this version reads {kind.format}")
    return kind(**{**said, "classes": tuple(said["classes"])})


def mapped(file: IO[bytes], entry: zipfile.ZipInfo) -> NDArray[np.uint8] | None:
    """An array inside a file, read where it is used; None where it is packed."""
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
