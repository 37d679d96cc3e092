"""Labelled pictures out of each data set's own layout; nothing here needs TensorFlow."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from edge.errors import SourceError
from tests.conftest import complaint
from tests.sets import write_genki, write_picture, write_text
from training.cli.common import NAMES
from training.datasets import DATASETS, check_task, load


@pytest.fixture
def genki(tmp_path: Path) -> Path:
    """GENKI-4K's layout with drawn faces: 8 pictures, one of them without a face, one broken."""
    return write_genki(tmp_path / "genki")


def refusal(name: str, root: Path) -> str:
    """The line with which a folder is refused."""
    return complaint(lambda: load(name, root), SourceError)


def test_the_command_offers_every_data_set() -> None:
    assert tuple(DATASETS) == NAMES


def test_genki_is_read_with_its_labels_folds_and_poses(genki: Path) -> None:
    pictures = load("genki4k", genki)
    assert [p.smile for p in pictures] == [True, False] * 4
    assert [p.fold for p in pictures] == [1, 2, 3, 0, 1, 2, 3, 0]
    assert pictures[0].pose == pytest.approx([math.degrees(a) for a in (0.1, -0.2, 0.3)])
    assert pictures[0].name(genki) == "files/file0001.jpg"


def test_smiles_are_read_with_their_labels_from_either_folder(tmp_path: Path) -> None:
    write_picture(tmp_path / "SMILEs/positives/positives7/a.jpg")
    write_picture(tmp_path / "SMILEs/negatives/negatives7/b.jpg")
    for root in (tmp_path, tmp_path / "SMILEs"):
        assert [(p.path.name, p.smile) for p in load("smiles", root)] == [
            ("a.jpg", True),
            ("b.jpg", False),
        ]


def test_folders_of_fer_are_read_with_their_labels_and_parts(tmp_path: Path) -> None:
    for place in ("train/happy/c.jpg", "test/sad/d.jpg", "other/happy/e.jpg"):
        write_picture(tmp_path / place)
    assert [(p.path.name, p.smile, p.part) for p in load("fer2013", tmp_path)] == [
        ("d.jpg", False, "test"),
        ("c.jpg", True, "train"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_another_layout_is_refused_with_what_was_expected_and_found(
    name: str, tmp_path: Path
) -> None:
    expected = DATASETS[name].layout
    assert refusal(name, tmp_path).endswith(f"; expected {expected}; found nothing")
    for number in range(7):
        (tmp_path / f"note{number}.txt").touch()
    found = "note0.txt, note1.txt, note2.txt, note3.txt, note4.txt and 2 more"
    assert refusal(name, tmp_path).endswith(f"; expected {expected}; found {found}")


@pytest.mark.parametrize("name", NAMES)
def test_a_root_that_is_a_file_or_not_there_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "archive.zip"
    assert f"{file}: no such folder; expected" in refusal(name, file)
    file.touch()
    assert f"{file}: is a file, not a folder; expected" in refusal(name, file)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (1, "8 files, 7 files without a label, first file0002.jpg"),
        (10, "8 files, 2 labels without a file, first file0009.jpg"),
    ],
)
def test_genki_labels_that_do_not_match_the_files_are_refused(
    genki: Path, labels: int, said: str
) -> None:
    write_text(genki / "labels.txt", ["1 0 0 0"] * labels)
    assert f"{labels} labels, {said}; expected one line for each file" in refusal("genki4k", genki)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2 0 0 0", "line 1: expected 1 or 0 first, found '2'"),
        ("1 0 x 0", "an angle is 'x', not a number"),
    ],
)
def test_a_genki_label_that_makes_no_sense_is_refused(genki: Path, line: str, said: str) -> None:
    write_text(genki / "labels.txt", [line] * 8)
    assert said in refusal("genki4k", genki)


def test_labels_in_another_encoding_are_refused(genki: Path) -> None:
    (genki / "labels.txt").write_bytes("1 0 0 0 é\n".encode("latin-1") * 8)
    assert "labels.txt: not UTF-8 text" in refusal("genki4k", genki)


@pytest.mark.parametrize("content", [b"", b"no picture", "cut", None])
def test_what_is_no_whole_picture_is_none(genki: Path, content: bytes | str | None) -> None:
    picture = load("genki4k", genki)[0]
    image = picture.load()
    assert image is not None
    assert image.shape == (240, 320, 3)
    if content is None:
        picture.path.unlink()
    elif content == "cut":
        picture.path.write_bytes(picture.path.read_bytes()[:-2000])
    else:
        picture.path.write_bytes(bytes(content))
    assert picture.load() is None


def test_a_set_without_labels_for_a_task_is_refused_with_those_that_have_them() -> None:
    check_task("genki4k", "smile")
    line = complaint(lambda: check_task("keypoints68", "smile"), SourceError)
    assert line.startswith("keypoints68 has no labels for smile; these have: genki4k, celeba, ")
