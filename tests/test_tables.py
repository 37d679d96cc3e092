"""Data sets whose labels stand in lists and tables, on small files of their layouts."""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edge.errors import SourceError
from tests.conftest import complaint
from tests.sets import pixels, write_picture, write_text
from training.datasets import Picture, listing, load
from training.datasets.affectnet import COLUMNS
from training.datasets.kaggle_keypoints import POINTS
from training.datasets.keypoints68 import COLUMNS as COLUMNS_68

VOTES = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def labels(pictures: Sequence[Picture]) -> list[tuple[str, bool | None, str]]:
    return [(picture.path.name, picture.smile, picture.part) for picture in pictures]


def refusal(name: str, root: Path) -> str:
    return complaint(lambda: load(name, root), SourceError)


@pytest.fixture
def celeba(tmp_path: Path) -> Path:
    """CelebA's original lists for three of four pictures, and one that is not there."""
    for number in range(1, 5):
        write_picture(tmp_path / f"img_align_celeba/00000{number}.jpg")
    write_text(
        tmp_path / "list_attr_celeba.txt",
        [
            "4",
            "Male Smiling Young ",
            *("000001.jpg -1  1  1", "000002.jpg  1 -1  1"),
            *("000003.jpg -1  1 -1", "000009.jpg -1  1 -1"),
        ],
    )
    write_text(
        tmp_path / "list_eval_partition.txt",
        ["000001.jpg 0", "000002.jpg 1", "000003.jpg 2", "000004.jpg 2"],
    )
    return tmp_path


CELEBA = [
    ("000001.jpg", True, "train"),
    ("000002.jpg", False, "validation"),
    ("000003.jpg", True, "test"),
]


def test_celeba_is_read_by_its_original_lists(celeba: Path) -> None:
    write_text(celeba / "identity_CelebA.txt", ["000001.jpg 2880", "000002.jpg 2937"])
    found = listing("celeba", celeba)
    assert labels(found.pictures) == CELEBA
    assert [picture.person for picture in found.pictures] == ["2880", "2937", ""]
    assert [(each.file, each.reason) for each in found.skipped] == [
        ("img_align_celeba/000004.jpg", "no label"),
        ("img_align_celeba/000009.jpg", "label without a file"),
    ]


def test_celeba_is_read_by_kaggles_lists(celeba: Path) -> None:
    (celeba / "list_attr_celeba.txt").unlink()
    (celeba / "list_eval_partition.txt").unlink()
    (celeba / "img_align_celeba").rename(celeba / "inner")
    (celeba / "img_align_celeba").mkdir()
    (celeba / "inner").rename(celeba / "img_align_celeba/img_align_celeba")
    write_text(
        celeba / "list_attr_celeba.csv",
        ["image_id,Male,Smiling", *(f"00000{n}.jpg,1,{s}" for n, s in ((1, 1), (2, -1), (3, 1)))],
    )
    write_text(
        celeba / "list_eval_partition.csv",
        ["image_id,partition", "000001.jpg,0", "000002.jpg,1", "000003.jpg,2"],
    )
    assert labels(load("celeba", celeba)) == CELEBA


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["000001.jpg 1"], "expected a count and then the attributes' names"),
        (["1", "Male Young", "000001.jpg 1 1"], "expected a count and then the attributes' names"),
        (["1", "Male Smiling", "000001.jpg 1"], "000001.jpg has 1 values where the attributes"),
        (["1", "Male Smiling", "000001.jpg 1 2"], "000001.jpg is '2', expected 1 or -1"),
    ],
)
def test_a_celeba_list_that_makes_no_sense_is_refused(
    celeba: Path, lines: list[str], said: str
) -> None:
    write_text(celeba / "list_attr_celeba.txt", lines)
    assert said in refusal("celeba", celeba)


def test_a_csv_without_a_column_is_refused_with_those_it_has(celeba: Path) -> None:
    (celeba / "list_attr_celeba.txt").unlink()
    path = write_text(celeba / "list_attr_celeba.csv", ["image_id,Male", "000001.jpg,1"])
    assert refusal("celeba", celeba) == f"{path}: no column Smiling; found image_id, Male"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"image_id,Smiling\n\xe9.jpg,1\n", "not UTF-8 text"),
        (b"image_id,Smiling\na.jpg,1\nb.jpg\n", "line 3: 1 fields where its columns are 2"),
        (b"", "no column image_id, Smiling; found nothing"),
    ],
)
def test_a_damaged_csv_is_refused(celeba: Path, content: bytes, said: str) -> None:
    (celeba / "list_attr_celeba.txt").unlink()
    (celeba / "list_attr_celeba.csv").write_bytes(content)
    assert said in refusal("celeba", celeba)


