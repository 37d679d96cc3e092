"""`lipwire prepare viseme`: gaps and shapes by points, face mesh, phones and labels."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.crop import FACE
from edge.errors import SourceError
from edge.shapes import SHAPES
from tests import stills
from tests.command import Lipwire
from tests.conftest import complaint, need
from tests.sets import drawn, write_genki, write_picture, write_text
from tests.test_gaps import points_68
from tests.test_own_pictures import film
from training import masks
from training.crops import Crops, Origin, kept
from training.datasets import Options, listing, load
from training.datasets.keypoints68 import COLUMNS
from training.faces import load_detector, main_face
from training.gaps import LIPS, shapes_at
from training.masks import mask
from training.npz import Column, write
from training.prepare import prepare as module
from training.prepare.prepare import Order, prepare, sheet, skipped_list
from training.prepare.sheet import groups
from training.prepare.tasks import SMILE, VISEME, shapes_of

PHONES = ("clip0,0.00,0.20,SIL,<sil>,1", "clip0,0.20,0.40,B,bin,1", "clip0,0.40,0.60,IH1,bin,0")
SPOKEN = ["clip,start_s,end_s,phone,word,agrees", *PHONES]
VISEME_OPTIONS = Options(task="viseme")


@pytest.fixture
def ffmpeg() -> None:
    need("ffmpeg", shutil.which("ffmpeg") is None, "apt install ffmpeg")


def order(dataset: str, root: Path, out: Path, face_model: Path) -> Order:
    return Order(VISEME, dataset, root, out / f"{dataset}.npz", face_model.parent)


def reasons(out: Path) -> list[list[str]]:
    with skipped_list(out).open() as file:
        return list(csv.reader(file))[1:]


def clips(root: Path, spoken: Iterable[str] = SPOKEN) -> Path:
    """GRID's layout: two clips of 20 frames, and one that cannot be decoded."""
    stills.grid(root, 2, seconds=0.8)
    (root / "s1/clip2.mp4").write_bytes(b"no video")
    write_text(root / "phones.csv", spoken)
    write_text(root / "folds.csv", ["clip,fold,has_phones", "clip0,3,1"])
    return root


def test_faces_of_any_set_get_gap_and_shapes_from_the_mesh(
    tmp_path: Path, face_model: Path
) -> None:
    root = write_genki(tmp_path / "genki", 10)
    asked = order("genki4k", root, tmp_path, face_model)
    assert prepare(asked) == {"kept": 8, "no face found": 1, "not a picture": 1}
    crops = Crops.read(asked.out)
    assert (crops.origin.task, crops.origin.classes) == ("viseme", (*SHAPES, "several"))
    smile = np.array([1, 0, 1, 1, 1, 0, 1, 0], bool)
    known = ~np.isnan(crops.gaps)
    assert known.sum() >= 6
    assert (crops.gaps[known & smile].min() > crops.gaps[known & ~smile]).all()
    rows = zip(crops.gaps.tolist(), smile.tolist(), strict=True)
    assert crops.shapes.tolist() == [shapes_at(*row) for row in rows]
    assert not (crops.shapes[smile] & mask("rounded", "puckered")).any()
    assert crops.labels.tolist() == [masks.label(allowed) for allowed in crops.shapes.tolist()]


