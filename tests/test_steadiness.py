"""How steady faces are followed, and posters: the figures, on drawn faces and on real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import cli
from edge.detectors.blazeface import BlazeFace
from edge.errors import SettingsError, SourceError
from edge.profiles import Profile
from tests.command import Lipwire
from tests.conftest import complaint
from tests.faces import face_at
from tests.stills import data, genki, grid
from training.trials import steadiness
from training.trials.steadiness import MOTIONS, Portrait, Trace, evaluate_steadiness, table

POINTS = {"motion", "width_px", "n", "alone", "told", "lag"}
ARRIVALS = {"who", "width_px", "n", "seconds", "arrived", "after_s"}


def trace(alone: list[complex], told: list[complex]) -> Trace:
    """A face that stands at 0, by its three points' deviations, a row a frame."""
    rows = [np.repeat(np.array(way)[:, None], 3, axis=1) for way in (alone, told)]
    return Trace(np.zeros_like(rows[0]), *rows)


def evaluated(folder: Path, face_model: Path, most: int = 1) -> dict[str, Any]:
    near = BlazeFace(face_model)
    return evaluate_steadiness(
        folder / "grid", folder / "genki", Profile(name="small"), near, None, most
    )


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """One size, and shorter films."""
    monkeypatch.setattr(steadiness, "WIDTHS", (100,))
    monkeypatch.setattr(steadiness, "MOVING_S", 2.2)
    monkeypatch.setattr(steadiness, "STANDING_S", 4.0)


def test_jitter_is_the_mean_way_from_frame_to_frame() -> None:
    there_and_back = np.array([[0, 0, 0], [3, 3j, 0], [0, 0, 0]], complex)
    assert steadiness._jitter(there_and_back) == 2
    assert steadiness._jitter(there_and_back + 7) == 2
    assert steadiness._jitter(np.ones((5, 3), complex)) == 0


def test_lag_is_the_farthest_that_the_face_as_told_is_from_its_looks() -> None:
    assert steadiness._lag(trace([0, 1, 2, 2], [0, 0.5, 1.7, 2])) == 0.5
    trembling = Trace(np.zeros((1, 3)), np.array([[1, 0, -1]]), np.zeros((1, 3)))
    assert steadiness._lag(trembling) == 0  # its points are off, the face is not


def test_a_row_tells_the_face_in_the_middle_and_leaves_out_who_was_hardly_followed() -> None:
    def one(jump: float, lag: float, frames: int = 40) -> Trace:
        way = [jump * (i % 2) for i in range(frames)]
        return trace(way, [0.5 * at + lag * (i == 30) for i, at in enumerate(way)])

    traces = [one(0.01, 0.1), one(0.02, 0.2), one(0.08, 0.9), one(5.0, 5.0, frames=20)]
    row = steadiness._row("still", 60, traces)
    assert set(row) == POINTS
    assert (row["motion"], row["width_px"], row["n"]) == ("still", 60, 3)
    assert row["alone"] == pytest.approx(0.02)
    assert row["lag"] == pytest.approx(0.2, abs=0.011)


def test_a_row_of_nobody_has_no_figures() -> None:
    row = steadiness._row("still", 60, [trace([0] * 9, [0] * 9)])
    assert (row["n"], row["alone"], row["told"], row["lag"]) == (0, None, None, None)
    nobody = {"who": "people", "width_px": 60, "n": 2, "arrived": 0, "after_s": None}
    text = table({"points": [row], "arrivals": [nobody], "still_s": 10.0}).splitlines()
    assert text[2].split() == ["still", "60", "0", "-", "-", "-"]
    assert text[-1].split() == ["people", "60", "2", "0", "-"]


def test_the_films_faces_move_as_their_motions_say() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[90:111, 140:161] = 255
    portrait = Portrait([image], face_at(150 + 88j, eyes=40))  # its box's middle is at (150, 100)
    for motion, ways in (
        ("still", [0, 0, 0]),
        ("walking", [-1.5, 0, 0.48]),
        ("starting", [0, 0, 1]),
    ):
        film = list(steadiness._film(portrait, 100, MOTIONS[motion], 2.0))
        assert len(film) == 50
        for index, way in zip((0, 37, 49), ways, strict=True):
            picture, shift, box = film[index]
            across = np.nonzero((picture.min(axis=2) > 150).any(axis=0))[0].mean()
            assert across == pytest.approx(320 + shift.real, abs=2)
            assert box.centre[0] == pytest.approx(320 + shift.real)
            assert shift.real == pytest.approx(100 * way, abs=3)
            assert box.width == 100


