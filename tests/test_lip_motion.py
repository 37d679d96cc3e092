"""How much lips move: their form counts, where the head is and the light do not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.crop import MOUTH, crop
from edge.detection import Keypoints
from edge.frame import Image, Picture, Yuv420
from edge.glimpse import glimpse
from edge.lip_motion import LipMotion
from edge.lip_points import MESH_FACE
from edge.lips import FORMS, draw_lips

POINTS = Keypoints(complex(280, 200), complex(360, 200), complex(320, 240), complex(320, 287))


def face(shape: str = "closed", shift: int = 0, light: float = 1.0, noise: int = 0) -> Image:
    """A mouth on a plain face, and where it is not quite expected."""
    image = np.full((480, 640, 3), 150, np.uint8)
    draw_lips(image[257 + shift : 317 + shift, 270 + shift : 370 + shift], FORMS[shape])
    image = cv2.GaussianBlur(image, (0, 0), 1.5)
    grain = np.random.default_rng(noise).normal(0, 2, image.shape)
    return np.clip(image * light + grain, 0, 255).astype(np.uint8)


def moved(first: Picture, second: Picture, passed_s: float = 0.08) -> float:
    """The motion between two pictures."""
    motion = LipMotion()
    one, two = glimpse(first, POINTS), glimpse(second, POINTS)
    assert one
    assert two
    assert motion(one, 3.0) is None
    found = motion(two, 3.0 + passed_s)
    assert found
    assert found[0] == pytest.approx(3.0 + passed_s / 2)
    return found[1]


def test_an_opening_mouth_moves_many_times_more_than_one_at_rest() -> None:
    still = moved(face(noise=1), face(noise=2))
    assert moved(face(), face("open", noise=2)) > 4 * still
    assert moved(face("open"), face("puckered", noise=2)) > 4 * still


def test_a_small_shift_and_other_light_move_no_lips() -> None:
    still, spoken = moved(face(noise=1), face(noise=2)), moved(face(), face("open", noise=2))
    assert moved(face(), face(shift=1, noise=2)) < (still + spoken) / 4
    assert moved(face(), face(light=0.8, noise=2)) < 2 * still


def test_pictures_close_in_time_are_compared_with_an_earlier_one() -> None:
    motion = LipMotion()
    pictures = [glimpse(face(noise=i), POINTS) for i in range(12)]
    found = [motion(each, i / 60) for i, each in enumerate(pictures) if each]
    told = [each for each in found if each]
    assert len(told) == 4  # every second one, from when one is old enough
    assert told == sorted(told)


def test_nothing_is_compared_with_what_was_long_before() -> None:
    motion, seen = LipMotion(), glimpse(face(), POINTS)
    assert seen
    assert motion(seen, 1.0) is None
    assert motion(seen, 1.5) is None
    assert motion(seen, 1.6)
    motion.reset()
    assert motion(seen, 1.7) is None


@pytest.mark.parametrize(("roll", "width"), [(0, 1), (25, 1), (-40, 1), (0, 0.4), (25, 0.6)])
def test_a_glimpse_holds_all_that_is_cut_from_the_picture(roll: float, width: float) -> None:
    """Of a head that is turned away, too, whose eyes seem near to each other."""
    image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 3)
    turn = np.exp(1j * np.deg2rad(roll))
    points = Keypoints(
        *(
            complex(complex(width * (p.real - 320), p.imag - 240) * turn * 0.6 + complex(320, 240))
            for p in (POINTS.right_eye, POINTS.left_eye, POINTS.nose, POINTS.mouth)
        )
    )
    whole = {
        "colour": image,
        "grey": cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
        "yuv": Yuv420(image[..., 0], image[::2, ::2, 1], image[::2, ::2, 2]),
    }
    for name, picture in whole.items():
        seen = glimpse(picture, points)
        assert seen
        assert seen.image.ndim == 2
        for kind in (replace(MOUTH, size=48), MESH_FACE):
            part, all_of_it = crop(seen.image, seen.points, kind), crop(picture, points, kind)
            assert part is not None
            assert all_of_it is not None
            assert np.abs(part.astype(int) - all_of_it).max() <= 2, name


def test_a_glimpse_is_the_daemon_s_own_and_none_where_there_is_no_mouth() -> None:
    image = face()
    for picture in (image, image[..., 0].copy()):
        seen = glimpse(picture, POINTS)
        assert seen
        before = seen.image.copy()
        picture[:] = 0
        assert (seen.image == before).all()
    away = Keypoints(complex(-900, 200), complex(-820, 200), complex(-860, 240), complex(-860, 287))
    assert glimpse(image, away) is None
