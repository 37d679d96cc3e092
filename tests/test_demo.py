"""The drawn face: the same every time, moved by its script, and one that the detector finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edge.cameras import demo
from edge.cameras.demo import DemoCamera
from edge.detectors.blazeface import BlazeFace
from edge.shapes import SHAPES


def moments(fps: float = 15) -> list[float]:
    return [i / fps for i in range(round(demo.LOOP_S * fps))]


def test_the_drawn_face_is_the_same_for_the_same_seed() -> None:
    one, same, other = (DemoCamera(320, 240, 15, seed) for seed in (4, 4, 5))
    for _ in range(5):
        image = one.read().image
        assert np.array_equal(image, same.read().image)
        assert not np.array_equal(image, other.read().image)


def test_the_drawn_face_keeps_the_profiles_size_and_rate() -> None:
    camera = DemoCamera(320, 240, 12)
    camera.open()
    found = [camera.read() for _ in range(13)]
    assert {frame.image.shape for frame in found} == {(240, 320, 3)}
    assert {frame.image.dtype for frame in found} == {np.dtype(np.uint8)}
    assert [frame.captured_at for frame in found] == pytest.approx([i / 12 for i in range(13)])
    assert found[12].taken_at - found[0].taken_at == pytest.approx(1)


def test_the_drawn_mouth_smiles_when_the_script_says() -> None:
    half = demo.CHANGE_S / 2  # a shape is half reached by then
    times = demo.smile_times()
    assert len(times) == demo.SMILES_PER_LOOP > 1
    for at in moments(50):
        due = any(start + half < at < end + half for start, end in times)
        edge = any(abs(at - bound - half) < 0.02 for pair in times for bound in pair)
        assert edge or due == (demo.mouth_at(at).smile > 0.5), at


def test_the_script_has_every_mouth_shape_long_enough_to_be_seen() -> None:
    held = [(name, end - begin) for name, begin, end in demo.shape_times()]
    assert {name for name, _ in held} == set(SHAPES)
    assert min(seconds for _, seconds in held) >= 0.5
    for name, begin, end in demo.shape_times():
        assert demo.mouth_at((begin + end) / 2) == demo.SHAPES[name]


def test_smiles_and_mouth_shapes_fill_the_script() -> None:
    times = sorted([*demo.smile_times(), *((b, e) for _, b, e in demo.shape_times())])
    assert times[0][0] == 0
    assert times[-1][1] == pytest.approx(demo.LOOP_S)
    for (_, end), (begin, _) in itertools.pairwise(times):
        assert end == pytest.approx(begin)


def test_the_script_is_repeated_without_end() -> None:
    for at in moments(5):
        assert demo.mouth_at(at).smile == pytest.approx(demo.mouth_at(at + 3 * demo.LOOP_S).smile)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (320, 240)])
def test_the_detector_finds_the_drawn_face(detector: BlazeFace, width: int, height: int) -> None:
    camera = DemoCamera(width, height, 15)
    found = [detector(camera.draw(at)) for at in moments()]
    assert sum(len(faces) == 1 for faces in found) >= 0.95 * len(found)
    for faces in found:
        for face in faces:
            x, y = face.box.centre
            assert abs(x - width / 2) < width / 5
            assert abs(y - height / 2) < height / 5
            assert face.keypoints.right_eye.real < face.keypoints.left_eye.real
            assert face.keypoints.mouth.imag > face.keypoints.nose.imag