def affectnet_list(path: Path, rows: Sequence[tuple[str, int]], header: bool = True) -> None:
    lines = [f"{file},10,10,90,90,1.0;2.0,{expression},0.5,0.1" for file, expression in rows]
    write_text(path, [",".join(COLUMNS)] * header + lines)


@pytest.mark.parametrize("nested", ["", "Manually_Annotated_Images/"])
def test_affectnets_first_edition_is_read_by_its_lists(tmp_path: Path, nested: str) -> None:
    images = tmp_path / f"Manually_Annotated_Images/{nested}"
    for name in ("1/a.jpg", "1/b.jpg", "2/c.jpg", "2/d.jpg", "2/e.jpg"):
        write_picture(images / name)
    write_picture(tmp_path / "Automatically_Annotated_Images/1/f.jpg")
    lists = tmp_path / "Manually_Annotated_file_lists"
    affectnet_list(
        lists / "training.csv", [("1/a.jpg", 1), ("1/b.jpg", 7), ("2/c.jpg", 9), ("3/x.jpg", 1)]
    )
    # This list of the official ones has been seen without its first line.
    affectnet_list(lists / "validation.csv", [("2/d.jpg", 0), ("2/e.jpg", 10)], header=False)
    automatic = tmp_path / "Automatically_annotated_file_list/automatically_annotated.csv"
    affectnet_list(automatic, [("1/f.jpg", 1)])
    found = listing("affectnet", tmp_path)
    assert labels(found.pictures) == [
        ("a.jpg", True, "train"),
        ("b.jpg", False, "train"),
        ("d.jpg", False, "validation"),
        ("f.jpg", True, "train"),
    ]
    assert [(Path(each.file).name, each.reason) for each in found.skipped] == [
        ("c.jpg", "uncertain"),
        ("x.jpg", "label without a file"),
        ("e.jpg", "not a face"),
    ]


def test_affectnets_later_editions_are_read_by_their_small_files(tmp_path: Path) -> None:
    for folder, name, expression in (
        *(("train_set", "1", "1"), ("train_set", "2", "0"), ("val_set", "3", "1")),
        *(("train_set", "4", None), ("val_set", "5", "8")),
    ):
        write_picture(tmp_path / folder / f"images/{name}.jpg")
        (tmp_path / folder / "annotations").mkdir(exist_ok=True)
        if expression:
            np.save(tmp_path / folder / f"annotations/{name}_exp.npy", np.array(expression))
    np.save(tmp_path / "val_set/annotations/6_exp.npy", np.array("1"))
    np.save(tmp_path / "val_set/annotations/3_val.npy", np.array("0.7"))
    found = listing("affectnet", tmp_path)
    assert labels(found.pictures) == [
        ("1.jpg", True, "train"),
        ("2.jpg", False, "train"),
        ("3.jpg", True, "validation"),
    ]
    assert [(each.file, each.reason) for each in found.skipped] == [
        ("train_set/images/4.jpg", "no label"),
        ("val_set/images/5.jpg", "none of the emotions"),
        ("val_set/images/6.jpg", "label without a file"),
    ]


@pytest.mark.parametrize("content", [b"", b"happy", np.lib.format.magic(1, 0)])
def test_a_damaged_annotation_is_refused(tmp_path: Path, content: bytes) -> None:
    write_picture(tmp_path / "train_set/images/1.jpg")
    annotation = tmp_path / "train_set/annotations/1_exp.npy"
    annotation.parent.mkdir()
    annotation.write_bytes(content)
    assert refusal("affectnet", tmp_path).startswith(f"{annotation}: expected one whole number")


def test_an_expression_that_affectnet_does_not_have_is_refused(tmp_path: Path) -> None:
    write_picture(tmp_path / "Manually_Annotated_Images/1/a.jpg")
    affectnet_list(tmp_path / "training.csv", [("1/a.jpg", 11)])
    assert "expression 11 of Manually_Annotated_Images/1/a.jpg" in refusal("affectnet", tmp_path)


@pytest.fixture
def fer(tmp_path: Path) -> Path:
    """FER-2013 as one csv: happy, sad, happy, and one whose pixels are too few."""
    rows = [f"{e},{pixels(48, e)},{usage}" for e, usage in ((3, "Training"), (4, "PublicTest"))]
    rows += [f"3,{pixels(48, 9)},PrivateTest", "0,1 2 3,Training"]
    write_text(tmp_path / "fer2013.csv", ["emotion,pixels,Usage", *rows])
    return tmp_path


