"""`lipwire prepare`: crops of all faces, reasons for the rest, and going on after any end."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.crop import FACE, crop
from edge.errors import CheckFailed, SourceError
from edge.frame import Image
from tests.command import Lipwire
from tests.conftest import complaint
from tests.crashing_prepare import PIECE
from tests.sets import write_genki, write_picture, write_text
from training.crops import Crops, kept
from training.datasets import load
from training.faces import load_detector, main_face
from training.prepare import cutting
from training.prepare import prepare as module
from training.prepare.mesh import POINTS
from training.prepare.pieces import Pieces
from training.prepare.prepare import Order, prepare, skipped_list
from training.prepare.tasks import SMILE

PICTURES = 10
STAGES = 9  # at which it is ended


@pytest.fixture
def order(tmp_path: Path, face_model: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    """Ten pictures, of which one has no face and one is none, in pieces of two."""
    monkeypatch.setattr(module, "PIECE", PIECE)
    root = write_genki(tmp_path / "genki", PICTURES)
    return Order(SMILE, "genki4k", root, tmp_path / "out/genki4k.npz", face_model.parent)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each piece had that was cut."""
    counts: list[int] = []
    original = cutting.Cutter.__call__

    def counting(cutter: cutting.Cutter, pictures: list[object]) -> object:
        counts.append(len(pictures))
        return original(cutter, pictures)  # type: ignore[arg-type]

    monkeypatch.setattr(cutting.Cutter, "__call__", counting)
    return counts


def in_process(order: Order, step: int, end: int = 0, limit: int = 0) -> list[str]:
    """The command that ends itself at a step."""
    asked = [sys.executable, "-m", "tests.crashing_prepare", str(step), str(end), str(limit)]
    asked += ["prepare", "smile", "--dataset", order.dataset, "--root", str(order.root)]
    return [*asked, "--out", str(order.out), "--models", str(order.models)]


def test_faces_are_kept_and_the_rest_is_listed_with_reasons(order: Order) -> None:
    assert prepare(order) == {"kept": 8, "no face found": 1, "not a picture": 1}
    crops = Crops.read(order.out)
    assert (crops.origin.task, crops.origin.dataset) == ("smile", "genki4k")
    assert crops.origin.classes == ("no smile", "smile")
    assert crops.labels.tolist() == [1, 0, 1, 1, 1, 0, 1, 0]
    assert crops.folds.tolist() == [1, 2, 3, 1, 3, 0, 1, 2]
    assert crops.files[2] == "files/file0003.jpg"
    with skipped_list(order.out).open() as file:
        assert list(csv.reader(file)) == [
            ["file", "reason"],
            ["files/file0004.jpg", "no face found"],
            ["files/file0006.jpg", "not a picture"],
        ]
    assert {path.name for path in order.out.parent.iterdir()} == {
        "genki4k.npz",
        "genki4k.skipped.csv",
    }


def test_a_kept_crop_is_the_crop_functions_of_the_main_face(order: Order) -> None:
    prepare(order)
    image = load("genki4k", order.root)[0].load()
    assert image is not None
    face = main_face(load_detector(order.models), image)
    assert face
    cut = crop(image, face.keypoints, kept(FACE))
    assert (Crops.read(order.out).images[0] == cut).all()


def test_several_processes_give_the_same_bytes(order: Order, tmp_path: Path) -> None:
    prepare(order)
    other = tmp_path / "two.npz"
    prepare(Order(SMILE, "genki4k", order.root, other, order.models, jobs=2))
    assert other.read_bytes() == order.out.read_bytes()


def test_points_of_the_face_mesh_lie_on_the_crop(order: Order) -> None:
    prepare(Order(SMILE, "genki4k", order.root, order.out, order.models, points=True))
    crops = Crops.read(order.out)
    assert crops.points.shape == (8, POINTS, 2)
    side = kept(FACE).size
    known = crops.points[~np.isnan(crops.points[:, 0, 0])]
    assert len(known) >= 6
    assert ((known > 0) & (known < side)).mean() > 0.95


def test_a_limit_draws_the_same_pictures_every_time(order: Order, tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        out = tmp_path / name
        tally = prepare(Order(SMILE, "genki4k", order.root, out, order.models, limit=6))
        assert tally.total() == 6
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, face_model: Path) -> tuple[Order, int, bytes]:
    """What an undisturbed run gives, and in how many steps."""
    folder = tmp_path_factory.mktemp("whole")
    root = write_genki(folder / "genki", PICTURES)
    order = Order(SMILE, "genki4k", root, folder / "out.npz", face_model.parent)
    ended = subprocess.run(in_process(order, 0), check=True, capture_output=True, text=True)
    return order, int(ended.stdout.splitlines()[-1]), order.out.read_bytes()


@pytest.mark.parametrize("stage", range(STAGES))
def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    whole: tuple[Order, int, bytes],
    tmp_path: Path,
    seen: list[int],
    stage: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PIECE", PIECE)
    undisturbed, steps, content = whole
    step = 1 + (steps - 1) * stage // (STAGES - 1)  # from the first to the last
    out = tmp_path / "out.npz"
    order = Order(SMILE, "genki4k", undisturbed.root, out, undisturbed.models)
    killed = subprocess.run(in_process(order, step, signal.SIGKILL), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists() or out.read_bytes() == content
    finished = len(list(out.with_name("out.npz.parts").glob("*.npz")))
    prepare(order)
    assert out.read_bytes() == content
    assert skipped_list(out).read_bytes() == skipped_list(undisturbed.out).read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"out.npz", "out.skipped.csv"}
    # All but the last step: then some or all pieces may be gone already.
    assert stage == STAGES - 1 or sum(seen) == PICTURES - PIECE * finished


