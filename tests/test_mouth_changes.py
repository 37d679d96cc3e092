"""Changes of a mouth: readings, rules tried on them, the choice of rules, and the command."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import cli, models
from edge.assemble import assemble
from edge.cameras.demo import DemoCamera
from edge.description import read
from edge.detectors.blazeface import BlazeFace
from edge.errors import CheckFailed, ModelError, SettingsError, SourceError
from edge.mouth import MouthRules
from edge.profiles import Profile, load
from edge.shapes import SHAPES
from edge.votes import Counting
from tests.conftest import complaint
from tests.stills import genki, grid
from training.phones import Spoken
from training.trials import mouth_choice, mouth_films
from training.trials.ballots import AT_ONCE, Reading, Readings, record
from training.trials.mouth_changes import own_rules, table
from training.trials.mouth_choice import Half, Outcome, Rules, choose, outcomes
from training.trials.mouth_films import MouthFilms, Stills, recorded
from training.trials.mouth_replay import (
    Change,
    count,
    delays,
    in_silence,
    informed,
    phone_delays,
    scored_frames,
    shapes_at,
    told,
)

FPS = 25
MOMENTS = (-0.08, -0.04, 0.0, 0.04, 0.08)
HOW = Counting(MOMENTS, 0.0, 1.0)
AHEAD = replace(HOW, ahead_s=0.04)
QUICK = MouthRules(smoothing_s=0.0, hold_s=0.08, margin=0.3, still_margin=0.0)
SMALL = "about = 'small'\nwidth = 320\nheight = 240\n"
CLOSED, NARROW, OPEN, WIDE, ROUNDED, PUCKERED = range(len(SHAPES))


def reading(*script: tuple[int, int], sure: float = 4.0, film: str = "film") -> Reading:
    """So many frames of each shape, every vote for the shape of the moment it is about."""
    shapes = np.repeat([shape for shape, _ in script], [frames for _, frames in script])
    frames = np.arange(len(shapes))
    about = frames[:, None] + np.round(np.array(MOMENTS) * FPS).astype(int)
    votes = sure * np.eye(len(SHAPES))[shapes[about.clip(0, len(shapes) - 1)]]
    return Reading("talk", film, True, 1.0, frames / FPS, np.full(len(shapes), 0.03), votes)


def still(leads: float, noise: float, seed: int = 0, film: str = "still") -> Reading:
    """A face whose mouth is closed by so much, and a noise in its votes, for 10 s."""
    steady = reading((CLOSED, 10 * FPS), sure=0.0, film=film)
    votes = np.random.default_rng(seed).normal(0, noise, steady.votes.shape)
    votes[:, :, CLOSED] += leads
    return replace(steady, kind="still", votes=votes)


def spoken(*script: tuple[str, float], agrees: bool = True) -> list[Spoken]:
    """Phones, and how many seconds each of them takes."""
    ends = np.cumsum([seconds for _, seconds in script]).round(6).tolist()
    starts = [0.0, *ends[:-1]]
    names = [phone for phone, _ in script]
    return [Spoken(*each, agrees) for each in zip(names, starts, ends, strict=True)]


# Rules on readings


@pytest.mark.parametrize(
    ("how", "smoothing_s", "frames"), [(HOW, 0.0, 0), (AHEAD, 0.0, 1), (HOW, 0.04, 1)]
)
def test_a_step_is_told_as_late_as_look_ahead_and_smoothing_make_it(
    how: Counting, smoothing_s: float, frames: int
) -> None:
    """It shows between two frames, at the second of which it can be told at the soonest."""
    step = reading((CLOSED, 20), (OPEN, 20))
    tells = told(count(step, how), replace(QUICK, smoothing_s=smoothing_s))
    assert [change.shape for change in tells] == [CLOSED, OPEN]
    assert tells[1].at == pytest.approx((20 + frames) / FPS)
    assert informed(step, how)[1].at == pytest.approx(19.5 / FPS, abs=1e-6)
    assert delays(informed(step, how), tells) == [pytest.approx((0.5 + frames) / FPS, abs=1e-6)]


def test_how_much_smoothing_delays_follows_from_its_time_constant() -> None:
    """The lead of the new shape goes from -1 to 1 in a frame, and is smoothed by e to the -1."""
    lag = 2 - 2 * math.exp(-1)  # after the frame that changes, it is so far from 1
    after = [1 - lag * math.exp(-number) for number in range(3)]
    margins = [(low + high) / 2 for low, high in pairwise(after)]
    step = reading((CLOSED, 20), (OPEN, 20), sure=20.0)
    for number, margin in enumerate(margins):
        rules = replace(QUICK, smoothing_s=0.04, margin=margin)
        assert told(count(step, HOW), rules)[1].at == pytest.approx((21 + number) / FPS)


def test_noise_changes_no_still_face_that_the_margin_protects() -> None:
    in_doubt = count(still(leads=0.15, noise=0.5), AHEAD)
    assert len(told(in_doubt, replace(QUICK, margin=0.0))) > 10
    assert len(told(in_doubt, replace(QUICK, margin=0.8))) == 1
    sure = count(still(leads=2.0, noise=0.5), AHEAD)
    assert len(told(sure, QUICK)) == 1


def test_a_flicker_is_no_change_of_what_is_shown() -> None:
    flicker = reading((CLOSED, 10), (OPEN, 1), (CLOSED, 10), (OPEN, 2), (ROUNDED, 10))
    changes = informed(flicker, HOW)
    assert [change.shape for change in changes] == [CLOSED, OPEN, ROUNDED]
    assert changes[1].at == pytest.approx(20.5 / FPS, abs=1e-3)
    assert informed(replace(flicker, at=flicker.at[:0], votes=flicker.votes[:0]), HOW) == []


def test_what_is_shown_is_known_by_all_votes_whatever_is_looked_ahead() -> None:
    """A picture that cannot tell leaves it to those before and after."""
    blind = reading((CLOSED, 10), (OPEN, 10), (CLOSED, 10))
    blind.votes[14] = 0
    assert [c.shape for c in informed(blind, HOW)] == [CLOSED, OPEN, CLOSED]
    assert informed(blind, HOW) == informed(blind, AHEAD)


def test_what_is_told_is_late_early_or_not_told() -> None:
    shown = [Change(0, CLOSED), Change(1, OPEN), Change(2, CLOSED), Change(3, OPEN)]
    tells = [Change(0, CLOSED), Change(0.95, OPEN), Change(3.07, OPEN)]
    assert delays(shown, tells) == [pytest.approx(-0.05), None, pytest.approx(0.07)]
    assert delays(shown, [Change(0, OPEN), Change(0.8, OPEN)]) == [None] * 3
    once = [Change(0, CLOSED), Change(3.01, OPEN)]
    near = [Change(0, CLOSED), Change(2.9, OPEN), Change(2.95, NARROW), Change(3, OPEN)]
    assert delays(near, once) == [pytest.approx(0.11), None, None]  # told once, it means one
    assert delays(near[:1], once) == []


def test_phones_are_timed_from_their_beginning() -> None:
    words = spoken(("SIL", 1.0), ("B", 0.1), ("IY", 0.2), ("S", 0.1), ("EH", 0.2), ("AA", 0.2))
    tells = [Change(0, CLOSED), Change(1.15, NARROW), Change(1.85, WIDE)]
    # B looks as silence does, EH as S may; AA is told later than it ends, but not too late.
    assert phone_delays(words, tells) == [pytest.approx(0.05), pytest.approx(0.25)]
    assert phone_delays(words, tells[:2]) == [pytest.approx(0.05), None]
    assert phone_delays([replace(each, agrees=False) for each in words], tells) == []


def test_silences_at_both_ends_are_searched_for_changes() -> None:
    words = spoken(("SIL", 0.5), ("B", 0.5), ("SIL", 1.0), ("B", 0.5), ("SIL", 0.8))
    times = (0.0, 0.2, 0.4, 0.7, 1.5, 2.6, 2.7, 3.2)
    tells = [Change(at, shape % 2) for shape, at in enumerate(times)]
    # Lips are on their way in 0.35 to 0.5 s and 2.5 to 2.65 s.
    assert in_silence(words, tells) == (3, pytest.approx(0.35 + 0.65))
    assert in_silence(spoken(("SIL", 0.2), ("B", 1.0)), tells) == (0, 0.0)
    assert in_silence(spoken(("SIL", 2.0), ("B", 1.0), agrees=False), tells) == (0, 0.0)


def test_a_shape_counts_from_the_frame_at_which_it_is_told() -> None:
    tells = [Change(0.08, CLOSED), Change(0.4, OPEN)]
    assert shapes_at(tells, (0.04, 0.08, 0.36, 10 / FPS, 0.44)) == [-1, CLOSED, CLOSED, OPEN, OPEN]
    frames = scored_frames(spoken(("SIL", 0.08), ("B", 0.08), ("S", 0.04), ("IY", 0.04)))
    assert frames == {2: CLOSED, 3: CLOSED, 5: NARROW}


# The choice


def half() -> Half:
    """A man who says "be" over and over, and faces that keep still, more or less."""
    words = [("SIL", 0.4), *[("B", 0.2), ("IY", 0.2)] * 10, ("SIL", 0.4)]
    frames = [(NARROW if phone == "IY" else CLOSED, round(FPS * s)) for phone, s in words]
    talk = [reading(*frames, film=name) for name in ("one", "two")]
    stills = [still(lead, 0.5, seed=seed) for seed, lead in enumerate((0.1, 0.4, 1.0, 2.0))]
    return Half([*talk, *stills], {name: spoken(*words) for name in ("one", "two")}, MOMENTS)


def test_a_half_has_figures_of_those_who_talk_and_of_those_who_do_not() -> None:
    rules = Rules(0.04, 0.0, 0.08, 0.3, 0.0)
    talk = half().talking(rules)
    assert talk.median_s == pytest.approx(0.06, abs=1e-3)
    assert [len(clip) for clip in talk.late] == [20, 20]
    assert None not in talk.late[0]
    assert talk.accuracy(0.04) == talk.best == 1
    assert 0.5 < talk.accuracy(0.08) < 1
    assert half().unsteadied().accuracy(0.0) == 1
    restless = half().resting(replace(rules, margin=0.1))
    assert restless[0] > restless[3]
    assert sum(half().resting(rules)) < sum(restless)
    assert half().trembling(rules) == [0, 0, 0, 0]


def test_the_steadiest_of_the_rules_that_are_soon_and_right_are_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick, smooth = Rules(0.04, 0.0, 0.08, 0.3, 0.0), Rules(0.04, 0.08, 0.08, 0.3, 0.0)
    loose, slow = replace(quick, margin=0.1), replace(quick, hold_s=0.6)
    tried = outcomes(half(), [smooth, loose, quick, slow])
    assert [outcome.rules for outcome in tried] == [smooth, loose, quick, slow]
    assert tried[0].median_s > 0.08
    assert tried[3].accuracy < tried[2].accuracy - mouth_choice.NEAR_BEST
    assert tried[0].changes is tried[3].changes is None
    assert choose(tried) == quick
    line = complaint(lambda: outcomes(half(), [smooth]), CheckFailed)
    assert line.startswith("no rules tell changes within 80 ms in the median; ")


def test_of_equally_steady_rules_those_that_are_right_more_often_are_chosen() -> None:
    rules = Rules(0.04, 0.0, 0.08, 0.3, 0.0)
    right, wrong = (
        Outcome(rules, 0.07, 0.7, 0.1),
        Outcome(replace(rules, margin=0), 0.05, 0.69, 0.1),
    )
    unsteady = Outcome(replace(rules, hold_s=0), 0.05, 0.71, 0.2)
    assert choose([unsteady, wrong, right]) == rules


# Readings


def kept(path: Path) -> Readings:
    some = (reading((CLOSED, 5), (OPEN, 5)), still(1.0, 0.5))
    Readings({"seconds": 10.0}, {"no face found in it": 2}, some).save(path)
    return Readings.read(path)


def test_readings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    again = kept(tmp_path / "traces.npz")
    assert (again.origin, again.left_out) == ({"seconds": 10.0}, {"no face found in it": 2})
    assert [(r.kind, r.film, r.choice, len(r.at)) for r in again.readings] == [
        ("talk", "film", True, 10),
        ("still", "still", True, 250),
    ]
    assert (again.readings[1].votes == still(1.0, 0.5).votes).all()
    assert [path.name for path in tmp_path.iterdir()] == ["traces.npz"]


def test_a_file_that_holds_no_readings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "traces.npz"
    path.write_bytes(b"not readings")
    assert "not traces" in complaint(lambda: Readings.read(path), SourceError)
    np.savez(path, about=np.array(json.dumps({"format": 9})))
    assert "format 9" in complaint(lambda: Readings.read(path), SourceError)


@pytest.mark.usefixtures("face_model")
def test_a_reading_gives_the_changes_that_the_pipeline_tells() -> None:
    """The demo's first seconds, with the model's own rules in both."""
    profile, model = Profile(width=320, height=240), models.shipped("viseme")
    demo = DemoCamera(320, 240, FPS)
    frames = [demo.read() for _ in range(6 * FPS)]
    pipeline = assemble(AT_ONCE, profile, None).pipeline
    seen = [(frame, changed) for frame in frames for changed in pipeline(frame).changed]
    due = [(frame.captured_at, changed.viseme) for frame, changed in seen]
    (values,) = record(frames, model, profile, None)
    rules = own_rules(read(model))
    how = Counting(read(model).votes_s, rules.ahead_s, read(model).temperature)
    tells = told(count(Reading("talk", "demo", True, 1.0, *values), how), rules.mouth())
    assert [(at, SHAPES[shape]) for at, shape in tells] == due
    assert len(due) > 2


# Films and the command


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight drawn pictures, the last without a face; five clips, the last of them without one."""
    folder = tmp_path_factory.mktemp("films")
    genki(folder / "genki", many=8)
    grid(folder / "grid", clips=5, seconds=2.0)
    path = folder / "grid/s1/clip4.mp4"
    empty = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (320, 240))
    for _ in range(FPS):
        empty.write(np.full((240, 320, 3), 90, np.uint8))
    empty.release()
    folds = "".join(f"clip{number},{fold}\n" for number, fold in enumerate((0, 1, 2, 3, 0)))
    (folder / "grid/folds.csv").write_text("clip,fold\n" + folds)
    words = spoken(("SIL", 0.8), ("B", 0.3), ("IY", 0.3), ("SIL", 0.6))
    rows = "".join(f"{{}},{p.start_s},{p.end_s},{p.phone},1\n" for p in words)
    header = "clip,start_s,end_s,phone,agrees\n"
    clips = "".join(rows.replace("{}", f"clip{number}") for number in range(5))
    (folder / "grid/phones.csv").write_text(header + clips)
    (folder / "small.toml").write_text(SMALL)
    return folder


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stills are played for a second, and few rules are tried."""
    monkeypatch.setattr(mouth_films, "STILL_S", 1.0)
    monkeypatch.setattr(mouth_choice, "HOLD_S", (0.08,))
    monkeypatch.setattr(mouth_choice, "MARGIN", (0.1, 0.4))
    monkeypatch.setattr(mouth_choice, "STILL_MARGIN", (0.6,))


def films(root: Path, choice: tuple[int, ...] = (1, 3)) -> MouthFilms:
    stills = (Stills("genki4k", root / "genki"),)
    model, profile = models.shipped("viseme"), load(root / "small.toml")
    return MouthFilms(root / "grid", stills, 8, 0, (0,), choice, model, None, profile, None)


def test_drawn_faces_are_recorded_and_kept(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, detector: BlazeFace
) -> None:
    path = tmp_path / "traces.npz"
    found = recorded(films(root), detector, path)
    assert Counter((r.kind, r.choice) for r in found.readings) == {
        ("talk", True): 2,
        ("talk", False): 1,
        ("still", True): 4,
        ("still", False): 1,
    }
    assert found.left_out == {"no mouth read in it": 1, "no face found in it": 1}
    assert all(len(r.at) > 20 and len(r.at) == len(r.votes) for r in found.readings)
    assert np.diff(found.readings[-1].at).max() < 0.05  # 25 frames a second
    monkeypatch.setattr(mouth_films, "record", None)
    again = recorded(films(root), detector, path)
    assert [r.film for r in again.readings] == [r.film for r in found.readings]
    for other in (films(root, choice=()), replace(films(root), pictures=2)):
        with pytest.raises(SettingsError, match="remove it"):
            recorded(other, detector, path)


def test_each_fold_s_own_file_reads_it(root: Path, tmp_path: Path, detector: BlazeFace) -> None:
    for fold in (0, 1, 3):
        shutil.copy(models.shipped("viseme"), tmp_path / f"fold{fold}.tflite")
    run = replace(films(root), run=tmp_path)
    assert set(recorded(run, detector, None).origin["models"]) == {
        f"fold{fold}.tflite" for fold in (0, 1, 3)
    }
    (tmp_path / "fold3.tflite").unlink()
    with pytest.raises(ModelError, match="no such model file"):
        recorded(run, detector, None)


def command(root: Path, *options: str | Path) -> list[str]:
    folders = ("--grid", root / "grid", "--profile", root / "small.toml")
    stills = ("--dataset", "genki4k", "--root", root / "genki", "--pictures", "8")
    return [str(word) for word in ("evaluate", "mouth-changes", *folders, *stills, *options)]


def test_rules_are_chosen_and_written_by_the_command(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], face_model: Path
) -> None:
    model = Path(shutil.copy(models.shipped("viseme"), tmp_path / "viseme.tflite"))
    files = ("--json", tmp_path / "out.json", "--traces", tmp_path / "traces.npz")
    which = ("--model", model, "--models", face_model.parent, *files)
    assert cli.main(command(root, *which, "--choose", "--write", model)) == 0
    figures = json.loads((tmp_path / "out.json").read_text())
    assert capsys.readouterr().out.rstrip() == table(figures)
    rules, said = figures["rules"], read(model)
    assert (said.smoothing_s, said.min_duration_s) == (rules["smoothing_s"], rules["hold_s"])
    assert (figures["chosen"], figures["still_s"], figures["folds"]) == (True, 1.0, [0])
    assert len(figures["tried"]) == 2 * 4 * 2
    stills = [figures[half]["stills"]["faces"] for half in ("choice", "report")]
    assert stills == [4, 1]
    assert figures["report"]["silence"]["seconds"] == pytest.approx(0.8 - 0.15 + 0.6 - 0.15)
    assert figures["report"]["phones"]["due"] == 1  # IY; B looks like silence
    assert figures["report"]["shapes"]["frames"] == 15
    (tmp_path / "traces.npz").unlink()
    assert cli.main(command(root, *which[:-2], "--json", "-")) == 0
    own = json.loads(capsys.readouterr().out)
    assert (own["chosen"], own["choice"], own["trained_on"]) == (False, None, True)
    assert own["rules"] == vars(own_rules(said))


@pytest.mark.usefixtures("face_model")
def test_the_command_refuses_what_it_cannot_use_in_one_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*options: str | Path) -> str:
        assert cli.main([str(word) for word in ("evaluate", "mouth-changes", *options)]) == 2
        result = capsys.readouterr()
        assert result.out == ""
        (line,) = [line for line in result.err.splitlines() if line.startswith("lipwire: ")]
        return line

    clips, stills = ("--grid", root / "grid"), ("--dataset", "genki4k", "--root", root / "genki")
    assert "nothing to show" in said()
    assert "expected one of each" in said("--dataset", "genki4k")
    assert "--write needs --choose" in said(*clips, "--write", models.shipped("viseme"))
    assert "--choose needs both" in said(*clips, "--choose")
    assert "fold 0 is in --choose and in --folds" in said(*clips, *stills, "--choose", "0", "1")
    assert "no clip is of fold 7" in said(*clips, "--folds", "7")
    assert "no such model file" in said(*clips, "--run", tmp_path)
    assert "made for smile, not for viseme" in said(*clips, "--model", models.shipped("smile"))
    nothing = ("--choose", "--write", tmp_path / "none.tflite")
    assert "no such model file" in said(*clips, *stills, *nothing)
    assert "folds.csv" in said("--grid", tmp_path)
    assert "nowhere: no such folder" in said("--dataset", "genki4k", "--root", tmp_path / "nowhere")
    (tmp_path / "traces.npz").write_bytes(b"")
    assert "not traces" in said(*clips, "--traces", tmp_path / "traces.npz")
