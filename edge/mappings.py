"""What Lipwire's mouth shapes are called elsewhere, and what they ask of a mesh: the one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edge.shapes import SHAPES

# G (F and V) and H (L) are not told apart here; X, rest, is `closed` for long.
RHUBARB = {
    "closed": "A",
    "narrow": "B",
    "open": "C",
    "wide_open": "D",
    "rounded": "E",
    "puckered": "F",
}
RHUBARB_REST = "X"

# The opening from which on a mouth shows its shape in full: below, it shows less of it, and none
# with lips that rest on each other. Speech opens a mouth little.
FULL_FROM = {
    "narrow": 0.08,
    "open": 0.15,
    "wide_open": 0.25,
    "rounded": 0.06,
    "puckered": 0.05,
}

VRM_0 = ("A", "I", "U", "E", "O")
VRM_1 = ("aa", "ih", "ou", "ee", "oh")
CONSONANTS = ("PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR")
OVR = ("sil", *CONSONANTS, "aa", "E", "ih", "oh", "ou")

Pose = dict[str, float]  # name of a blend shape -> its value


class Mouth(Protocol):
    """A mouth that moves a mesh."""

    @property
    def weights(self) -> tuple[float, ...]:
        """Of `edge.shapes.SHAPES`: together 1, or all 0."""

    @property
    def opening(self) -> float:
        """0 at the person's rest, 1 wide open."""


@dataclass(frozen=True)
class Mapping:
    """Another set of mouth shapes, by what each of Lipwire's is in it."""

    meaning: str
    names: tuple[str, ...]  # all are sent, in this order
    poses: dict[str, Pose]  # each of `SHAPES` in full; what is not named is 0
    rest: str | None = None  # the name that has what the others leave of 1, if there is one


def share(shape: str, opening: float) -> float:
    """How much of a shape is shown by a mouth that is so far open."""
    return min(1.0, opening / FULL_FROM[shape]) if shape in FULL_FROM else 1.0


def blend(mouth: Mouth, mapping: Mapping) -> Pose:
    """What a mouth is in another set of shapes: a value from 0 to 1 for every name."""
    pose = dict.fromkeys(mapping.names, 0.0)
    for shape, weight in zip(SHAPES, mouth.weights, strict=True):
        shown = weight * share(shape, mouth.opening)
        for name, value in mapping.poses[shape].items():
            pose[name] += shown * value
    if mapping.rest:
        pose[mapping.rest] += max(0.0, 1 - sum(pose.values()))
    return {name: min(1.0, value) for name, value in pose.items()}  # sums are rounded


def _both_sides(**values: float) -> Pose:
    return {f"{name}{side}": value for name, value in values.items() for side in ("Left", "Right")}


def _named(poses: dict[str, Pose], names: dict[str, str]) -> dict[str, Pose]:
    return {shape: {names[n]: value for n, value in p.items()} for shape, p in poses.items()}


_VOWELS: dict[str, Pose] = {
    "closed": {},
    "narrow": {"I": 0.6},
    "open": {"E": 0.5, "A": 0.3},
    "wide_open": {"A": 1.0},
    "rounded": {"O": 1.0},
    "puckered": {"U": 1.0},
}
_VOWELS_1 = _named(_VOWELS, dict(zip(VRM_0, VRM_1, strict=True)))
_VISEMES: dict[str, Pose] = {
    "closed": {"sil": 1.0},
    "narrow": {"ih": 1.0},
    "open": {"E": 1.0},
    "wide_open": {"aa": 1.0},
    "rounded": {"oh": 1.0},
    "puckered": {"ou": 1.0},
}
# `mouthClose` shuts lips that an open jaw has parted: with a closed jaw it is no closed mouth.
_FACE: dict[str, Pose] = {
    "closed": {},
    "narrow": {
        "jawOpen": 0.1,
        **_both_sides(mouthStretch=0.3, mouthLowerDown=0.2, mouthUpperUp=0.1),
    },
    "open": {
        "jawOpen": 0.4,
        **_both_sides(mouthStretch=0.1, mouthLowerDown=0.3, mouthUpperUp=0.2),
    },
    "wide_open": {"jawOpen": 0.9, **_both_sides(mouthLowerDown=0.4, mouthUpperUp=0.3)},
    "rounded": {"jawOpen": 0.35, "mouthFunnel": 0.8, "mouthPucker": 0.2},
    "puckered": {"jawOpen": 0.15, "mouthClose": 0.05, "mouthFunnel": 0.2, "mouthPucker": 0.9},
}
_FACE_NAMES = (
    *("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"),
    *_both_sides(mouthStretch=0, mouthLowerDown=0, mouthUpperUp=0),
)
_CAPITALS = {name: name[0].upper() + name[1:] for name in _FACE_NAMES}

MAPPINGS = {
    "vrm": Mapping(
        "the presets of VRM 0 and of VRM 1 together",
        (*VRM_0, *VRM_1),
        {shape: _VOWELS[shape] | _VOWELS_1[shape] for shape in SHAPES},
    ),
    "vrm0": Mapping("the presets of VRM 0", VRM_0, _VOWELS),
    "vrm1": Mapping("the presets of VRM 1", VRM_1, _VOWELS_1),
    "ovr": Mapping("the 15 visemes of OVR and OpenXR", OVR, _VISEMES, rest="sil"),
    "arkit": Mapping("ARKit's blend shapes", _FACE_NAMES, _FACE),
    "perfect-sync": Mapping(
        "ARKit's, written as the clips of VRM models for Perfect Sync are",
        tuple(_CAPITALS.values()),
        _named(_FACE, _CAPITALS),
    ),
}