def test_a_mouth_that_the_mesh_does_not_see_says_nothing(
    tmp_path: Path, face_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unseen = np.full((468, 2), np.nan, np.float32)
    monkeypatch.setattr("training.prepare.mesh.Mesh.__call__", lambda *_: unseen)
    asked = order("genki4k", write_genki(tmp_path / "genki"), tmp_path, face_model)
    prepare(asked)
    crops = Crops.read(asked.out)
    assert np.isnan(crops.gaps).all()
    assert set(crops.shapes.tolist()) == {0}
    assert set(crops.labels.tolist()) == {masks.SEVERAL}


def test_without_points_in_the_file_the_gaps_are_the_same(tmp_path: Path, face_model: Path) -> None:
    asked = order("genki4k", write_genki(tmp_path / "genki"), tmp_path, face_model)
    prepare(asked)
    bare = replace(asked, out=tmp_path / "bare.npz", points=False)
    prepare(bare)
    assert Crops.read(bare.out).points.shape[1] == 0
    assert np.array_equal(Crops.read(bare.out).gaps, Crops.read(asked.out).gaps, equal_nan=True)


def test_the_68_points_give_the_gap_where_a_set_has_them(tmp_path: Path, face_model: Path) -> None:
    lines = [",".join(("file", "person", "fold", *COLUMNS))]
    for number, gap in enumerate((0.0, 0.2, 0.5)):
        write_picture(tmp_path / f"kp/faces/{number}.jpg", number=number)
        places = (f"{value:.4f}" for p in points_68(gap) for value in (p.real, p.imag))
        lines.append(",".join((f"{number}.jpg", f"person {number}", str(number), *places)))
    write_text(tmp_path / "kp/keypoints.csv", lines)
    asked = order("keypoints68", tmp_path / "kp", tmp_path, face_model)
    prepare(asked)
    crops = Crops.read(asked.out)
    assert crops.gaps.tolist() == pytest.approx([0, 0.2, 0.5], abs=1e-4)
    assert crops.shapes.tolist() == [
        mask("closed", "puckered"),
        mask("open", "rounded"),
        mask("wide_open"),
    ]
    assert crops.labels.tolist() == [masks.SEVERAL, masks.SEVERAL, SHAPES.index("wide_open")]
    assert crops.folds.tolist() == [0, 1, 2]
    assert crops.people.tolist() == ["person 0", "person 1", "person 2"]


def test_the_lips_own_points_lie_on_the_crop_where_they_lay_on_the_picture(
    tmp_path: Path, face_model: Path
) -> None:
    """A bright dot beside the drawn mouth is found at the place that is told of it."""
    image = drawn(True)
    face = main_face(load_detector(face_model.parent), image)
    assert face
    spot = face.keypoints.mouth + complex(30, 20)
    spot = complex(round(spot.real), round(spot.imag))
    cv2.circle(image, (int(spot.real), int(spot.imag)), 3, (255, 255, 255), -1)
    (tmp_path / "kp/faces").mkdir(parents=True)
    assert cv2.imwrite(str(tmp_path / "kp/faces/a.png"), image)
    places = [*points_68(0.2)[:-1], spot]
    values = (f"{value:.4f}" for p in places for value in (p.real, p.imag))
    header = ",".join(("file", "person", "fold", *COLUMNS))
    write_text(tmp_path / "kp/keypoints.csv", [header, ",".join(("a.png", "ann", "0", *values))])
    asked = order("keypoints68", tmp_path / "kp", tmp_path, face_model)
    prepare(asked)
    crops = Crops.read(asked.out)
    assert crops.lips.shape == (1, LIPS, 2)
    x, y = crops.lips[0, -1]
    around = crops.images[0][round(y) - 8 : round(y) + 9, round(x) - 8 : round(x) + 9]
    down, across = np.argwhere(around > 240).mean(axis=0)
    assert (down, across) == pytest.approx((8, 8), abs=0.8)


@pytest.mark.usefixtures("ffmpeg")
def test_every_frame_of_grid_has_what_its_phone_allows(tmp_path: Path, face_model: Path) -> None:
    asked = order("grid", clips(tmp_path / "grid"), tmp_path, face_model)
    assert prepare(asked)["kept"] == 40
    crops = Crops.read(asked.out)
    closed = mask("closed")
    # Its own word was not heard from 0.40 s on, and nothing is known of the other clip.
    assert crops.shapes.tolist() == [closed] * 10 + [0] * 30
    assert crops.labels.tolist() == [SHAPES.index("closed")] * 10 + [masks.SEVERAL] * 30
    assert crops.files[:2].tolist() == ["s1/clip0.mp4#0", "s1/clip0.mp4#1"]
    assert crops.people.tolist() == ["clip0"] * 20 + ["clip1"] * 20
    assert crops.folds.tolist() == [3] * 20 + [-1] * 20
    assert not np.isnan(crops.gaps).all()
    ((file, reason),) = reasons(asked.out)
    assert file == "s1/clip2.mp4"
    assert reason.startswith("cannot be decoded: ")


@pytest.mark.usefixtures("ffmpeg")
def test_frames_of_grid_are_those_of_the_video_in_its_order(tmp_path: Path) -> None:
    root = clips(tmp_path / "grid")
    capture = cv2.VideoCapture(str(root / "s1/clip0.mp4"))
    for picture in load("grid", root, VISEME_OPTIONS)[:20]:
        there, frame = capture.read()
        image = picture.load()
        assert there
        assert image is not None
        assert np.abs(image.astype(int) - frame.astype(int)).mean() < 3
    assert not capture.read()[0]


@pytest.mark.usefixtures("ffmpeg")
def test_grid_by_several_processes_or_after_an_end_gives_the_same_bytes(
    tmp_path: Path, face_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE", 7)
    asked = order("grid", clips(tmp_path / "grid"), tmp_path, face_model)
    prepare(asked)
    two = replace(asked, out=tmp_path / "two.npz", jobs=2)
    prepare(two)
    ended = replace(asked, out=tmp_path / "ended.npz")
    with monkeypatch.context() as patched:
        patched.setattr(module, "cut_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare(ended)
    assert len(list((tmp_path / "ended.npz.parts").glob("*.npz"))) == 3
    prepare(ended)
    for other in (two, ended):
        assert other.out.read_bytes() == asked.out.read_bytes()
        assert sheet(other.out).read_bytes() == sheet(asked.out).read_bytes()
        assert skipped_list(other.out).read_bytes() == skipped_list(asked.out).read_bytes()


def interrupted(cut: object, pieces: list[object], jobs: int) -> Iterable[int]:
    """Ctrl-C after three pieces."""
    from training.prepare.pool import cut_all

    yield from cut_all(cut, pieces[:3], jobs)  # type: ignore[arg-type]
    raise KeyboardInterrupt


@pytest.mark.usefixtures("ffmpeg")
@pytest.mark.parametrize(
    ("spoken", "said"),
    [
        (["clip,start_s,end_s,phone"], "no column agrees"),
        ([*SPOKEN, "clip1,0.0,0.1,Q,bin,1"], "'Q' of clip1 is no phone of the table"),
        ([*SPOKEN, "clip1,0.0,x,B,bin,1"], "end_s of clip1 is 'x', not a number"),
    ],
)
def test_phones_that_make_no_sense_are_refused(
    tmp_path: Path, spoken: list[str], said: str
) -> None:
    root = clips(tmp_path / "grid", spoken)
    line = complaint(lambda: load("grid", root, VISEME_OPTIONS), SourceError)
    assert line.startswith(f"{root / 'phones.csv'}: ")
    assert line.endswith(said) or said in line


@pytest.mark.usefixtures("ffmpeg")
def test_grid_without_phones_is_refused_for_mouth_shapes_only(tmp_path: Path) -> None:
    root = clips(tmp_path / "grid")
    (root / "phones.csv").unlink()
    line = complaint(lambda: load("grid", root, VISEME_OPTIONS), SourceError)
    where = root / "phones.csv"
    assert line == f"{where}: no such file; it says which phones are spoken when"
    (root / "folds.csv").unlink()
    assert len(load("grid", root)) == 40


def test_a_set_that_says_nothing_of_mouth_shapes_by_its_own_labels_is_told_by_the_mesh() -> None:
    for name in ("genki4k", "celeba", "affectnet", "fer2013", "smiles", "kaggle-keypoints"):
        assert "viseme" in module.DATASETS[name].tasks


@pytest.mark.parametrize(
    ("file", "shapes"),
    [
        ("ope.00001.png", masks.OPEN),
        ("clo.00001.png", mask("closed")),
        ("Open/any.png", masks.OPEN),
        ("wide_open.00002.png", mask("wide_open")),
        ("ann/puckered.00001.png", mask("puckered")),
        ("rounded/bob/any.png", mask("rounded")),
    ],
)
def test_labels_of_ones_own_name_shapes(tmp_path: Path, file: str, shapes: int) -> None:
    write_picture(tmp_path / file)
    (picture,) = load("labelled-pictures", tmp_path, VISEME_OPTIONS)
    assert (picture.smile, picture.shapes) == (None, shapes)


def test_pictures_of_other_labels_are_left_out_with_the_reason(tmp_path: Path) -> None:
    for label in ("ope", "smile"):
        write_picture(tmp_path / f"ann/{label}.00001.png")
    found = listing("labelled-pictures", tmp_path, VISEME_OPTIONS)
    assert [picture.path.name for picture in found.pictures] == ["ope.00001.png"]
    assert [(each.file, each.reason) for each in found.skipped] == [
        ("ann/smile.00001.png", "its label 'smile' is no mouth shape")
    ]
    (tmp_path / "ann/ope.00001.png").unlink()
    line = complaint(lambda: load("labelled-pictures", tmp_path, VISEME_OPTIONS), SourceError)
    assert "none of 1 can be used" in line


def test_an_open_mouth_is_as_wide_as_the_mesh_sees_it_unless_that_sees_it_closed() -> None:
    picture = labelled(masks.OPEN)
    assert shapes_of(picture, 0.18) == mask("open", "rounded")
    assert shapes_of(picture, 0.50) == mask("wide_open")
    assert shapes_of(picture, 0.0) == shapes_of(picture, float("nan")) == masks.OPEN
    assert shapes_of(labelled(masks.CLOSED), 0.4) == masks.CLOSED
    assert shapes_of(labelled(0), 0.4) == 0


def labelled(shapes: int) -> module.Picture:
    return module.Picture(Path("a.png"), shapes=shapes)


def test_a_fifth_of_each_shape_goes_to_the_test(tmp_path: Path) -> None:
    for number in range(10):
        for label in ("ope", "clo"):
            write_picture(tmp_path / f"{label}.{number:05}.png")
    parts = [
        (picture.shapes, picture.part)
        for picture in load("labelled-pictures", tmp_path, VISEME_OPTIONS)
    ]
    for shapes in (masks.OPEN, masks.CLOSED):
        assert parts.count((shapes, "test")) == 2
        assert parts.count((shapes, "train")) == 8


def test_a_set_of_open_and_closed_has_a_sheet_of_two_rows(tmp_path: Path, face_model: Path) -> None:
    root = tmp_path / "pictures"
    for number in range(4):
        write_picture(root / f"ope.{number:05}.png", smile=True, number=number)
        write_picture(root / f"clo.{number:05}.png", smile=False, number=number)
    asked = order("labelled-pictures", root, tmp_path, face_model)
    assert prepare(asked) == {"kept": 8}
    crops, pictures = Crops.read(asked.out), load(asked.dataset, root, VISEME_OPTIONS)
    rows = {name: rows.tolist() for name, rows in groups(crops, pictures)}
    assert rows == {"open": [4, 5, 6, 7], "closed": [0, 1, 2, 3]}
    drawn_sheet = cv2.imread(str(sheet(asked.out)), cv2.IMREAD_GRAYSCALE)
    assert drawn_sheet is not None
    assert drawn_sheet.shape[0] > 200


def test_a_sheet_has_a_row_for_every_shape_and_every_set_of_several(
    tmp_path: Path, face_model: Path
) -> None:
    asked = order("genki4k", write_genki(tmp_path / "genki", 10), tmp_path, face_model)
    prepare(asked)
    crops = Crops.read(asked.out)
    rows = dict(groups(crops, load("genki4k", asked.root)[: len(crops)]))
    assert tuple(rows)[: len(SHAPES)] == SHAPES
    assert all(name.startswith("several: ") for name in tuple(rows)[len(SHAPES) :])
    assert sorted(np.concatenate(list(rows.values())).tolist()) == list(range(len(crops)))


def test_videos_of_shapes_are_read_and_others_left_out(tmp_path: Path, ffmpeg: None) -> None:
    root = tmp_path / "videos"
    film(root / "open/a.mp4", True)
    film(root / "puckered/b.mp4", False)
    film(root / "neutral/c.mp4", False)
    found = listing("videos", root, VISEME_OPTIONS)
    assert {(p.person, p.shapes) for p in found.pictures} == {
        ("open/a.mp4", masks.OPEN),
        ("puckered/b.mp4", mask("puckered")),
    }
    assert [(each.file, each.reason) for each in found.skipped] == [
        ("neutral/c.mp4", "its label 'neutral' is no mouth shape")
    ]


def test_a_file_of_smiles_has_no_columns_of_mouth_shapes(tmp_path: Path, face_model: Path) -> None:
    root, out = write_genki(tmp_path / "genki"), tmp_path / "smiles.npz"
    prepare(Order(SMILE, "genki4k", root, out, face_model.parent))
    with np.load(out) as data:
        assert data.files == [
            *("origin", "images", "labels", "folds", "files", "parts", "people", "points")
        ]
    crops = Crops.read(out)
    assert np.isnan(crops.gaps).all()
    assert crops.shapes.tolist() == [0] * len(crops)
    assert crops.lips.shape == (len(crops), 0, 2)
    assert not sheet(out).exists()


def test_shapes_that_are_none_are_refused(tmp_path: Path) -> None:
    side, path = kept(FACE).size, tmp_path / "crops.npz"
    origin = Origin("viseme", "genki4k", "free", FACE.name, masks.CLASSES)
    columns = {
        "images": np.zeros((2, side, side), np.uint8),
        "labels": np.array([6, 6], np.int8),
        "folds": np.array([0, 1], np.int8),
        "files": np.array(["a", "b"]),
        "shapes": np.array([0, 64], np.uint8),
    }
    write(path, origin, {name: Column.of(column) for name, column in columns.items()})
    assert "shapes beyond those there are" in complaint(lambda: Crops.read(path), SourceError)


def test_the_command_takes_other_words_for_open_and_closed(ready: Lipwire, tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    for label, smile in (("auf", True), ("zu", False), ("clo", False)):
        write_picture(root / f"{label}.00001.png", smile)
    given = ["prepare", "viseme", "--dataset", "labelled-pictures", "--root", root]
    told = ready(*given, "--out", "a.npz", "--open", "auf", "--closed", "zu")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "      2 kept",
        "      1 its label 'clo' is no mouth shape",
        "what was left out: a.skipped.csv",
        "samples of every class: a.png",
    ]
    crops = Crops.read(ready.home / "a.npz")
    assert crops.shapes.tolist()[1] == mask("closed")
    assert not crops.shapes.tolist()[0] & mask("closed", "puckered")


def test_pictures_without_a_face_are_one_line(tmp_path: Path, face_model: Path) -> None:
    root = tmp_path / "pictures"
    write_picture(root / "ope.00001.png")
    blank = np.full_like(drawn(True), 120)
    assert cv2.imwrite(str(root / "ope.00001.png"), blank)
    asked = order("labelled-pictures", root, tmp_path, face_model)
    line = complaint(lambda: prepare(asked), SourceError)
    assert line == f"{root}: no face found in labelled-pictures"
    assert not asked.out.exists()


def test_the_real_grid_is_read_with_its_phones_and_folds(ffmpeg: None) -> None:
    root = stills.data() / "grid"
    need("phones", not (root / "phones.csv").is_file(), "GRID's phones.csv")
    pictures = load("grid", root, VISEME_OPTIONS)
    assert len(pictures) > 26_900
    assert {picture.fold for picture in pictures} == set(range(5))
    one = {masks.single(picture.shapes or 0) for picture in pictures}
    assert one == {None, *range(len(SHAPES))}
