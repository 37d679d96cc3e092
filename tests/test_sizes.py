"""How small faces may be: the figures, on drawn faces and, where they are, on real ones."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge import models
from edge.assemble import assemble
from edge.detection import Box
from edge.detectors.blazeface import BlazeFace
from edge.errors import SettingsError, SourceError
from edge.pipeline import SeenFace
from edge.profiles import Profile
from edge.read import SmileReader
from edge.settings import Settings
from tests.command import Lipwire
from tests.conftest import complaint
from tests.faces import face_at
from tests.stills import data, genki
from training.trials import sizes
from training.trials.sizes import (
    EYE_DISTANCES,
    Outcome,
    Pasted,
    Scene,
    evaluate_sizes,
    metres,
    table,
)

PROFILE = Profile(name="small", width=320, height=240, target_fps=6)
FIELDS = {
    *("eyes_px", "metres", "n", "arrived", "interval", "found_s", "same_smile", "strangers"),
}


def outcome(
    found_s: float = 0.2, arrived: bool = True, same: bool | None = True, strangers: int = 0
) -> Outcome:
    return Outcome(found_s, arrived, same, strangers)


def evaluated(
    root: Path, face_model: Path, most: int = 3, profile: Profile = PROFILE
) -> dict[str, Any]:
    return evaluate_sizes(
        root,
        BlazeFace(face_model),
        SmileReader(models.shipped("smile")),
        assemble(Settings(), profile, None).pipeline,
        profile,
        most,
    )


def test_a_distance_is_that_of_the_camera_modules_field_of_view() -> None:
    across = 2 * math.tan(math.radians(33))  # what a metre away fills the picture
    assert metres(640 * 0.063 / across, 640) == pytest.approx(1)
    assert metres(16, 640) == pytest.approx(1.94, abs=0.005)
    assert metres(8, 640) == pytest.approx(2 * metres(16, 640))
    assert metres(16, 1280) == pytest.approx(2 * metres(16, 640))


def test_a_row_tells_shares_and_the_usual_time_of_those_that_were_found() -> None:
    results = [
        outcome(found_s=0.1),
        outcome(found_s=0.5, same=False),
        outcome(found_s=0.9, same=None, strangers=2),
        outcome(found_s=math.inf, arrived=False, same=None, strangers=1),
    ]
    row = sizes._row(16, results, 640)
    assert set(row) == FIELDS
    assert (row["eyes_px"], row["metres"], row["n"]) == (16, 1.94, 4)
    assert (row["arrived"], row["found_s"], row["same_smile"]) == (0.75, 0.5, 0.5)
    assert row["strangers"] == 3
    low, high = row["interval"]
    assert 0 <= low < 0.75 < high <= 1


def test_a_size_at_which_nobody_is_found_has_no_time_and_no_smiles() -> None:
    row = sizes._row(8, [outcome(math.inf, False, None)] * 3, 640)
    assert (row["arrived"], row["found_s"], row["same_smile"]) == (0, None, None)
    text = table({"sizes": [row]})
    assert text.splitlines()[-1].split() == ["8", "3.9", "3", "0.0%", "-", "-"]


@pytest.mark.parametrize(
    ("probability", "smile", "same"),
    [(0.9, True, True), (0.9, False, False), (0.1, False, True), (0.0, False, None)],
)
def test_a_smile_is_held_against_the_answer_at_full_size(
    probability: float, smile: bool, same: bool | None
) -> None:
    scene = Scene(
        Pasted(np.zeros((90, 90, 3), np.uint8), face_at(40 + 40j), smile), 20, (320, 240), 0
    )
    face = SeenFace(1, Box(0, 0, 9, 9), True, True, 1.0, probability)
    assert sizes._same(face, scene) is same
    assert sizes._same(None, scene) is None


def test_a_pasted_face_has_the_size_it_should_have_and_is_where_it_should_be() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    for eye in (complex(100, 80), complex(160, 80)):
        image[int(eye.imag) - 8 : int(eye.imag) + 9, int(eye.real) - 8 : int(eye.real) + 9] = 255
    face = Pasted(image, face_at(130 + 80j, eyes=60), True)
    for eyes_px in (20, 60, 80):
        scene = Scene(face, eyes_px, (640, 480), 3)
        drawn = scene.draw(0.3)
        assert drawn.shape == (480, 640, 3)
        down, across = np.nonzero(drawn.min(axis=2) > 230)
        middle = complex(across.mean(), down.mean())
        assert middle == pytest.approx(scene.face_at(0.3), abs=1.5)
        left, right = across[across < middle.real].mean(), across[across > middle.real].mean()
        assert right - left == pytest.approx(eyes_px, abs=1.5)


def test_grain_is_not_the_same_twice_and_a_scene_is_the_same_for_its_number() -> None:
    face = Pasted(np.zeros((90, 90, 3), np.uint8), face_at(40 + 40j), True)
    one, same, other = (Scene(face, 20, (320, 240), number) for number in (1, 1, 2))
    first = one.draw(0.0)
    assert (first == same.draw(0.0)).all()
    assert (first != one.draw(0.0)).any()
    assert one.face_at(0.0) != other.face_at(0.0)


def test_drawn_faces_of_every_size_are_measured_and_large_ones_arrive(
    face_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "EYE_DISTANCES", (8, 24, 40, 48, 56))
    figures = evaluated(genki(tmp_path / "genki"), face_model)
    assert (figures["profile"], figures["canvas"], figures["faces"]) == ("small", "320x240", 2)
    rows = figures["sizes"]
    assert [row["eyes_px"] for row in rows] == [8, 24, 40, 48]  # a larger one has no room
    for row in rows:
        assert set(row) == FIELDS
        assert row["n"] == 2
    assert {(row["arrived"], row["same_smile"]) for row in rows[1:]} == {(1, 1)}
    assert sum(row["strangers"] for row in rows) == 0


def test_a_face_is_not_shown_where_it_would_be_enlarged_much(
    face_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "EYE_DISTANCES", (24, 60, 80))
    large = Profile(width=640, height=480, target_fps=2)
    rows = evaluated(genki(tmp_path / "genki"), face_model, profile=large)["sizes"]
    assert [row["eyes_px"] for row in rows] == [24, 60]  # drawn with 45


def test_no_more_pictures_are_taken_than_asked_for(face_model: Path, tmp_path: Path) -> None:
    """There are eight; the last one has no face."""
    root = genki(tmp_path / "genki", many=8)
    near, reader = BlazeFace(face_model), SmileReader(models.shipped("smile"))
    for most, many in ((1, 1), (3, 3), (4, 4), (8, 7), (100, 7)):
        assert len(list(sizes._faces(root, near, reader, most))) == many
    smiles = [face.smile for face in sizes._faces(root, near, reader, 8)]
    assert smiles == [True, False, True, False, True, False, True]


def test_a_picture_of_two_faces_is_left_out(face_model: Path, tmp_path: Path) -> None:
    path = genki(tmp_path / "genki", many=2) / "files/file0001.jpg"
    image = cv2.imread(str(path))
    assert image is not None
    assert cv2.imwrite(str(path), np.concatenate([image, image], axis=1))
    near, reader = BlazeFace(face_model), SmileReader(models.shipped("smile"))
    assert list(sizes._faces(tmp_path / "genki", near, reader, 2)) == []


def test_unusable_folders_and_numbers_are_refused(face_model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    no_face = genki(tmp_path / "no face", many=1)
    for root, most, kind, said in (
        (tmp_path / "empty", 3, SourceError, "not genki4k"),
        (no_face, 3, SourceError, "no picture with a single face"),
        (no_face, 0, SettingsError, "--faces must be at least 1"),
        (no_face, -1, SettingsError, "--faces must be at least 1"),
    ):
        assert said in complaint(lambda r=root, m=most: evaluated(r, face_model, m), kind)
    huge = Profile(name="huge", width=4096, height=2160)
    line = complaint(lambda: evaluated(no_face, face_model, profile=huge), SettingsError)
    assert line == "profile huge: a picture of 4 million pixels is too large"


def test_the_command_tells_its_figures_and_what_is_wrong(ready: Lipwire, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text("width = 320\nheight = 240\ntarget_fps = 4\n")
    done = ready(
        *("evaluate", "sizes", "--genki", genki(tmp_path / "genki"), "--faces", "1"),
        *("--profile", tmp_path / "small.toml", "--json", tmp_path / "sizes.json"),
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "sizes.json").read_text())
    assert figures["profile"] == "small"
    assert done.stdout.rstrip() == table(figures)
    command = ("evaluate", "sizes", "--genki", tmp_path)
    assert "expected files/file0001.jpg … and labels.txt" in ready.complaint(*command)
    assert "--faces must be at least 1" in ready.complaint(*command, "--faces", "0")


def test_real_faces_arrive_where_they_are_large(ready: Lipwire) -> None:
    done = ready(
        *("evaluate", "sizes", "--genki", data() / "genki4k", "--faces", "3"),
        *("--profile", "pi-zero-2w", "--json", "-"),
    )
    figures = json.loads(done.stdout)
    assert figures["faces"] in (2, 3)
    rows = {row["eyes_px"]: row for row in figures["sizes"]}
    assert set(rows) <= set(EYE_DISTANCES)
    for eyes_px, row in rows.items():
        assert set(row) == FIELDS
        assert row["metres"] == pytest.approx(metres(eyes_px, 320), abs=0.005)
        assert 0 < row["n"] <= figures["faces"]
        if eyes_px >= 24:
            assert row["arrived"] == 1
