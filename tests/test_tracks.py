"""The measure of following faces, and the truth of the scenes that it is taken on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from edge import models
from edge.detection import Box, Detection, Keypoints
from edge.detectors.blazeface import BlazeFace
from edge.events import Event, FaceArrived, SmileStarted
from edge.pipeline import SeenFace
from edge.read import SmileReader
from tests.command import Lipwire
from tests.conftest import need
from training.trials.actors import Company, Person
from training.trials.scenes import KINDS, script
from training.trials.stage import Actor, Scene, Stage, Thing, TrueFace
from training.trials.stage import Path as Way
from training.trials.tracks import Figures, Measure, Watched, at_most

FPS, SECONDS = 10, 8
ARRIVE_S, LEAVE_S = 0.5, 1.5
WIDTH = 100.0
Places = Callable[[float], dict[int, float]]  # time -> number -> x


def face(x: float) -> Detection:
    eyes = complex(x - 20, 90), complex(x + 20, 90)
    points = Keypoints(*eyes, complex(x, 110), complex(x, 130))
    return Detection(Box(x - WIDTH / 2, 50, WIDTH, WIDTH), points, 1.0)


def watched(
    truth: Places,
    told: Places,
    events: Sequence[tuple[float, Event]] = (),
    visible: Callable[[float, int], float] = lambda t, actor: 1.0,
    off: float = 0.0,
) -> list[Watched]:
    """Frames of a scene in which tracks are told where `told` says."""
    frames = []
    for at in (i / FPS for i in range(FPS * SECONDS)):
        there = [TrueFace(a, face(x), visible(at, a)) for a, x in truth(at).items()]
        seen = [SeenFace(n, face(x).box, True, True, 1.0) for n, x in told(at).items()]
        points = {n: face(x + off).keypoints for n, x in told(at).items()}
        now = tuple(event for when, event in events if when == at)
        frames.append(Watched(at, there, seen, now, points, swept=round(at * FPS) % 2 == 0))
    return frames


def arrives(track: int, at: float = 0.5) -> tuple[float, Event]:
    return at, FaceArrived(face=track, at=at)


def smiles(track: int, at: float) -> tuple[float, Event]:
    return at, SmileStarted(face=track, at=at)


def measured(frames: list[Watched], smiling: Sequence[bool] = (False, False)) -> Figures:
    return Measure(smiling, ARRIVE_S, LEAVE_S)(frames)


def crossing(t: float) -> dict[int, float]:
    return {0: 100 + 50 * t, 1: 500 - 50 * t}


def numbered(t: float) -> dict[int, float]:
    """Perfect tracks: actor 0 is 1, actor 1 is 2."""
    return {actor + 1: x for actor, x in crossing(t).items()}


BOTH = (arrives(1), arrives(2))


def test_perfect_tracks_give_no_errors() -> None:
    figures = measured(watched(crossing, numbered, (*BOTH, smiles(2, 2.0))), (False, True))
    assert (figures.visits, figures.visitors) == (2, 2)
    assert (figures.missed, figures.false_arrivals, figures.ghosts) == (0, 0, 0)
    assert (figures.switches, figures.lost_s, figures.ghost_s) == (0, 0, 0)
    assert (figures.smiles_due, figures.smiles) == (1, 1)
    assert (figures.missed_smiles, figures.false_smiles) == (0, 0)
    assert figures.clear_s == pytest.approx(2 * (SECONDS - 1))
    assert figures.arrival_s == pytest.approx(2 * 0.5)
    assert figures.eye_error == 0


def test_an_exchange_of_numbers_counts_as_two_switches() -> None:
    def exchanged(t: float) -> dict[int, float]:
        one, other = numbered(t).values()
        return {1: one, 2: other} if t < 4 else {1: other, 2: one}

    measure = Measure([False, False], ARRIVE_S, LEAVE_S)
    figures = measure(watched(crossing, exchanged, BOTH))
    assert (figures.switches, figures.taken, figures.lost_s) == (2, 2, 0)
    assert "actor 0 has track 2, which was actor 1's" in measure.notes[0]


def test_a_new_number_in_a_visit_is_a_switch_and_a_false_arrival() -> None:
    def renewed(t: float) -> dict[int, float]:
        one, other = numbered(t).values()
        return {1: one, 2: other} if t < 6 else {3: one, 2: other}

    figures = measured(watched(crossing, renewed, (*BOTH, arrives(3, 6.0))))
    assert (figures.switches, figures.taken) == (1, 0)
    assert (figures.visitors, figures.false_arrivals, figures.ghosts) == (3, 1, 0)


def test_a_lost_second_is_counted() -> None:
    def away(t: float) -> dict[int, float]:
        return {n: x for n, x in numbered(t).items() if n == 1 or not 6 <= t < 7}

    figures = measured(watched(crossing, away, BOTH))
    assert figures.lost_s == pytest.approx(1)
    assert figures.switches == 0


def test_a_track_farther_than_half_a_face_is_nobodys() -> None:
    figures = measured(
        watched(lambda t: {0: 100.0}, lambda t: {1: 160.0 if t >= 5 else 140.0}, [arrives(1)]),
        [False],
    )
    assert figures.lost_s == pytest.approx(3)
    assert figures.ghost_s == pytest.approx(3)


def test_an_arrival_where_nobody_is_is_a_ghost() -> None:
    def haunted(t: float) -> dict[int, float]:
        return {**numbered(t), 3: 900.0} if t >= 2 else numbered(t)

    figures = measured(watched(crossing, haunted, (*BOTH, arrives(3, 2.0), smiles(3, 3.0))))
    assert (figures.visitors, figures.false_arrivals, figures.ghosts) == (3, 1, 1)
    assert figures.ghost_s == pytest.approx(SECONDS - 2)
    assert (figures.smiles, figures.false_smiles) == (1, 1)


def test_a_visitor_whom_nobody_told_of_is_missed() -> None:
    figures = measured(watched(crossing, lambda t: {1: crossing(t)[0]}, [arrives(1)]))
    assert (figures.visits, figures.visitors, figures.missed) == (2, 1, 1)


@pytest.mark.parametrize(("gone_s", "visits", "hidings"), [(1.0, 1, 1), (3.0, 2, 0)])
def test_who_is_away_for_longer_than_the_leaving_time_comes_as_another_visitor(
    gone_s: float, visits: int, hidings: int
) -> None:
    def visible(t: float, actor: int) -> float:
        """It goes out and comes in by and by."""
        return 0.0 if 2 <= t < 2 + gone_s else 0.4 if 1.8 <= t < 2.2 + gone_s else 1.0

    def told(t: float) -> dict[int, float]:
        return {} if 2 <= t < 2 + gone_s else {visits if t > 2 else 1: 100.0}

    come = [arrives(1), arrives(2, 2 + gone_s + 0.5)][:visits]
    figures = measured(watched(lambda t: {0: 100.0}, told, come, visible), [False])
    assert (figures.visits, figures.hidings) == (visits, hidings)
    assert (figures.missed, figures.false_arrivals, figures.switches) == (0, 0, 0)
    assert figures.lost_s == 0


def test_who_is_partly_seen_all_the_while_has_not_left_and_may_be_lost() -> None:
    figures = measured(
        watched(
            lambda t: {0: 100.0},
            lambda t: {} if 2 <= t < 5 else {1: 100.0},
            [arrives(1)],
            lambda t, actor: 0.4 if 2 <= t < 5 else 1.0,
        ),
        [False],
    )
    assert (figures.visits, figures.hidings) == (1, 1)
    assert figures.lost_s == 0


def test_a_number_that_passes_to_somebody_new_is_a_switch_and_a_missed_visitor() -> None:
    def truth(t: float) -> dict[int, float]:
        return {0: 100.0} if t < 4 else {1: 120.0}

    figures = measured(watched(truth, lambda t: {1: 110.0}, [arrives(1)]))
    assert (figures.switches, figures.taken) == (1, 1)
    assert (figures.visits, figures.missed) == (2, 1)


def test_a_smile_too_many_is_false_and_a_smile_too_few_is_missed() -> None:
    twice = [smiles(1, 1.0), smiles(1, 3.0)]
    figures = measured(watched(crossing, numbered, (*BOTH, *twice)), (True, True))
    assert (figures.smiles_due, figures.smiles) == (2, 2)
    assert (figures.false_smiles, figures.missed_smiles) == (1, 1)


def test_eye_errors_are_in_eye_distances_and_told_apart_by_sweeps() -> None:
    figures = measured(watched(crossing, numbered, BOTH, off=4.0))
    assert figures.eye_error / figures.eyes == pytest.approx(0.1)
    assert figures.between_error / figures.between == pytest.approx(0.1)
    assert figures.between == figures.eyes / 2


def test_bounds_are_those_of_rare_events() -> None:
    assert at_most(0) == pytest.approx(3.0, abs=0.01)
    assert at_most(1) == pytest.approx(4.74, abs=0.01)
    assert at_most(100) == pytest.approx(118.1, abs=0.1)


def person() -> Person:
    """A white cut-out as wide as a head."""
    picture = np.zeros((250, 260, 4), np.uint8)
    picture[:, 80:180] = 255
    still = Detection(Box(80, 80, 100, 100), face(130).keypoints, 1.0)
    return Person("white", (picture,), (still,), 1.0, False)


def test_the_truth_says_how_much_of_a_face_is_left_by_those_in_front_of_it() -> None:
    def standing(x: float, depth: float) -> Way:
        return Way(((0.0, x, 240.0, 100.0, depth),))

    actors = (Actor(person(), standing(200, 1)), Actor(person(), standing(260, 2)))
    edge = Actor(person(), standing(640, 1))
    pillar = Thing(standing(480, 3))
    hidden = Actor(person(), standing(480, 1))
    scene = Scene("test", 0, 1.0, (*actors, edge, hidden), (pillar,))
    image, truth = Stage(scene, 640, 480)(0.0)
    assert image.shape == (480, 640, 3)
    shares = {face.actor: face.visible for face in truth}
    assert shares[0] == pytest.approx(0.6, abs=0.06)
    assert shares[1] == pytest.approx(1.0, abs=0.03)
    assert shares[2] == pytest.approx(0.5, abs=0.06)
    assert shares[3] == pytest.approx(0.0, abs=0.06)


def data() -> Path:
    folder = Path(os.environ.get("LIPWIRE_DATA", "nowhere"))
    missing = not (folder / "grid").is_dir() or not (folder / "genki4k").is_dir()
    need("data", missing, "set LIPWIRE_DATA to the folder that holds grid/ and genki4k/")
    return folder


def test_the_detector_finds_composed_faces_where_the_truth_says(face_model: Path) -> None:
    detector = BlazeFace(face_model)
    reader = SmileReader(models.shipped("smile"))
    company = Company(data() / "grid", data() / "genki4k", detector, reader)
    clear = found = 0
    for kind in KINDS:
        scene = script(kind, 0, company)
        stage = Stage(scene, 640, 480)
        for at in np.arange(0.5, scene.length_s, 0.5):
            image, truth = stage(float(at))
            eyes = [d.keypoints.right_eye for d in detector(image)]
            for true in truth:
                if true.visible > 0.95:
                    points = true.face.keypoints
                    clear += 1
                    near = (abs(eye - points.right_eye) < points.eye_distance / 2 for eye in eyes)
                    found += any(near)
    assert clear > 200
    assert found > 0.9 * clear


def test_a_scene_is_the_same_for_the_same_seed(face_model: Path) -> None:
    pictures = []
    for seed in (1, 1, 2):
        reader = SmileReader(models.shipped("smile"))
        company = Company(data() / "grid", data() / "genki4k", BlazeFace(face_model), reader)
        image, _ = Stage(script("two crossing", seed, company), 320, 240)(2.0)
        pictures.append(image)
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != pictures[2]).any()


def test_the_command_measures_and_shows_scenes(ready: Lipwire, tmp_path: Path) -> None:
    folder = data()
    done = ready(
        *("evaluate", "tracks", "--grid", folder / "grid", "--genki", folder / "genki4k"),
        *(
            "--seeds",
            "1",
            "--first-seed",
            "0",
            "--kind",
            "side by side",
            "--detect-interval",
            "2",
            "--fps",
            "15",
        ),
        *("--show", tmp_path / "films", "--json", "-"),
    )
    report = json.loads(done.stdout)
    assert (report["detect_interval"], report["fps"]) == (2, 15)
    assert (report["all"]["scenes"], report["all"]["faces"], report["all"]["visits"]) == (1, 2, 2)
    assert report["kinds"]["side by side"] == report["all"]
    assert (tmp_path / "films/side-by-side-0.mp4").stat().st_size > 10_000


def test_unusable_options_are_refused_in_one_line(ready: Lipwire, tmp_path: Path) -> None:
    for options, said in (
        (("--kind", "dancing"), "no scenes 'dancing'"),
        (("--seeds", "0"), "at least 1"),
        ((), "no GRID clips"),
    ):
        line = ready.complaint("evaluate", "tracks", "--grid", tmp_path, *options)
        assert said in line
