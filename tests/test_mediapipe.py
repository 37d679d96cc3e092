"""The mediapipe package as detector, and that Lipwire's own BlazeFace finds the very same faces."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import models
from edge.cameras.demo import LOOP_S, SMILES_PER_LOOP, DemoCamera
from edge.detection import Detection
from edge.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace, Kind
from edge.detectors.mediapipe import MediaPipe
from edge.frame import Image, Yuv420
from edge.picture import rgb
from tests.command import ALONE, Lipwire
from tests.conftest import need
from tests.test_imports import COMMAND, EXTRAS, run_without

SAME = 0.02  # corners this near to each other, in box sides, are the same
# Its protobuf uses what Python and itself call outdated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


@pytest.fixture
def package() -> None:
    need("mediapipe", find_spec("mediapipe") is None, "make test-mediapipe")


def drawn(at: float = 1.0, width: int = 640, height: int = 480) -> Image:
    return DemoCamera(width, height, 15).draw(at)


def apart(one: Detection, other: Detection) -> float:
    """How far the corners of two boxes are from each other, in sides of the larger box."""
    a, b = one.box, other.box
    off = (
        a.left - b.left,
        a.top - b.top,
        a.left + a.width - b.left - b.width,
        a.top + a.height - b.top - b.height,
    )
    return max(map(abs, off)) / max(a.width, a.height, b.width, b.height)


def nearest(face: Detection, faces: list[Detection]) -> float:
    return min((apart(face, other) for other in faces), default=np.inf)


MISSING = "[faces] detector mediapipe: No module named 'mediapipe'; "
COMMAND_TO_GET_IT = ": make mediapipe, then .venv-mediapipe/bin/lipwire"


def test_without_the_package_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    run = ["run", "--detector", "mediapipe", *ALONE, "--state", str(tmp_path)]
    done = run_without(EXTRAS, COMMAND, *run)
    assert done.returncode == 2
    line = done.stderr.splitlines()[-1]
    assert line.startswith("lipwire: " + MISSING)
    assert line.endswith(COMMAND_TO_GET_IT)
    assert "Traceback" not in done.stderr


def test_without_the_package_the_doctor_says_so_too(tmp_path: Path) -> None:
    run = ["doctor", "--detector", "mediapipe", "--broker", "none", "--state", str(tmp_path)]
    done = run_without(EXTRAS, COMMAND, *run)
    assert done.returncode == 1
    (line,) = (line for line in done.stdout.splitlines() if " models " in line)
    assert line.startswith("FAIL  models       " + MISSING)
    assert line.endswith(COMMAND_TO_GET_IT)


def test_every_format_of_picture_becomes_the_same_colours() -> None:
    """Its part too, from odd pixels on."""
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, 40:] = (40, 120, 200)
    y, v, u = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb))
    yuv = Yuv420(y, cv2.resize(u, (40, 30)), cv2.resize(v, (40, 30)))
    part = (31, 5, 68, 44)
    shown = rgb(image, *part)
    assert shown.shape == (39, 37, 3)
    assert tuple(shown[0, -1]) == (200, 120, 40)
    other = rgb(yuv, *part)
    edge = abs(np.arange(31, 68) - 39.5) < 3  # colours run into each other
    assert np.abs(shown[:, ~edge].astype(int) - other[:, ~edge]).max() <= 3
    assert (rgb(y, *part) == y[5:44, 31:68, None]).all()


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("size", [(640, 480), (320, 240), (1280, 720), (480, 640), (641, 359)])
def test_both_find_the_drawn_face_in_the_same_place(
    face_model: Path, size: tuple[int, int]
) -> None:
    """Odd sizes do not fill the model's picture evenly: half a pixel of it more, now and then."""
    ours, package = BlazeFace(face_model), MediaPipe(0.5)
    off = []
    for at in np.arange(0, LOOP_S, 2.5):
        image = drawn(float(at), *size)
        (mine,), (theirs,) = ours(image), package(image)
        off.append(apart(mine, theirs))
        assert mine.score == pytest.approx(theirs.score, abs=0.02)
        for name in ("right_eye", "left_eye", "nose", "mouth"):
            point = getattr(mine.keypoints, name) - getattr(theirs.keypoints, name)
            assert abs(point) < 0.05 * theirs.keypoints.eye_distance
    assert np.median(off) < SAME
    assert max(off) < 1.5 * SAME


@pytest.mark.usefixtures("package")
def test_a_look_at_a_part_gives_places_in_the_whole_picture(face_model: Path) -> None:
    image, part = drawn(), (101, 59, 523, 480)
    package = MediaPipe(0.5)
    (whole,), (near,) = package(image), package.look(image, part)
    (mine,) = BlazeFace(face_model).look(image, part)
    assert apart(near, whole) < 0.1
    assert apart(near, mine) < SAME


@pytest.mark.usefixtures("package")
def test_only_faces_with_the_least_score_are_given() -> None:
    image = drawn()
    (face,) = MediaPipe(0.5)(image)
    assert face.score < 1
    assert MediaPipe(face.score + 0.001)(image) == []


@pytest.mark.usefixtures("package")
def test_an_empty_picture_has_no_face() -> None:
    assert MediaPipe(0.5)(np.full((480, 640, 3), 127, np.uint8)) == []


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("kind", "least_score"),
    [(SHORT_RANGE, 0.5), (FULL_RANGE, 0.6)],  # the scores from which on the package tells
    ids=["short-range", "full-range"],
)
def test_both_find_the_same_faces_in_real_pictures(
    fetched: Path, kind: Kind, least_score: float
) -> None:
    folder = Path(os.environ.get("LIPWIRE_DATA", "nowhere")) / "genki4k/files"
    need("data", not folder.is_dir(), "set LIPWIRE_DATA to the folder that holds genki4k/")
    ours = BlazeFace(models.find(kind.model, fetched), least_score, kind=kind)
    package = MediaPipe(least_score, full_range=kind is FULL_RANGE)
    off: list[float] = []
    for path in sorted(folder.glob("*.jpg"))[::14][:200]:
        image = cv2.imread(str(path))
        assert image is not None
        mine, theirs = ours(image), package(image)
        off += [nearest(face, theirs) for face in mine]
        off += [nearest(face, mine) for face in theirs]
    assert len(off) > 300
    within = np.mean(np.array(off) <= SAME)
    print(f"{within:.2%} of {len(off)} boxes the same, median {np.median(off):.2%} apart")
    assert within >= 0.99


@pytest.mark.usefixtures("package")
def test_the_daemon_counts_the_demos_smiles_without_any_fetched_model(lipwire: Lipwire) -> None:
    run = ["run", "--detector", "mediapipe", "--pace", "max", "--duration", str(LOOP_S)]
    result = lipwire(*run, *ALONE, "--events", "-")
    assert result.returncode == 0, result.stderr
    kinds = [json.loads(line)["event_type"] for line in result.stdout.splitlines()]
    assert kinds.count("smile_started") == SMILES_PER_LOOP
    assert kinds.count("face_arrived") == 1