def test_a_films_pictures_go_back_and_forth_and_no_two_frames_are_the_same() -> None:
    pictures = [np.full((100, 100, 3), 50 * i, np.uint8) for i in range(4)]
    portrait = Portrait(pictures, face_at(50 + 38j, eyes=20))
    film = [image for image, _, _ in steadiness._film(portrait, 50, MOTIONS["still"], 0.4)]
    assert [round(image.mean() / 50) for image in film] == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]
    assert (film[1] != film[5]).any()


@pytest.mark.usefixtures("short")
def test_drawn_faces_are_measured_and_the_poster_does_not_arrive(
    face_model: Path, tmp_path: Path
) -> None:
    genki(tmp_path / "genki")
    grid(tmp_path / "grid")
    figures = evaluated(tmp_path, face_model)
    assert (figures["profile"], figures["faces"], figures["still_s"]) == ("small", 1, 10)
    assert [row["motion"] for row in figures["points"]] == list(MOTIONS)
    for row in figures["points"]:
        assert set(row) == POINTS
        assert (row["width_px"], row["n"]) == (100, 1)
        assert row["lag"] < 0.3
        if row["motion"] in ("still", "walking"):
            assert row["told"] < row["alone"] / 2
    posters, people = figures["arrivals"]
    assert set(posters) == set(people) == ARRIVALS
    assert (posters["who"], posters["n"], posters["arrived"]) == ("posters", 1, 0)
    assert posters["after_s"] is None
    assert (people["who"], people["n"], people["arrived"]) == ("people", 1, 1)
    assert 0 < people["after_s"] < people["seconds"] == 4


def test_unusable_folders_and_numbers_are_refused(face_model: Path, tmp_path: Path) -> None:
    def said(name: str, kind: type[Any] = SourceError, most: int = 1) -> str:
        return complaint(lambda: evaluated(tmp_path / name, face_model, most), kind)

    (tmp_path / "empty").mkdir()
    assert "expected files/file0001.jpg" in said("empty")
    genki(tmp_path / "no clips/genki")
    assert "expected s1/*.mp4" in said("no clips")
    genki(tmp_path / "no face/genki", many=1)
    assert "no picture with a single face" in said("no face")
    genki(tmp_path / "broken clips/genki")
    grid(tmp_path / "broken clips/grid", clips=2, seconds=0)
    assert "no clip that begins with a single face" in said("broken clips")
    for most in (0, -1):
        assert "--faces must be at least 1" in said("no clips", SettingsError, most)


def test_the_command_refuses_them_in_one_line(ready: Lipwire, tmp_path: Path) -> None:
    root = genki(tmp_path / "genki")
    command = ("evaluate", "steadiness", "--genki", root, "--grid", tmp_path, "--faces")
    assert "expected s1/*.mp4" in ready.complaint(*command, "1")
    assert "--faces must be at least 1" in ready.complaint(*command, "0")


@pytest.mark.usefixtures("short", "face_model")
def test_real_faces_are_told_steadier_than_they_are_seen_and_posters_do_not_arrive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ("--grid", data() / "grid", "--genki", data() / "genki4k")
    where = tmp_path / "figures.json"
    command = ("evaluate", "steadiness", *folders, "--faces", "2", "--json", where)
    assert cli.main([str(word) for word in command]) == 0
    figures = json.loads(where.read_text())
    assert capsys.readouterr().out.rstrip() == table(figures)
    assert figures["faces"] == 2
    rows = {row["motion"]: row for row in figures["points"]}
    assert set(rows) == set(MOTIONS)
    for row in rows.values():
        assert (set(row), row["n"]) == (POINTS, 2)
    assert rows["still"]["told"] < rows["still"]["alone"] / 3
    assert rows["walking"]["told"] < rows["walking"]["alone"] / 2
    assert rows["starting"]["lag"] < 0.25
    posters, people = figures["arrivals"]
    assert (posters["n"], posters["arrived"]) == (2, 0)
    assert people["n"] == 2
