"""Near and far faces: when far ones are looked for, what that costs, and that both are found."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from edge.assemble import assemble
from edge.cameras.demo import LOOP_S, SMILES_PER_LOOP, DemoCamera
from edge.cameras.drawing import PATCH, WALL
from edge.detection import Detection, Detector, Part
from edge.detectors import NAMES, make_detector
from edge.detectors.auto import (
    LATE_TURNS,
    OFTEN,
    SELDOM,
    SMALL,
    TILE_PX,
    Auto,
    FarSighted,
    Tiles,
    tiles,
)
from edge.events import FaceArrived, SmileStarted
from edge.frame import Image, Picture
from edge.profiles import Profile
from edge.settings import FaceSettings, Settings
from tests.conftest import need
from tests.faces import face_at

CANVAS: Image = np.zeros((480, 640), np.uint8)
NEAR, FAR = face_at(320 + 240j, eyes=60), face_at(100 + 100j, eyes=14)


class FakeSweep:
    """Finds what it is told to find, and counts how often and where it is asked."""

    def __init__(self) -> None:
        self.finds: list[Detection] = []
        self.sweeps = 0
        self.parts: list[Part] = []

    def __call__(self, picture: Picture) -> list[Detection]:
        self.sweeps += 1
        return self.finds

    def look(self, picture: Picture, part: Part) -> list[Detection]:
        self.parts.append(part)
        return self.finds


class Pair:
    """The detector with a fake model for near faces and one for far ones."""

    def __init__(self) -> None:
        self.near, self.far = FakeSweep(), FakeSweep()
        self.detect = Auto(self.near, self.far)

    def far_sweeps(self, sweeps: int) -> list[int]:
        """Those of the next sweeps in which far faces are looked for."""
        told = []
        for i in range(sweeps):
            before = self.far.sweeps
            self.detect(CANVAS)
            if self.far.sweeps > before:
                told.append(i)
        return told


def test_with_nobody_near_far_faces_are_looked_for_in_every_second_sweep() -> None:
    pair = Pair()
    assert pair.far_sweeps(400) == list(range(1, 400, OFTEN))
    assert pair.near.sweeps == 400


def test_after_a_while_with_large_faces_only_they_are_looked_for_in_every_eighth() -> None:
    pair = Pair()
    pair.near.finds = pair.far.finds = [NEAR]
    assert pair.far_sweeps(2 * LATE_TURNS) == list(range(1, 2 * LATE_TURNS, OFTEN))
    assert pair.far_sweeps(80) == list(range(SELDOM - 1, 80, SELDOM))


def test_a_small_face_of_late_keeps_them_looked_for_often() -> None:
    pair = Pair()
    pair.near.finds = [NEAR]
    pair.far_sweeps(200)
    pair.far.finds = [NEAR, FAR]
    (first, *_) = pair.far_sweeps(SELDOM)
    assert first < SELDOM
    assert len(pair.far_sweeps(20)) == 10
    pair.far.finds = []
    assert len(pair.far_sweeps(2 * LATE_TURNS)) == LATE_TURNS
    assert len(pair.far_sweeps(40)) == 5


def test_when_the_near_face_goes_far_ones_are_looked_for_often_again() -> None:
    pair = Pair()
    pair.near.finds = [NEAR]
    pair.far_sweeps(200)
    pair.near.finds = []
    assert len(pair.far_sweeps(20)) == 10


def test_a_pattern_that_hardly_looks_like_a_face_is_nobody_near() -> None:
    pair = Pair()
    pair.near.finds = [face_at(320 + 240j, eyes=60, score=0.35)]
    pair.far_sweeps(200)
    assert len(pair.far_sweeps(20)) == 10


def test_a_face_is_small_by_its_share_of_the_longer_side() -> None:
    for width, small in ((SMALL * 640 - 1, True), (SMALL * 640 + 1, False)):
        for picture in (CANVAS, CANVAS.T):
            pair = Pair()
            pair.near.finds = [NEAR]
            pair.far.finds = [face_at(100 + 100j, eyes=width / 2.5)]
            pair.far_sweeps(4 * LATE_TURNS)
            before = pair.far.sweeps
            for _ in range(40):
                pair.detect(picture)
            assert pair.far.sweeps - before == (40 // OFTEN if small else 40 // SELDOM)


def test_a_sweep_tells_near_and_far_faces_and_a_look_asks_the_near_model() -> None:
    pair = Pair()
    pair.near.finds, pair.far.finds = [NEAR], [FAR]
    assert [pair.detect(CANVAS) for _ in range(2)] == [[NEAR], [NEAR, FAR]]
    assert pair.detect.look(CANVAS, (10, 20, 90, 80)) == [NEAR]
    assert (pair.near.parts, pair.far.parts) == ([(10, 20, 90, 80)], [])


def test_the_far_sighted_one_asks_the_far_model_only_but_for_looks() -> None:
    near, far = FakeSweep(), FakeSweep()
    near.finds, far.finds = [NEAR], [FAR]
    detect = FarSighted(near, far)
    assert [detect(CANVAS) for _ in range(3)] == [[FAR]] * 3
    assert detect.look(CANVAS, (10, 20, 90, 80)) == [NEAR]
    assert (near.sweeps, far.sweeps) == (0, 3)


SIZES = pytest.mark.parametrize(
    "size", [(640, 480), (320, 240), (1280, 720), (480, 640), (100, 80), (241, 240), (240, 240)]
)


@SIZES
def test_tiles_cover_all_of_a_picture_and_overlap(size: tuple[int, int]) -> None:
    seen = np.zeros((size[1], size[0]), np.uint8)
    parts = tiles(size)
    for left, top, right, bottom in parts:
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert right - left == min(TILE_PX, size[0])
        assert bottom - top == min(TILE_PX, size[1])
        seen[top:bottom, left:right] += 1
    assert seen.min() >= 1
    assert len(set(parts)) == len(parts)
    for begin, end in ((0, 2), (1, 3)):  # across and down
        sides = sorted({(part[begin], part[end]) for part in parts})
        for (_, before_ends), (begins, _) in pairwise(sides):
            assert before_ends - begins >= TILE_PX // 5


@SIZES
@pytest.mark.parametrize("at_once", [1, 2, 5, 64])
def test_all_tiles_are_looked_at_in_turn(size: tuple[int, int], at_once: int) -> None:
    near = FakeSweep()
    sweep = Tiles(near, at_once)
    picture = np.zeros((size[1], size[0]), np.uint8)
    parts = tiles(size)
    each = min(at_once, len(parts))
    for _ in range(3 * len(parts)):
        before = len(near.parts)
        sweep(picture)
        assert len(near.parts) == before + each
    for i in range(len(near.parts) - len(parts)):
        assert sorted(near.parts[i : i + len(parts)]) == sorted(parts)


def test_what_is_found_in_several_tiles_is_told_together() -> None:
    near = FakeSweep()
    near.finds = [FAR]
    assert Tiles(near, 3)(CANVAS) == [FAR] * 3


def test_a_picture_that_becomes_smaller_does_not_disturb_the_turn() -> None:
    near = FakeSweep()
    sweep = Tiles(near, 5)
    for _ in range(2):
        sweep(CANVAS)
    small: Image = np.zeros((240, 300), np.uint8)
    del near.parts[:]
    sweep(small)
    assert sorted(near.parts) == tiles((300, 240))


@pytest.mark.usefixtures("face_model")
@pytest.mark.parametrize(
    ("name", "many_tiles", "models"),
    [
        ("short-range", 0, 1),
        ("short-range", 4, 1),
        ("full-range", 0, 2),
        ("full-range", 4, 2),
        ("auto", 0, 2),
        ("auto", 4, 1),  # the short-range model does it all
        ("haar", 4, 0),
    ],
)
def test_a_detector_is_made_by_name_with_the_models_it_needs(
    name: str, many_tiles: int, models: int
) -> None:
    need("haar", name == "haar" and not hasattr(cv2, "CascadeClassifier"), "OpenCV 4")
    detector, interpreters = make_detector(name, 0.5, Profile(tiles=many_tiles), None)
    assert len(interpreters) == models
    found = [face for _ in range(4) for face in detector(DemoCamera(320, 240, 15).draw(1.0))]
    assert found
    assert name in NAMES


def test_every_name_is_a_choice_of_the_settings() -> None:
    for name in NAMES:
        assert FaceSettings.__dataclass_fields__["detector"].metadata["choices"].count(name) == 1


def detector(name: str, many_tiles: int = 0) -> Detector:
    return make_detector(name, 0.5, Profile(tiles=many_tiles), None)[0]


def pasted(eyes_px: float) -> tuple[Image, complex]:
    """A picture of a wall in which the drawn face stands, and where its middle is."""
    height = round(eyes_px * PATCH / 72 / 0.95)
    width = height * 4 // 3
    image: Image = np.full((480, 640, 3), WALL, np.uint8)
    image[60 : 60 + height, 40 : 40 + width] = DemoCamera(width, height, 15).draw(1.0)
    return image, complex(40 + width / 2, 60 + height / 2)


def found(
    detect: Detector, image: Image, place: complex, near_px: float, sweeps: int = 12
) -> list[Detection]:
    """What is found at the place within so many sweeps, which is a round of the tiles."""
    seen = [face for _ in range(sweeps) for face in detect(image)]
    return [face for face in seen if abs(complex(*face.box.centre) - place) < near_px]


ALL = pytest.mark.parametrize(
    ("name", "many_tiles"),
    [("short-range", 0), ("auto", 0), ("auto", 2), ("auto", 6), ("full-range", 0)],
)


@pytest.mark.usefixtures("face_model")
@ALL
def test_a_small_face_is_found_by_all_but_the_short_range_model_alone(
    name: str, many_tiles: int
) -> None:
    image, place = pasted(14)
    faces = found(detector(name, many_tiles), image, place, near_px=14)
    assert bool(faces) == (name != "short-range")
    for face in faces:
        assert face.keypoints.eye_distance == pytest.approx(14, abs=6)  # a sweep is rough


@pytest.mark.usefixtures("face_model")
def test_only_the_full_range_model_itself_is_asked_in_every_sweep() -> None:
    image, place = pasted(14)
    for name, often in (("auto", 6), ("full-range", 12)):
        assert len(found(detector(name), image, place, near_px=14)) == often


@pytest.mark.usefixtures("face_model")
@ALL
def test_a_large_face_is_found_by_all_in_every_sweep(name: str, many_tiles: int) -> None:
    image, place = pasted(70)
    detect = detector(name, many_tiles)
    for _ in range(8):
        assert found(detect, image, place, near_px=60, sweeps=1)


@pytest.mark.usefixtures("face_model")
def test_a_look_at_a_small_face_is_as_good_as_at_a_near_one() -> None:
    image, place = pasted(14)
    x, y = round(place.real), round(place.imag)
    for name in ("short-range", "auto", "full-range"):
        (face,) = detector(name).look(image, (x - 40, y - 40, x + 40, y + 40))
        assert face.score > 0.7
        assert face.keypoints.eye_distance == pytest.approx(14, abs=2)


@pytest.mark.usefixtures("face_model")
@pytest.mark.parametrize(
    ("name", "many_tiles"), [("auto", 0), ("auto", 2), ("full-range", 0), ("short-range", 0)]
)
def test_the_smiles_of_the_drawn_face_are_counted_by_every_detector(
    name: str, many_tiles: int
) -> None:
    settings = Settings(faces=FaceSettings(detector=name))
    profile = Profile(width=320, height=240, detect_interval=3, tiles=many_tiles)
    pipeline = assemble(settings, profile, None).pipeline
    camera = DemoCamera(320, 240, 12)
    happened = []
    while (frame := camera.read()).captured_at < LOOP_S:
        happened += pipeline(frame).events
    assert sum(isinstance(event, FaceArrived) for event in happened) == 1
    assert sum(isinstance(event, SmileStarted) for event in happened) == SMILES_PER_LOOP