def test_ctrl_c_says_how_to_go_on(order: Order, seen: list[int]) -> None:
    ended = subprocess.run(
        in_process(order, 30, signal.SIGINT), check=False, capture_output=True, text=True
    )
    assert ended.returncode == 130
    (line,) = ended.stderr.splitlines()
    folder = order.out.with_name("genki4k.npz.parts")
    there = f"of 5 pieces are kept in {folder}; the same command goes on from there"
    assert re.fullmatch(rf"lipwire: [1-4] {re.escape(there)}", line)
    prepare(order)
    assert 0 < sum(seen) < PICTURES


@pytest.mark.parametrize("limit", [50_000, 200_000])
def test_a_full_disk_is_one_line_and_room_lets_it_go_on(order: Order, limit: int) -> None:
    """Too small for a piece, and too small for the whole."""
    ended = subprocess.run(
        in_process(order, 0, limit=limit), check=False, capture_output=True, text=True
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"lipwire: {order.out}: File too large; what is finished is kept")
    assert not order.out.exists()
    assert not list(order.out.parent.glob("*.part"))
    assert prepare(order)["kept"] == 8


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", "size=300k", "lipwire", str(place)]
    if os.geteuid() or subprocess.run(asked, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_no_space_left_is_one_line(order: Order, small_disk: Path) -> None:
    out = small_disk / "a.npz"
    there = Order(SMILE, "genki4k", order.root, out, order.models)
    line = complaint(lambda: prepare(there), CheckFailed)
    assert line.startswith(f"{out}: No space left on device; what is finished is kept")
    assert not out.exists()
    assert (small_disk / "a.npz.parts/000000.npz").exists()


def leave_pieces(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends when all pieces are cut."""
    with monkeypatch.context() as patched:
        patched.setattr(module, "_join", lambda *_: (_ for _ in ()).throw(RuntimeError))
        with pytest.raises(RuntimeError):
            prepare(order)


def test_pieces_of_other_pictures_are_not_taken(
    order: Order, seen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pieces(order, monkeypatch)
    write_picture(order.root / "files/file0004.jpg", smile=False, number=4)
    seen.clear()
    assert prepare(order)["kept"] == 9
    assert sum(seen) == PICTURES


def test_pieces_of_other_options_are_not_taken(
    order: Order, seen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pieces(order, monkeypatch)
    seen.clear()
    prepare(Order(SMILE, "genki4k", order.root, order.out, order.models, points=False))
    assert sum(seen) == PICTURES
    assert Crops.read(order.out).points.shape[1] == 0


@pytest.mark.parametrize("damage", ["empty", "cut", "changed"])
def test_a_damaged_piece_is_cut_anew(
    order: Order, seen: list[int], damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pieces(order, monkeypatch)
    piece = order.out.with_name("genki4k.npz.parts") / "000001.npz"
    content = bytearray(piece.read_bytes())
    if damage == "changed":
        content[5000] ^= 1
    piece.write_bytes({"empty": b"", "cut": content[:-99], "changed": content}[damage])
    seen.clear()
    assert prepare(order)["kept"] == 8
    assert seen == [PIECE]


def test_a_second_run_for_the_same_file_is_refused(order: Order) -> None:
    with Pieces(order.out, "any"):
        line = complaint(lambda: prepare(order), SourceError)
    assert line == f"{order.out}: another lipwire prepare is making it"
    assert prepare(order)["kept"] == 8


def test_a_class_without_pictures_is_refused(order: Order) -> None:
    write_text(order.root / "labels.txt", ["0 0 0 0"] * PICTURES)
    line = complaint(lambda: prepare(order), SourceError)
    assert line == f"{order.root}: no picture of class 'smile' among 10 of genki4k"
    assert not order.out.exists()


def test_a_class_without_a_face_is_refused(order: Order) -> None:
    blank: Image = np.full((240, 320, 3), 120, np.uint8)
    for number in range(2, PICTURES + 1, 2):
        path = order.root / f"files/file{number:04}.jpg"
        path.write_bytes(cv2.imencode(".jpg", blank)[1].tobytes())
    line = complaint(lambda: prepare(order), SourceError)
    assert line == f"{order.root}: no face found of class 'no smile' among 5 of genki4k"
    assert not order.out.exists()


def test_bad_options_and_places_are_one_line(ready: Lipwire, order: Order) -> None:
    given = ["prepare", "smile", "--dataset", "genki4k", "--root", order.root]
    for out, said in (
        ("crops.txt", "--out crops.txt: expected a file that ends in .npz"),
        (order.root / "labels.txt/a.npz", "cannot be written: Not a directory"),
    ):
        assert said in ready.complaint(*given, "--out", out)
    for option, value in (("--limit", "0"), ("--jobs", "two"), ("--fps", "nan")):
        line = ready.complaint(*given, "--out", "a.npz", option, value)
        assert f"argument {option}: must be a" in line
    keypoints = ["prepare", "smile", "--dataset", "keypoints68", "--root", order.root]
    assert "has no labels for smile" in ready.complaint(*keypoints, "--out", "a.npz")
    assert not list(ready.home.glob("*.npz*"))


def test_the_command_says_what_it_kept_and_where_the_rest_is_listed(
    ready: Lipwire, order: Order
) -> None:
    told = ready("prepare", "smile", "--dataset", "genki4k", "--root", order.root, "--out", "a.npz")
    assert told.returncode == 0, told.stderr
    assert told.stderr == ""
    assert told.stdout.splitlines() == [
        "      8 kept",
        "      1 no face found",
        "      1 not a picture",
        "what was left out: a.skipped.csv",
    ]
