"""What each mouth shape is in other sets of shapes."""

from __future__ import annotations

import itertools

import pytest

from edge.mappings import MAPPINGS, RHUBARB, RHUBARB_REST, Mapping, Pose, blend
from edge.pipeline import MouthSeen
from edge.shapes import SHAPES

# A mouth of each shape, as far open as such mouths are.
OPENINGS = {
    "closed": 0.0,
    "narrow": 0.1,
    "open": 0.3,
    "wide_open": 1.0,
    "rounded": 0.2,
    "puckered": 0.1,
}
VRM_0 = {"A", "I", "U", "E", "O"}
VRM_1 = {"aa", "ih", "ou", "ee", "oh"}
OVR = ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou"]
ARKIT = {
    *("jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"),
    *("mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft"),
    *("mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft"),
    *("mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower"),
    *("mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft"),
    *("mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
}
every_mapping = pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)


def mouth(opening: float, **weights: float) -> MouthSeen:
    shape = max(weights, key=weights.__getitem__)
    return MouthSeen(shape, tuple(weights.get(shape, 0.0) for shape in SHAPES), opening)


def shown(shape: str, mapping: Mapping) -> Pose:
    return blend(mouth(OPENINGS[shape], **{shape: 1.0}), mapping)


def test_the_names_are_those_of_the_standards() -> None:
    assert set(MAPPINGS["vrm0"].names) == VRM_0
    assert set(MAPPINGS["vrm1"].names) == VRM_1
    assert set(MAPPINGS["vrm"].names) == VRM_0 | VRM_1
    assert list(MAPPINGS["ovr"].names) == OVR
    assert set(MAPPINGS["arkit"].names) <= ARKIT
    assert {"jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"} <= set(MAPPINGS["arkit"].names)
    written = [name[0].lower() + name[1:] for name in MAPPINGS["perfect-sync"].names]
    assert written == list(MAPPINGS["arkit"].names)
    assert all(name[0].isupper() for name in MAPPINGS["perfect-sync"].names)


@every_mapping
def test_every_shape_has_a_pose_of_known_names(mapping: Mapping) -> None:
    assert tuple(mapping.poses) == SHAPES
    assert len(set(mapping.names)) == len(mapping.names)
    for pose in mapping.poses.values():
        assert set(pose) <= set(mapping.names)


@every_mapping
def test_every_name_has_a_value_from_0_to_1_in_every_mixture(mapping: Mapping) -> None:
    for first, second in itertools.product(SHAPES, repeat=2):
        for opening in (0.0, 0.05, 0.3, 1.0):
            pose = blend(mouth(opening, **{first: 0.6} | {second: 0.4}), mapping)
            assert tuple(pose) == mapping.names
            assert all(0 <= value <= 1 for value in pose.values())


@pytest.mark.parametrize("name", ["vrm0", "vrm1"])
def test_the_presets_of_a_vrm_model_never_come_to_more_than_1(name: str) -> None:
    for first, second, third in itertools.product(SHAPES, repeat=3):
        weights = {first: 0.5} | {second: 0.3} | {third: 0.2}
        assert sum(blend(mouth(1.0, **weights), MAPPINGS[name]).values()) <= 1 + 1e-9


@every_mapping
def test_a_closed_mouth_is_silent_and_no_other_is(mapping: Mapping) -> None:
    silent = {name: float(name == "sil") for name in mapping.names}
    assert shown("closed", mapping) == silent
    for shape in SHAPES[1:]:
        spoken = {name: value for name, value in shown(shape, mapping).items() if name != "sil"}
        assert max(spoken.values()) > 0.25


@every_mapping
def test_no_two_shapes_look_the_same(mapping: Mapping) -> None:
    for one, other in itertools.combinations(SHAPES, 2):
        pose, another = shown(one, mapping), shown(other, mapping)
        assert max(abs(pose[name] - another[name]) for name in mapping.names) > 0.25


@every_mapping
@pytest.mark.parametrize("shape", SHAPES[1:])
def test_a_mouth_shows_less_of_its_shape_the_less_it_is_open_and_nothing_shut(
    mapping: Mapping, shape: str
) -> None:
    sums = []
    for opening in (0.0, 0.02, 0.04, 1.0):
        pose = blend(mouth(opening, **{shape: 1.0}), mapping)
        sums.append(sum(value for name, value in pose.items() if name != "sil"))
    assert sums[0] == 0
    assert sums == sorted(set(sums))


def test_weights_that_come_to_a_little_more_than_1_by_rounding_do_not_go_beyond_it() -> None:
    assert blend(mouth(1.0, wide_open=1 + 1e-9), MAPPINGS["vrm0"])["A"] == 1
    assert blend(mouth(1.0, wide_open=1 + 1e-9), MAPPINGS["ovr"])["sil"] == 0


def test_a_mouth_that_is_wide_open_says_aa_in_full() -> None:
    pose = shown("wide_open", MAPPINGS["vrm"])
    assert pose == {name: float(name in ("A", "aa")) for name in MAPPINGS["vrm"].names}


def test_visemes_are_probabilities_that_come_to_1() -> None:
    mixed = {"closed": 0.2, "narrow": 0.3, "open": 0.1, "rounded": 0.4}
    for opening in (0.0, 0.03, 1.0):
        assert sum(blend(mouth(opening, **mixed), MAPPINGS["ovr"]).values()) == pytest.approx(1)
    pose = blend(mouth(1.0, **mixed), MAPPINGS["ovr"])
    assert (pose["sil"], pose["ih"], pose["oh"]) == pytest.approx((0.2, 0.3, 0.4))


def test_a_mesh_moves_no_faster_than_the_mouth() -> None:
    for mapping in MAPPINGS.values():
        before = None
        for step in range(101):
            share = step / 100
            pose = blend(mouth(share / 4, closed=1 - share, wide_open=share), mapping)
            if before is not None:
                assert max(abs(pose[name] - before[name]) for name in pose) < 0.03
            before = pose


def test_both_sides_of_a_face_do_the_same() -> None:
    for shape in SHAPES:
        pose = shown(shape, MAPPINGS["arkit"])
        for name in pose:
            if name.endswith("Left"):
                assert pose[name] == pose[name.removesuffix("Left") + "Right"]


def test_rhubarbs_letters_are_the_six_basic_ones() -> None:
    assert tuple(RHUBARB) == SHAPES
    assert "".join(RHUBARB.values()) == "ABCDEF"
    assert RHUBARB_REST == "X"
