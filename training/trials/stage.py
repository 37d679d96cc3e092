"""Paints a scene: a room, people and things on their paths, and the truth about every face."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection import Detection
from edge.frame import Image
from training.trials.actors import FACE_PX, MIDDLE, SIZE, Person, carried

CANVAS = (640, 480)  # paths are in these pixels, whatever size is painted
SMOOTHED_S = 0.3  # nobody turns or stops at once
NOISE = 2.5  # standard deviation of the sensor's, in levels
NOISE_TILE, FEW = 64, 4
SWAY_DEGREES, SWAY_HZ, BOB, BOB_HZ = 2.5, 0.3, 0.025, 1.8  # a still's head; a walker's step
PACE_OF_BOB = 0.5  # face widths a second at which the step is as deep as that


@dataclass(frozen=True)
class Path:
    """Places at some moments, in straight lines between them with rounded corners: t, x and y of
    the middle, width, depth (the higher covers the lower)."""

    keys: tuple[tuple[float, ...], ...]

    def at(self, t: float) -> NDArray[np.float64]:
        """x, y, width, depth."""
        times, *values = np.array(self.keys).T
        near = t + np.linspace(-SMOOTHED_S / 2, SMOOTHED_S / 2, 9)
        return np.array([np.interp(near, times, value).mean() for value in values])


@dataclass(frozen=True)
class Actor:
    """A person on a path; the width is that of the face's box."""

    person: Person
    path: Path
    phase: float = 0.0  # radians; where in its sway and its clip it begins


@dataclass(frozen=True)
class Thing:
    """A plain upright object on a path, as high as the picture."""

    path: Path
    colour: tuple[int, int, int] = (70, 90, 110)


@dataclass(frozen=True)
class Scene:
    """What happens in front of the camera."""

    kind: str
    seed: int
    length_s: float
    actors: tuple[Actor, ...]
    things: tuple[Thing, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.kind} {self.seed}"


@dataclass(frozen=True)
class TrueFace:
    """Where an actor's face really is."""

    actor: int
    face: Detection  # what the detector made of the source, carried to its place
    visible: float  # share of its box that is inside the picture and not covered


@dataclass(frozen=True)
class _Layer:
    depth: float
    actor: int  # -1: a thing
    left: int
    top: int
    cutout: Image  # BGRA, colours multiplied by the transparency
    face: Detection | None


