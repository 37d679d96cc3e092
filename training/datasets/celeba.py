"""CelebA: aligned photographs of celebrities; the attribute `Smiling` counts.

The lists come as the original text files or as Kaggle's csv files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from edge.errors import SourceError
from training.datasets.layout import first_folder, lines, pictures_in, table
from training.datasets.picture import Dataset, Listing, Options, Picture, Skipped, as_it_is

IMAGES = "img_align_celeba"
PARTS = {"0": "train", "1": "validation", "2": "test"}
SMILING = {"1": True, "-1": False}


def _read(root: Path, _: Options) -> Listing:
    folder = first_folder(root / IMAGES / IMAGES, root / "Img" / IMAGES, root / IMAGES)
    files = {path.name: path for path in pictures_in(folder)}
    labels = dict(_attributes(root))
    parts = _list(root, "list_eval_partition", "partition")
    people = _list(root, "identity_CelebA", "identity")
    found = Listing([])
    for name, path in files.items():
        if name in labels:
            part = PARTS.get(parts.get(name, ""), "")
            found.pictures.append(
                Picture(path, labels[name], part=part, person=people.get(name, ""))
            )
        else:
            found.skipped.append(Skipped(path.relative_to(root).as_posix(), "no label"))
    lost = sorted(labels.keys() - files)
    found.skipped.extend(Skipped(f"{IMAGES}/{name}", "label without a file") for name in lost)
    return found


def _attributes(root: Path) -> Iterator[tuple[str, bool]]:
    """Each file's label."""
    path = _file(root, "list_attr_celeba")
    rows: Iterable[tuple[str, str]]
    if path.suffix == ".csv":
        rows = ((row["image_id"], row["Smiling"]) for row in table(path, ("image_id", "Smiling")))
    else:
        rows = _columns(path)
    for name, value in rows:
        if value not in SMILING:
            raise SourceError(f"{path}: Smiling of {name} is {value!r}, expected 1 or -1")
        yield name, SMILING[value]


def _columns(path: Path) -> Iterator[tuple[str, str]]:
    """The original list: a count, the names of the columns, then a line for each file."""
    text = lines(path)
    count, header = next(text, "").strip(), next(text, "").split()
    if not count.isdigit() or "Smiling" not in header:
        raise SourceError(f"{path}: expected a count and then the attributes' names, with Smiling")
    place = header.index("Smiling") + 1
    for line in text:
        if values := line.split():
            if len(values) != len(header) + 1:
                said = f"{len(values) - 1} values where the attributes are {len(header)}"
                raise SourceError(f"{path}: {values[0]} has {said}")
            yield values[0], values[place]


def _list(root: Path, stem: str, column: str) -> dict[str, str]:
    """A value for each file, where there is such a list."""
    path = _file(root, stem)
    if path.suffix == ".csv":
        return {row["image_id"]: row[column] for row in table(path, ("image_id", column))}
    values: dict[str, str] = {}
    for line in lines(path) if path.is_file() else ():
        match line.split():
            case [name, value]:
                values[name] = value
            case [_, *_]:
                raise SourceError(f"{path}: expected a file and its {column} in each line")
    return values


def _file(root: Path, stem: str) -> Path:
    """A list in any of its places; where it should be, if it is nowhere."""
    places = (root, root / "Anno", root / "Eval")
    names = [place / f"{stem}{end}" for place in places for end in (".txt", ".csv")]
    return next((name for name in names if name.is_file()), names[0])


DATASET = Dataset(
    "celeba",
    "non-commercial research use",
    "img_align_celeba/*.jpg, list_attr_celeba.txt and list_eval_partition.txt (or .csv)",
    _read,
    as_it_is,
)
