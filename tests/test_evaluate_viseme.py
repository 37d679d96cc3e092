"""`lipwire evaluate viseme`: from pictures and clips of mouths to figures."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import models
from edge.crop import MOUTH, crop
from edge.detectors.blazeface import BlazeFace
from edge.errors import ModelError, SettingsError, SourceError
from edge.frame import Image
from edge.shapes import SHAPES
from edge.votes import Ballot, Counter, Counting
from tests.command import Lipwire
from tests.conftest import complaint, need
from tests.mouths import (
    GAPS,
    always,
    one,
    telling,
    write_clips,
    write_keypoints,
    write_two_classes,
    write_viseme,
)
from tests.sets import drawn, write_genki, write_picture, write_text
from training.datasets import Options, Picture
from training.evaluate import clips as evaluating_clips
from training.evaluate.asked import Extras
from training.evaluate.clips import Frames, evaluate_clips
from training.evaluate.figures import interval_by_group, interval_over_groups
from training.evaluate.geometry import MEASURES, Regression, beside, measures
from training.evaluate.mouth_readers import Files, load_mouth_reader
from training.evaluate.mouths import Answers, counted
from training.evaluate.opened import Told, Truth, open_figures
from training.evaluate.shakes import SHAKES, Shake
from training.evaluate.shapes import NONE, balanced, shape_figures, told_of
from training.evaluate.viseme import evaluate
from training.evaluate.viseme_lines import table
from training.faces import main_face
from training.masks import CLOSED, OPEN, mask
from training.prepare.mesh import POINTS, Mesh

NAN = math.nan


@pytest.fixture
def keypoints(tmp_path: Path) -> Path:
    return write_keypoints(tmp_path / "keypoints")


@pytest.fixture
def ffmpeg() -> None:
    need("ffmpeg", shutil.which("ffmpeg") is None, "apt install ffmpeg")


@pytest.fixture
def real_keypoints() -> Path:
    folder = Path(os.environ.get("LIPWIRE_DATA", "nowhere")) / "keypoints"
    need("data", not folder.is_dir(), "set LIPWIRE_DATA to the folder that holds keypoints/")
    return folder


@pytest.fixture
def mesh(fetched: Path) -> Mesh:
    return Mesh(fetched)


def truth_of(gaps: list[float], people: list[int]) -> Truth:
    measured = np.array(gaps)
    clear = (measured <= 0.04) | (measured >= 0.15)
    return Truth(measured, measured > 0.095, np.isfinite(measured), clear, np.array(people))


def test_open_and_closed_figures_of_a_known_case() -> None:
    truth = truth_of([0.0, 0.04, 0.09, 0.1, 0.15, 0.3, 0.3], [0, 0, 1, 1, 2, 2, 2])
    openings = [0.01, 0.2, 0.12, 0.05, 0.16, 0.4, NAN]
    told = Told(np.array(openings), np.full(7, 0.1))
    figures = open_figures(told, truth, always(0))
    # Clear are the first two and the last three: one is told wrong, one is not found.
    assert (figures["n_clear"], figures["undetected"]) == (5, 1)
    assert figures["open_closed_accuracy"] == figures["accuracy"] == 0.6
    assert figures["balanced_accuracy"] == round((1 / 2 + 2 / 3) / 2, 4)
    assert figures["confusion"]["counts"] == [[1, 1], [0, 2]]
    assert figures["confusion"]["undetected"] == [0, 1]
    # Of those found, open ones (gap over 0.095) told 0.05, 0.16, 0.4; others 0.01, 0.2, 0.12.
    assert figures["auc"] == round(6 / 9, 4)
    assert figures["auc_clear"] == 0.75
    found = np.isfinite(told.openings)
    expected = np.corrcoef(told.openings[found], truth.gaps[found])[0, 1]
    assert figures["gap_correlation"] == pytest.approx(expected, abs=1e-4)
    assert [part["n"] for part in figures["openings"]] == [1, 1, 1, 1, 1, 1]
    assert figures["open_gap"] == 0.095


def test_each_answer_has_the_threshold_of_its_own_model() -> None:
    truth = truth_of([0.0, 0.3, 0.3], [0, 1, 2])
    openings = np.full(3, 0.1)
    assert Told(openings, np.array([0.05, 0.05, 0.2])).right(truth).tolist() == [False, True, False]


def test_answers_of_one_kind_have_no_area_and_no_correlation() -> None:
    truth = truth_of([0.2, 0.3], [0, 1])
    figures = open_figures(Told(np.array([0.1, NAN]), np.full(2, 0.05)), truth, always(0))
    assert figures["auc"] is figures["auc_interval"] is figures["gap_correlation"] is None


def test_labels_say_open_or_closed_where_no_points_do() -> None:
    shapes = [OPEN, CLOSED, mask("wide_open"), mask("narrow"), mask("puckered"), None]
    truth = Truth.of([Picture(Path(str(n)), shapes=shape) for n, shape in enumerate(shapes)])
    assert truth.clear.tolist() == truth.known.tolist() == [True, True, True, False, False, False]
    assert truth.opened[:3].tolist() == [True, False, True]
    assert np.isnan(truth.gaps).all()
    assert len(set(truth.groups.tolist())) == len(shapes)


def test_an_interval_over_people_is_that_of_their_mean() -> None:
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(40), 25)
    values = rng.random(40)[people] + 0.1 * rng.random(len(people))
    plain = interval_by_group(values, people)
    figure = interval_over_groups(lambda rows: float(values[rows].mean()), people)
    assert figure == pytest.approx(plain, abs=0.02)
    assert figure[1] - figure[0] > 0.1


def test_shapes_weigh_the_same_and_a_mouth_that_is_not_found_is_wrong() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 5])
    logits = np.eye(6)[[0, 0, 0, 1, 1, 2, 5]]
    logits[1] = NAN
    told = told_of(logits)
    assert told.tolist() == [0, NONE, 0, 1, 1, 2, 5]
    assert balanced(told, truth) == pytest.approx((2 / 4 + 1 / 2 + 1) / 3)
    figures = shape_figures(logits, truth, np.arange(7))
    assert figures["undetected"] == 1
    assert figures["per_class"]["closed"] == {"n": 4, "accuracy": 0.5}
    assert set(figures["per_class"]) == {"closed", "narrow", "puckered"}
    assert figures["confusion"]["counts"][0] == [2, 1, 0, 0, 0, 0]
    assert figures["confusion"]["undetected"] == [1, 0, 0, 0, 0, 0]
    assert sum(part["n"] for part in figures["reliability"]) == 6
    assert figures["accuracy"] == round(4 / 7, 4)


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_votes_are_counted_as_on_the_device(ahead: int) -> None:
    rng = np.random.default_rng(3)
    votes, frames = rng.normal(size=(20, 5, 6)), np.arange(20)
    answers = Answers(rng.random(20), votes, np.full(20, "clip"), frames)
    logits = counted(answers, ahead) / 1.7
    moments = (-0.08, -0.04, 0.0, 0.04, 0.08)
    counter, shown = Counter(Counting(moments, ahead / 25, 1.7)), {}
    for frame in frames:
        at, seen = counter(100 + frame / 25, Ballot(0.1, votes[frame]))
        shown[round(25 * (at - 100))] = seen.weights
    scores = np.exp(logits)
    scores /= scores.sum(axis=1, keepdims=True)
    alone = {0} if ahead == 0 else set()  # all votes of the first picture are for itself
    assert set(shown) == set(range(20 - ahead))
    for frame in set(shown) - alone:
        assert shown[frame] == pytest.approx(scores[frame].tolist())


def test_frames_to_come_vote_only_as_far_as_they_are_waited_for() -> None:
    votes = np.zeros((4, 5, 6))
    votes[3, 0, 2] = votes[2, 1, 1] = 1.0  # for two frames before, and for the one before
    answers = Answers(np.zeros(4), votes, np.array(["a", "a", "a", "a"]), np.arange(4))
    assert [counted(answers, ahead)[1].tolist() for ahead in (0, 1, 2)] == [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 0],
    ]
    other = replace(answers, clips=np.array(["a", "a", "b", "b"]))
    assert not counted(other, 2)[1].any()


def test_a_frame_without_a_face_gives_no_votes_and_gets_no_answer() -> None:
    told = np.ones((3, 1 + 5 * 6))
    told[1] = NAN
    seen = Frames(
        np.array(["a", "a", "a"]), np.arange(3), np.zeros(3, int), np.zeros(3, int), told, told
    )
    logits = evaluating_clips._logits(seen, telling(lambda: [], moments=5), 2)
    assert np.isnan(logits[1]).all()
    # Its own vote and that of the frame two beside it, but none of the one between them.
    assert logits[0].tolist() == logits[2].tolist() == [2.0] * 6


def test_the_lips_of_the_mesh_are_measured_in_eye_distances() -> None:
    points = np.zeros((2, POINTS, 2))
    for corner, x in ((33, -60), (133, -40), (362, 40), (263, 60)):
        points[:, corner] = x, 0
    for number, place in {
        13: 95,
        82: 95,
        312: 95,
        14: 105,
        87: 105,
        317: 105,
        0: 90,
        17: 115,
    }.items():
        points[:, number] = 0, place
    points[:, 78], points[:, 308] = (-15, 100), (15, 100)
    points[:, 61], points[:, 291] = (-20, 100), (20, 100)
    points[1] *= 3
    for row in measures(points):
        assert row.tolist() == pytest.approx([0.1, 0.3, 0.25, 0.4])


def test_neighbours_are_of_the_same_clip_and_were_seen() -> None:
    values = np.array([[1.0], [2.0], [NAN], [4.0], [5.0]])
    near = beside(values, np.array(["a", "a", "a", "a", "b"]), np.array([0, 1, 2, 3, 4]))
    assert near[0].tolist() == [1, 1, 1, 2, 1]
    assert near[1].tolist() == [2, 1, 2, 2, 4]
    assert near[4].tolist() == [5, 5, 5, 5, 5]
    assert np.isnan(near[2][2])


def test_the_regression_finds_shapes_that_can_be_told_apart() -> None:
    rng = np.random.default_rng(5)
    truth = np.repeat(np.arange(6), (500, 20, 20, 20, 20, 20))  # one far more often than others
    places = np.array([[0, 0], [3, 0], [0, 3], [-3, 0], [0, -3], [4, 4]])
    values = places[truth] + rng.normal(0, 0.4, (len(truth), 2))
    fitted = Regression.fitted(values, truth)
    assert balanced(fitted(values), truth) > 0.95
    values[0, 1] = NAN
    assert fitted(values)[0] == NONE
    # Few that lie among many are not given up for them.
    among = np.repeat([0, 1], (900, 30))
    line = (rng.normal(0, 1, 930) + 1.5 * among)[:, None]
    told = Regression.fitted(line, among)(line)
    assert min((told[among == 1] == 1).mean(), (told[among == 0] == 0).mean()) > 0.5
    # The squares tell what lies around from what lies in the middle.
    ring = np.exp(2j * np.pi * rng.random(400)) * np.repeat([0.2, 2.0], 200)
    inside = np.repeat([0, 1], 200)
    values = np.stack([ring.real, ring.imag], axis=1)
    assert balanced(Regression.fitted(values, inside)(values), inside) > 0.95


def test_a_shaken_crop_shows_the_same_face_elsewhere(detector: BlazeFace) -> None:
    image = drawn(smile=True)
    face = main_face(detector, image)
    assert face
    plain = crop(image, face.keypoints, MOUTH)
    assert plain is not None
    shaken = {(shake.slice, shake.value): looked(shake, image, detector) for shake in SHAKES}
    size = MOUTH.size
    for value, (x, y) in {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}.items():
        by = 0.08 * size
        expected = cv2.warpAffine(plain, np.array([[1, 0, x * by], [0, 1, y * by]]), (size, size))
        assert difference(shaken["crop shifted", value], expected) < 2
        assert difference(shaken["crop shifted", value], plain) > 4
    for degrees in (-15, 15):
        middle = ((size - 1) / 2, (size - 1) / 2)
        turn = cv2.getRotationMatrix2D(middle, -degrees, 1)  # its angles go the other way
        expected = cv2.warpAffine(plain, turn, (size, size))
        assert difference(shaken["crop turned", str(degrees)], expected) < 2.5
        assert difference(shaken["crop turned", str(-degrees)], expected) > 4


def looked(shake: Shake, image: Image, detector: BlazeFace) -> Image:
    _, points = shake.look(image, main_face(detector, image), MOUTH, detector)
    assert points
    cut = crop(image, points, MOUTH)
    assert cut is not None
    return cut


def difference(one: Image, other: Image) -> float:
    """Of the middles, which the border does not reach."""
    inner = slice(MOUTH.size // 5, -MOUTH.size // 5)
    return float(np.abs(one[inner, inner].astype(float) - other[inner, inner]).mean())


def test_undetected_faces_count_as_wrong(tmp_path: Path, detector: BlazeFace) -> None:
    root = write_keypoints(tmp_path / "keypoints", unseen=1)
    figures = evaluate("keypoints68", root, one(always(0.5)), detector)
    # All but the ambiguous one are clear, and three of five open; one of these is not found.
    assert (figures["n"], figures["n_clear"], figures["undetected"]) == (6, 5, 1)
    assert figures["accuracy"] == 0.4
    assert figures["protocol"] == "one file, all pictures"
    assert "shapes" not in figures


def test_every_fold_is_scored_by_its_own_file(keypoints: Path, detector: BlazeFace) -> None:
    own = {0: always(0.5), 1: always(0.01)}
    files = Files("run", "folds", own.__getitem__)
    figures = evaluate("keypoints68", keypoints, files, detector)
    assert (figures["protocol"], figures["trained_on"]) == ("folds", False)
    # Fold 0 has the gaps 0, 0.3, 0.1 and 0.25, all told open; fold 1 0.02 and 0.2, told closed.
    assert [fold["n"] for fold in figures["per_fold"]] == [4, 2]
    assert [fold["accuracy"] for fold in figures["per_fold"]] == [round(2 / 3, 4), 0.5]
    assert figures["accuracy"] == 0.6
    mixed = Files("run", "folds", {0: always(0.5), 1: telling(lambda: [], 5)}.__getitem__)
    line = complaint(lambda: evaluate("keypoints68", keypoints, mixed, detector), ModelError)
    assert "not of a kind" in line


@pytest.mark.parametrize("learned", ["keypoints68", "smiles"])
def test_a_file_that_knows_the_people_says_so(
    keypoints: Path, detector: BlazeFace, learned: str
) -> None:
    reader = telling(lambda: [0.2] + [0.0] * 6, sources=(learned,))
    assert evaluate("keypoints68", keypoints, one(reader), detector)["trained_on"] is True
    line = complaint(
        lambda: evaluate("keypoints68", keypoints, one(reader, "cross"), detector), SettingsError
    )
    assert "learned from keypoints68" in line
    stranger = telling(lambda: [0.2] + [0.0] * 6, sources=("fer2013",))
    figures = evaluate("keypoints68", keypoints, one(stranger, "cross"), detector)
    assert (figures["trained_on"], figures["protocol"]) == (False, "cross")


def test_slices_stand_beside_the_pictures_as_they_are(keypoints: Path, detector: BlazeFace) -> None:
    figures = evaluate("keypoints68", keypoints, one(always(0.5)), detector, Extras(slices=True))
    rows = {(row["slice"], row["value"]): row for row in figures["slices"]}
    for light in ("0.4", "0.6", "1.5", "2"):
        assert rows["brightness", light]["as_it_is"] == 0.6
    for value in ("left", "right", "up", "down"):
        assert rows["crop shifted", value]["n"] == 5
    assert rows["crop turned", "-15"]["accuracy"] == rows["crop turned", "15"]["accuracy"] == 0.6
    assert {name for name, _ in rows} >= {"yaw", "roll", "face width", "luma", "cheek brightness"}
    assert "as_it_is" not in rows["yaw", next(value for name, value in rows if name == "yaw")]
    assert "crop turned: what the model sees turned" in table(figures)


def test_the_detector_is_not_asked_again_for_a_shaken_crop(
    keypoints: Path, detector: BlazeFace
) -> None:
    """A bright corner in the picture moves in the crop, which a found face would undo."""
    cuts: list[Image] = []
    reader = always(0.5)

    def keeping(faces: np.ndarray) -> np.ndarray:
        cuts.extend(faces)
        return reader.answers(faces)

    watched = replace(reader, answers=keeping)
    evaluate("keypoints68", keypoints, one(watched), detector, Extras(slices=True))
    plain, turned = cuts[: len(GAPS)], cuts[-len(GAPS) :]
    assert all(difference(a, b) > 4 for a, b in zip(plain, turned, strict=True))


def test_own_pictures_are_scored_by_their_labels(tmp_path: Path, detector: BlazeFace) -> None:
    for number, name in enumerate(("ope.00001.png", "clo.00001.png", "rounded.00001.png")):
        write_picture(tmp_path / "own" / name, number=number)
    told = iter([0.01, 0.2, 0.3])  # in the order of their names: clo, ope, rounded
    shapes = iter(["narrow", "open", "rounded"])
    reader = telling(
        lambda: [next(told), *(float(name == shape) for shape in [next(shapes)] for name in SHAPES)]
    )
    options = Options()
    extras = Extras(options=options)
    figures = evaluate("labelled-pictures", tmp_path / "own", one(reader), detector, extras)
    assert (figures["n"], figures["accuracy"], figures["auc"]) == (3, 1.0, 1.0)
    assert figures["gap_correlation"] is None
    assert figures["clear_gaps"] is None
    # The label `ope` allows several shapes; of the others one is told right.
    assert (figures["shapes"]["n"], figures["shapes"]["balanced_accuracy"]) == (2, 0.5)
    assert "the six shapes: n = 2" in table(figures)


def test_a_classifier_of_open_and_closed_is_scored_by_its_probability(
    keypoints: Path, detector: BlazeFace, tmp_path: Path
) -> None:
    reader = load_mouth_reader(write_two_classes(tmp_path / "tf.tflite"))
    assert (reader.moments, reader.width, reader.threshold) == (0, 1, 0.5)
    figures = evaluate("keypoints68", keypoints, one(reader), detector)
    assert figures["gap_correlation"] is None
    assert sum(part["n"] for part in figures["reliability"]) == figures["n_clear"]
    assert figures["auc"] is not None


def test_clips_are_scored_frame_by_frame_beside_baselines(
    tmp_path: Path, detector: BlazeFace, mesh: Mesh, ffmpeg: None
) -> None:
    root = write_clips(tmp_path / "grid")
    spoken = iter(spoken_shapes() * 2)
    reader = telling(
        lambda: [0.1, *(float(shape == next_) for next_ in [next(spoken)] for shape in SHAPES)]
    )
    figures = evaluate_clips(root, one(reader), detector, mesh)
    assert (figures["dataset"], figures["fold"], figures["clips"]) == ("grid", 0, 2)
    # Five frames of each of six phones in two clips; silence and S do not count.
    assert figures["n"] == 60
    assert {shape: each["n"] for shape, each in figures["per_class"].items()} == dict.fromkeys(
        SHAPES, 10
    )
    assert figures["balanced_accuracy"] == figures["accuracy"] == 1.0
    assert figures["look_ahead_s"] == 0.08
    assert [each["seconds"] for each in figures["look_aheads"]] == [0, 0.04, 0.08]
    baselines = figures["baselines"]
    assert baselines["closed"]["balanced_accuracy"] == round(1 / 6, 4)
    assert baselines["closed"]["gain"] == round(5 / 6, 4)
    assert set(baselines) == {"closed", "geometry", "geometry_near"}
    # The drawn faces of all clips move alike, so that neighbours tell the other clips all.
    assert (
        baselines["geometry_near"]["balanced_accuracy"] > baselines["closed"]["balanced_accuracy"]
    )
    assert "all_clips" not in figures
    assert "always closed" in table(figures)


def spoken_shapes() -> list[str]:
    """What each needed frame of a clip shows: from two before B to two after EH."""
    order = ("closed", "narrow", "wide_open", "rounded", "puckered", "open")
    shapes = [shape for shape in order for _ in range(5)]
    return ["closed"] * 2 + shapes + ["open"] * 2


def test_without_grid_all_clips_are_scored_beside_the_fold(
    tmp_path: Path, detector: BlazeFace, mesh: Mesh, ffmpeg: None
) -> None:
    root = write_clips(tmp_path / "grid")
    figures = evaluate_clips(root, one(always(0.1, "closed"), "cross"), detector, mesh)
    assert (figures["n"], figures["all_clips"]["n"]) == (60, 90)
    assert (figures["clips"], figures["all_clips"]["clips"]) == (2, 3)
    assert figures["all_clips"]["balanced_accuracy"] == round(1 / 6, 4)
    assert "all clips: n = 90" in table(figures)
    learned = telling(lambda: [0.0] * 7, sources=("grid",))
    line = complaint(
        lambda: evaluate_clips(root, one(learned, "cross"), detector, mesh), SettingsError
    )
    assert "learned from grid" in line
    assert evaluate_clips(root, one(learned), detector, mesh)["trained_on"] is True


def test_clips_that_cannot_be_scored_are_refused(
    tmp_path: Path, detector: BlazeFace, mesh: Mesh, ffmpeg: None
) -> None:
    root = write_clips(tmp_path / "grid", 1, (1,))
    line = complaint(lambda: evaluate_clips(root, one(always(0)), detector, mesh), SourceError)
    assert "no phones that count in fold 0" in line
    two = load_mouth_reader(write_two_classes(tmp_path / "tf.tflite"))
    line = complaint(lambda: evaluate_clips(root, one(two), detector, mesh), SettingsError)
    assert "tells closed and open" in line


def test_sets_that_say_nothing_of_mouths_are_refused(tmp_path: Path, detector: BlazeFace) -> None:
    genki = write_genki(tmp_path / "genki")
    line = complaint(lambda: evaluate("genki4k", genki, one(always(0)), detector), SettingsError)
    assert line.startswith("genki4k does not say how mouths are; these do: keypoints68")
    line = complaint(lambda: evaluate("keypoints68", genki, one(always(0)), detector), SourceError)
    assert "not keypoints68" in line
    write_keypoints(tmp_path / "unclear", (0.1, 0.09))
    line = complaint(
        lambda: evaluate("keypoints68", tmp_path / "unclear", one(always(0)), detector),
        SettingsError,
    )
    assert "clearly open or closed" in line


def test_own_pictures_have_no_folds(tmp_path: Path, detector: BlazeFace) -> None:
    write_picture(tmp_path / "own/ope.00001.png")
    files = one(always(0), "folds")
    line = complaint(
        lambda: evaluate("labelled-pictures", tmp_path / "own", files, detector), SettingsError
    )
    assert line == "labelled-pictures has no folds: use --model FILE or --part cross"


def test_the_command_prints_json_and_refuses_in_one_line(
    ready: Lipwire, keypoints: Path, tmp_path: Path
) -> None:
    asked = ("evaluate", "viseme", "--dataset", "keypoints68", "--root", keypoints)
    done = ready(*asked, "--json", "-")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    needed = {"task", "dataset", "n", "model", "trained_on", "accuracy", "interval"}
    needed |= {"open_closed_accuracy", "auc", "gap_correlation", "undetected"}
    assert figures.keys() >= needed
    assert (figures["n"], figures["trained_on"]) == (len(GAPS), True)
    run = tmp_path / "run"
    run.mkdir()
    for fold in (0, 1):
        write_viseme(run / f"fold{fold}.tflite", ("keypoints68",))
    done = ready(*asked, "--run", run, "--json", tmp_path / "figures.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "figures.json").read_text())["trained_on"] is False
    assert "open_closed_accuracy" in done.stdout
    (run / "fold1.tflite").unlink()
    assert "fold1.tflite: no such model file" in ready.complaint(*asked, "--run", run)
    said = ready.complaint(*asked, "--model", models.shipped("smile"))
    assert "made for smile, not for viseme" in said
    assert "no such folder" in ready.complaint(*asked[:-1], tmp_path / "nowhere")
    said = ready.complaint(*asked[:3], "grid", "--root", keypoints, "--slices")
    assert "--slices and --only are for pictures" in said


def test_the_command_scores_clips_with_the_shipped_model(
    ready: Lipwire, tmp_path: Path, ffmpeg: None
) -> None:
    root = write_clips(tmp_path / "grid", 2, (0, 1))
    done = ready("evaluate", "viseme", "--dataset", "grid", "--root", root, "--json", "-")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    needed = {"task", "dataset", "n", "model", "trained_on", "accuracy", "interval"}
    needed |= {"balanced_accuracy", "baselines", "confusion"}
    assert figures.keys() >= needed
    assert (figures["n"], figures["undetected"]) == (30, 0)
    assert sum(map(sum, figures["confusion"]["counts"])) == 30


def test_the_measures_are_as_many_as_is_said() -> None:
    assert measures(np.ones((1, POINTS, 2)) * np.arange(POINTS)[:, None]).shape == (1, MEASURES)


def test_real_mouths_of_the_set_are_told_apart(
    tmp_path: Path, real_keypoints: Path, detector: BlazeFace
) -> None:
    with (real_keypoints / "keypoints.csv").open() as file:
        head, *rows = csv.reader(file)
    few = rows[::70]
    write_text(tmp_path / "few/keypoints.csv", (",".join(row) for row in (head, *few)))
    (tmp_path / "few/faces").mkdir()
    for name, *_ in few:
        shutil.copy(real_keypoints / "faces" / name, tmp_path / "few/faces")
    files = Files.one(models.shipped("viseme"))
    figures = evaluate("keypoints68", tmp_path / "few", files, detector)
    assert figures["n"] == len(few)
    assert figures["undetected"] <= 1
    assert figures["auc"] > 0.75


@pytest.mark.training
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_keras_models_of_a_run_are_read_as_their_int8_files_are(tmp_path: Path) -> None:
    from training.zoo import viseme_small, viseme_tf

    config = {"recipe": {"crop": "aligned-mouth"}, "sources": [{"dataset": "keypoints68"}]}
    (tmp_path / "config.json").write_text(json.dumps({"task": "viseme", **config}))
    model = viseme_small.build(width=25)
    model.save(tmp_path / "fold0.keras")
    reader = load_mouth_reader(tmp_path / "fold0.keras")
    assert (reader.moments, reader.width) == (5, 31)
    assert reader.crop_kind == replace(MOUTH, size=48)
    assert (reader.sources, reader.threshold) == ({"keypoints68": ""}, 0.095)
    faces = np.random.default_rng(1).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    raw = model.predict(faces[..., None] / 255, verbose=0)
    told = reader.answers(faces)
    assert told[:, 0] == pytest.approx(raw[:, 0] / 10, abs=1e-5)  # tenths of the eye distance
    assert told[:, 1:] == pytest.approx(raw[:, 1:], abs=1e-4)
    viseme_tf.build().save(tmp_path / "fold1.keras")
    reader = load_mouth_reader(tmp_path / "fold1.keras")
    assert (reader.moments, reader.threshold, reader.crop_kind) == (0, 0.5, MOUTH)
    probabilities = reader.answers(np.zeros((2, 64, 64), np.uint8))
    assert ((probabilities > 0) & (probabilities < 1)).all()
    config_of_smiles = json.dumps({"task": "smile", **config})
    (tmp_path / "config.json").write_text(config_of_smiles)
    line = complaint(lambda: load_mouth_reader(tmp_path / "fold1.keras"), ModelError)
    assert "a run for smile, not for viseme" in line