def test_fers_csv_is_read_with_its_pictures(fer: Path) -> None:
    pictures = load("fer2013", fer)
    assert [(p.name(fer), p.smile, p.part) for p in pictures] == [
        ("fer2013.csv#0", True, "train"),
        ("fer2013.csv#1", False, "validation"),
        ("fer2013.csv#2", True, "test"),
        ("fer2013.csv#3", False, "train"),
    ]
    image = pictures[2].load()
    assert image is not None
    assert image.shape == (48, 48, 3)
    assert image[0, :3].tolist() == [[9] * 3, [10] * 3, [11] * 3]
    assert pictures[3].load() is None


def test_the_voters_of_fer_plus_decide_where_they_are_there(fer: Path) -> None:
    write_text(
        fer / "fer2013new.csv",
        [
            VOTES,
            "Training,fer0000000.png,5,5,0,0,0,0,0,0,0,0",  # half is not most
            "PublicTest,fer0000001.png,3,6,0,1,0,0,0,0,0,0",
            "PrivateTest,,0,0,0,0,0,0,0,0,0,10",
            "Training,fer0000003.png,0,0,0,8,0,0,0,0,1,1",
        ],
    )
    found = listing("fer2013", fer)
    assert [(p.item, p.smile) for p in found.pictures] == [(0, False), (1, True), (3, False)]
    assert [(each.file, each.reason) for each in found.skipped] == [
        ("fer2013.csv#2", "voted not a face")
    ]


def test_votes_that_do_not_match_the_pictures_are_refused(fer: Path) -> None:
    votes = write_text(fer / "fer2013new.csv", [VOTES, "Training,a.png,5,5,0,0,0,0,0,0,0,0"])
    said = f"{votes}: expected as many lines as in fer2013.csv; one ends at 1"
    assert refusal("fer2013", fer) == said
    (fer / "fer2013.csv").unlink()
    assert "its lines belong to those of fer2013.csv" in refusal("fer2013", fer)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("9,1 2 3 4,Training", "row 0: emotion 9, Usage 'Training'; expected 0 to 6 and"),
        ("3,1 2 3 4,Elsewhere", "row 0: emotion 3, Usage 'Elsewhere'; expected 0 to 6 and"),
        ("happy,1 2 3 4,Training", "the emotion of row 0 is 'happy', not a whole number"),
    ],
)
def test_a_row_of_fer_that_makes_no_sense_is_refused(tmp_path: Path, row: str, said: str) -> None:
    write_text(tmp_path / "fer2013.csv", ["emotion,pixels,Usage", row])
    assert said in refusal("fer2013", tmp_path)


def test_kaggles_keypoints_are_read_with_those_that_are_missing(tmp_path: Path) -> None:
    header = [f"{point}_{axis}" for point in POINTS for axis in "xy"]
    values = [str(number + 0.5) for number in range(30)]
    values[4:6] = "", ""
    write_text(
        tmp_path / "training.csv", [",".join([*header, "Image"]), ",".join([*values, pixels(96)])]
    )
    (picture,) = load("kaggle-keypoints", tmp_path)
    assert picture.points[:2] == (0.5 + 1.5j, 2.5 + 3.5j)
    assert [cmath.isnan(point) for point in picture.points] == [n == 2 for n in range(15)]
    image = picture.load()
    assert image is not None
    assert image.shape == (96, 96, 3)


def test_the_68_points_are_read_with_persons_and_folds(tmp_path: Path) -> None:
    write_picture(tmp_path / "faces/a.jpg")
    write_picture(tmp_path / "faces/c.jpg")
    values = ",".join(f"{number}.25" for number in range(136))
    write_text(
        tmp_path / "keypoints.csv",
        [
            ",".join(["file", "person", "fold", *COLUMNS_68]),
            *(f"a.jpg,Ann,3,{values}", f"b.jpg,Bob,1,{values}"),
        ],
    )
    found = listing("keypoints68", tmp_path)
    (picture,) = found.pictures
    assert (picture.person, picture.fold, picture.smile) == ("Ann", 3, None)
    assert picture.points[0] == 0.25 + 1.25j
    assert picture.points[-1] == 134.25 + 135.25j
    assert [(each.file, each.reason) for each in found.skipped] == [
        ("faces/b.jpg", "label without a file"),
        ("faces/c.jpg", "no label"),
    ]