class Stage:
    """Paints the moments of one scene, in any order, the same every time."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self.scene, self._size = scene, (width, height)
        self._scale = width / CANVAS[0]
        self._seed = [scene.seed, zlib.crc32(scene.kind.encode())]
        rng = np.random.default_rng(self._seed)
        self._room = _room(rng, width, height)
        shape = (height + NOISE_TILE, width + NOISE_TILE, 3)
        noise = np.round(rng.normal(0, NOISE, shape))
        self._lighter, self._darker = (
            np.clip(part, 0, 255).astype(np.uint8) for part in (noise, -noise)
        )

    def __call__(self, t: float) -> tuple[Image, list[TrueFace]]:
        """The picture at this moment and the faces of those who are at all inside it."""
        layers = [self._person(i, actor, t) for i, actor in enumerate(self.scene.actors)]
        layers += [self._thing(thing, t) for thing in self.scene.things]
        shown = sorted((layer for layer in layers if layer), key=lambda layer: layer.depth)
        image = self._room.copy()
        for layer in shown:
            _paint(image, layer)
        return self._noisy(image, t), self._truth(shown)

    def _person(self, index: int, actor: Actor, t: float) -> _Layer | None:
        x, y, width, depth = actor.path.at(t)
        person, angle = actor.person, 0.0
        swing = 2 * math.pi * t + actor.phase
        if person.still:
            angle = math.radians(SWAY_DEGREES) * math.sin(SWAY_HZ * swing)
            x += 0.02 * width * math.sin(0.7 * SWAY_HZ * swing)
        before = actor.path.at(t - 0.1)
        pace = abs(x - before[0]) / 0.1 / width
        y += BOB * width * min(1.0, pace / PACE_OF_BOB) * math.sin(BOB_HZ * swing)
        scale = width / FACE_PX * self._scale
        turn = scale * complex(math.cos(angle), math.sin(angle))
        shift = complex(x, y) * self._scale - turn * complex(*MIDDLE)
        left, right = self._inside((shift.real, shift.real + SIZE[0] * scale), 0)
        top, _ = self._inside((shift.imag, math.inf), 1)
        if right <= left or top >= self._size[1]:
            return None
        shown = person.index(t + actor.phase)
        here = shift - complex(left, top)
        matrix = np.array([[turn.real, -turn.imag, here.real], [turn.imag, turn.real, here.imag]])
        cutout = cv2.warpAffine(
            person.pictures[shown],
            matrix,
            (right - left, self._size[1] - top),
            flags=cv2.INTER_LINEAR if scale > 0.6 else cv2.INTER_AREA,
            borderMode=cv2.BORDER_REPLICATE,
        )
        face = carried(person.faces[shown], turn, shift)
        return _Layer(depth, index, left, top, cutout, face)

    def _thing(self, thing: Thing, t: float) -> _Layer | None:
        x, _, width, depth = thing.path.at(t)
        sides = (x - width / 2) * self._scale, (x + width / 2) * self._scale
        left, right = self._inside(sides, 0)
        if right <= left:
            return None
        cutout = np.empty((self._size[1], right - left, 4), np.uint8)
        shade = 1 - 0.3 * np.abs(np.linspace(-1, 1, right - left))
        cutout[..., :3] = (shade[:, None] * thing.colour).astype(np.uint8)
        cutout[..., 3] = 255
        return _Layer(depth, -1, left, 0, cutout, None)

    def _inside(self, span: tuple[float, float], axis: int) -> tuple[int, int]:
        low, high = (min(max(value, 0), self._size[axis]) for value in span)
        return math.floor(low), math.ceil(high)

    def _noisy(self, image: Image, t: float) -> Image:
        x, y = np.random.default_rng([*self._seed, round(t * 1000)]).integers(NOISE_TILE, size=2)
        width, height = self._size
        cv2.add(image, self._lighter[y : y + height, x : x + width], dst=image)
        return cv2.subtract(image, self._darker[y : y + height, x : x + width], dst=image)

    def _truth(self, layers: list[_Layer]) -> list[TrueFace]:
        """How much of every face those in front of it leave."""
        width, height = self._size
        covered = np.zeros((height, width), bool)
        faces = []
        for layer in reversed(layers):
            if layer.face is not None:
                box = layer.face.box
                left, right = self._inside((box.left, box.left + box.width), 0)
                top, bottom = self._inside((box.top, box.top + box.height), 1)
                free = np.count_nonzero(~covered[top:bottom, left:right])
                visible = min(1.0, free / (box.width * box.height))
                faces.append(TrueFace(layer.actor, layer.face, visible))
            rows, columns = layer.cutout.shape[:2]
            place = covered[layer.top : layer.top + rows, layer.left : layer.left + columns]
            place |= layer.cutout[..., 3] > 127
        return sorted(faces, key=lambda face: face.actor)


def _paint(image: Image, layer: _Layer) -> None:
    rows, columns = layer.cutout.shape[:2]
    place = image[layer.top : layer.top + rows, layer.left : layer.left + columns]
    left = cv2.bitwise_not(layer.cutout[..., 3])
    behind = cv2.multiply(place, cv2.merge([left, left, left]), scale=1 / 255)
    cv2.add(behind, layer.cutout[..., :3], dst=place)


def _room(rng: np.random.Generator, width: int, height: int) -> Image:
    """A wall with shelves and other plain things, a floor, and light from one side."""
    room = np.empty((height, width, 3), np.float32)
    room[:] = rng.uniform(110, 190) + rng.uniform(-20, 20, 3)
    room[int(0.8 * height) :] *= 0.7
    for _ in range(int(rng.integers(8, 20))):
        x, y = rng.uniform(-0.1, 1.0, 2) * (width, height)
        w, h = rng.uniform(0.02, 0.3, 2) * (width, height)
        colour = tuple(float(c) for c in rng.uniform(40, 220) + rng.uniform(-30, 30, 3))
        cv2.rectangle(room, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
    light = np.linspace(1.1, rng.uniform(0.6, 0.9), width, dtype=np.float32)
    room *= light[None, :, None]
    grain = cv2.resize(
        rng.normal(0, 8, (height // FEW, width // FEW)).astype(np.float32), (width, height)
    )
    soft = cv2.GaussianBlur(room + grain[..., None], (0, 0), 1.2)
    return np.clip(soft, 0, 255).astype(np.uint8)
