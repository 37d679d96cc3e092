"""The kinds of scenes in which people could be mixed up, lost or counted twice."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from training.trials.actors import Company, Person
from training.trials.stage import CANVAS, Actor, Path, Scene, Thing

Rng = np.random.Generator
Cast = Callable[[], Person]  # the next person of a scene
WAIT_S = 1.5  # everybody has long arrived when something begins to happen, and is seen after it
OUT = -0.8  # face widths: somebody at this x is out of the picture
TRIES = 20  # to find somebody who does not play already
EYE_LEVEL = 200.0  # y of a face's middle


def script(kind: str, seed: int, company: Company) -> Scene:
    """One scene of a kind, the same for the same seed."""
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    people: list[Person] = []

    def cast() -> Person:
        """The talking man in a third of the parts, strangers who do or do not smile in others."""
        turn = (seed + len(people)) % 3
        for _ in range(TRIES):
            person = company.clip(rng) if turn == 0 else company.still(rng, smiles=turn == 1)
            if all(person.name != other.name for other in people):
                break
        people.append(person)
        return person

    actors, things, length_s = KINDS[kind](rng, cast)
    if rng.random() < 0.5:
        actors = tuple(_mirrored(actor) for actor in actors)
        things = tuple(Thing(_mirror(thing.path), thing.colour) for thing in things)
    return Scene(kind, seed, length_s, actors, things)


Script = tuple[tuple[Actor, ...], tuple[Thing, ...], float]


def _crossing(rng: Rng, cast: Cast) -> Script:
    """Two walk past each other; the nearer one covers the other."""
    width, speed = rng.uniform(80, 110), rng.uniform(90, 170)
    near, there = width * rng.uniform(1.1, 1.35), WAIT_S + 420 / speed
    one = _walk(rng, [(WAIT_S, 110), (there, 530)], width, 1)
    other = _walk(rng, [(WAIT_S, 530), (there, 110)], near, 2)
    return (_actor(rng, cast, one), _actor(rng, cast, other)), (), there + WAIT_S


def _three_crossing(rng: Rng, cast: Cast) -> Script:
    """Three change places, each at a depth of its own; none hides another for long."""
    width, speed = rng.uniform(75, 95), rng.uniform(90, 150)
    last_s = WAIT_S + 0.4 + 440 / speed
    stops = ((100, 540), (540, 320), (320, 100))
    order = rng.permutation(3)
    actors = []
    for (start, end), depth in zip(stops, order, strict=True):
        starts = WAIT_S + rng.uniform(0, 0.4)
        keys = [(starts, start), (starts + abs(end - start) / speed, end)]
        actors.append(_actor(rng, cast, _walk(rng, keys, width * (1 + 0.15 * depth), depth)))
    return tuple(actors), (), last_s + WAIT_S


def _pillar(rng: Rng, cast: Cast) -> Script:
    """Somebody walks on behind a pillar; another stands."""
    width, speed, hidden_s = rng.uniform(80, 110), rng.uniform(130, 200), rng.uniform(0.4, 0.8)
    # Less than 60 % is seen from 40 % of the face behind the pillar to 60 % of it past that.
    pillar = max(0.45 * width, hidden_s * speed - 0.2 * width)
    there = WAIT_S + 310 / speed
    walker = _walk(rng, [(WAIT_S, 90), (there, 400)], width, 1)
    watcher = _walk(rng, [(0, 555)], width, 1.5)
    thing = Thing(Path(((0.0, rng.uniform(220, 270), 240.0, pillar, 2.0),)))
    return (_actor(rng, cast, walker), _actor(rng, cast, watcher)), (thing,), there + WAIT_S


def _passed_by(rng: Rng, cast: Cast) -> Script:
    """A thing is carried past two who stand, each hidden for half a second."""
    width, hidden_s = rng.uniform(80, 110), rng.uniform(0.4, 0.7)
    thing_width = rng.uniform(0.8, 1.2) * width
    speed = (thing_width + 0.2 * width) / hidden_s
    start, end = -thing_width, CANVAS[0] + thing_width
    ends = WAIT_S + (end - start) / speed
    thing = Thing(Path(((WAIT_S, start, 240, thing_width, 5), (ends, end, 240, thing_width, 5))))
    actors = tuple(_actor(rng, cast, _walk(rng, [(0, x)], width, 1)) for x in (180, 450))
    return actors, (thing,), ends + WAIT_S


def _back(rng: Rng, cast: Cast, away_s: float) -> Script:
    """One goes out at the side and comes back; another stands."""
    width, speed = rng.uniform(80, 110), rng.uniform(180, 260)
    out = OUT * width
    leaves = 2.0
    gone = leaves + (180 - out) / speed
    again = gone + away_s
    back = again + (180 - out) / speed
    keys = [(leaves, 180.0), (gone, out), (again, out), (back, 180.0)]
    actors = (
        _actor(rng, cast, _walk(rng, keys, width, 1)),
        _actor(rng, cast, _walk(rng, [(0, 470)], width, 2)),
    )
    return actors, (), back + 2.0


def _back_soon(rng: Rng, cast: Cast) -> Script:
    """Out of the picture for less than the leaving time."""
    return _back(rng, cast, rng.uniform(0.0, 0.2))


def _back_late(rng: Rng, cast: Cast) -> Script:
    """Out of the picture for longer than the leaving time: a new visit."""
    return _back(rng, cast, rng.uniform(2.5, 3.0))


def _side_by_side(rng: Rng, cast: Cast) -> Script:
    """Two stand close together."""
    width, apart = rng.uniform(80, 120), rng.uniform(1.25, 1.6)
    xs = 320 - apart * width / 2, 320 + apart * width / 2
    lean = [(t, rng.uniform(-0.05, 0.05) * width) for t in (0.0, 1.5, 3.0, 4.5, 6.0)]
    actors = tuple(
        _actor(rng, cast, _walk(rng, [(t, x + by) for t, by in lean], width * grown, depth))
        for depth, (x, grown) in enumerate(zip(xs, (1, rng.uniform(0.92, 1.08)), strict=True))
    )
    return actors, (), 6.0


def _approaching(rng: Rng, cast: Cast) -> Script:
    """One comes up to the camera; another stands."""
    ends = WAIT_S + rng.uniform(2.5, 4.0)
    far, near = rng.uniform(60, 75), rng.uniform(170, 210)
    keys = ((WAIT_S, 320.0, 190.0, far, 1.0), (ends, 230.0, 230.0, near, 3.0))
    standing = _walk(rng, [(0, 530)], 90, 2)
    return (_actor(rng, cast, Path(keys)), _actor(rng, cast, standing)), (), ends + WAIT_S


def _fast(rng: Rng, cast: Cast) -> Script:
    """One hurries through the whole picture, past one who stands."""
    width = rng.uniform(80, 110)
    speed = rng.uniform(1.5, 2.0) * width
    ends = 1.0 + (CANVAS[0] - 2 * OUT * width) / speed
    walker = _walk(rng, [(1.0, OUT * width), (ends, CANVAS[0] - OUT * width)], width, 2)
    watcher = _walk(rng, [(0, 420)], width * 0.85, 1)
    return (_actor(rng, cast, walker), _actor(rng, cast, watcher)), (), ends + 1.0


def _late(rng: Rng, cast: Cast) -> Script:
    """Two stand; a third comes in, past one of them, and stays between them."""
    width, speed = rng.uniform(75, 95), rng.uniform(110, 170)
    depth = 1 if rng.random() < 0.5 else 3
    comes, there = 2.0, 2.0 + (CANVAS[0] - OUT * width - 320) / speed
    third = _walk(rng, [(comes, CANVAS[0] - OUT * width), (there, 320)], width, depth)
    actors = [_actor(rng, cast, _walk(rng, [(0, x)], width, 2)) for x in (150, 490)]
    return (*actors, _actor(rng, cast, third)), (), there + WAIT_S


def _around(rng: Rng, cast: Cast) -> Script:
    """One passes behind a person who stands, and then in front of that person."""
    width, speed = rng.uniform(80, 105), rng.uniform(110, 180)
    over = WAIT_S + 420 / speed
    back = over + 0.5 + 420 / speed
    y, behind, before = EYE_LEVEL, width * 0.85, width * 1.15
    keys = (
        (WAIT_S, 110.0, y, behind, 1.0),
        (over, 530.0, y, behind, 1.0),
        (over + 0.5, 530.0, y + 10, before, 3.0),
        (back, 110.0, y + 10, before, 3.0),
    )
    still = _walk(rng, [(0, 320)], width, 2)
    return (_actor(rng, cast, still), _actor(rng, cast, Path(keys))), (), back + WAIT_S


def _walk(rng: Rng, places: Sequence[tuple[float, float]], width: float, depth: float) -> Path:
    y = EYE_LEVEL + rng.uniform(-12, 12) + 6 * depth
    return Path(tuple((float(t), float(x), y, width, float(depth)) for t, x in places))


def _actor(rng: Rng, cast: Cast, path: Path) -> Actor:
    return Actor(cast(), path, float(rng.uniform(0, 2 * np.pi)))


def _mirrored(actor: Actor) -> Actor:
    return Actor(actor.person, _mirror(actor.path), actor.phase)


def _mirror(path: Path) -> Path:
    return Path(tuple((t, CANVAS[0] - x, *rest) for t, x, *rest in path.keys))


KINDS: dict[str, Callable[[Rng, Cast], Script]] = {
    "two crossing": _crossing,
    "three crossing": _three_crossing,
    "behind a pillar": _pillar,
    "passed by a thing": _passed_by,
    "back soon": _back_soon,
    "back late": _back_late,
    "side by side": _side_by_side,
    "approaching": _approaching,
    "fast": _fast,
    "late third": _late,
    "behind and in front": _around,
}
