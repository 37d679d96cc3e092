"""Smiles of faces that do not smile: traces, rules tried on them, and the choice of rules."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import cli
from edge.cameras.demo import DemoCamera, smile_times
from edge.decide import SmileDecider, SmileRules, Started
from edge.description import embed, read
from edge.detectors.blazeface import BlazeFace
from edge.errors import CheckFailed, SettingsError, SourceError
from edge.events import SmileStarted
from edge.frame import Frame
from edge.models import shipped
from edge.pipeline import Pipeline
from edge.profiles import Profile, load
from edge.read import SmileReader
from edge.settings import Settings
from tests.conftest import complaint
from tests.faces import face_at
from tests.stills import genki, grid
from training.trials import choice, films
from training.trials.choice import Half, Outcome, choose, cuts, sweep, try_out
from training.trials.curves import PLOTS
from training.trials.false_smiles import table
from training.trials.films import Films, recorded
from training.trials.replay import (
    Brief,
    Count,
    brief,
    count,
    long_enough,
    replay,
    share_at_most,
    smiling_for,
)
from training.trials.shaken import Portrait, Shaken
from training.trials.traces import Trace, Traces, record

RULES = SmileRules(on=0.7, off=0.4, smoothing_s=0.0, min_duration_s=0.4, refractory_s=0.5)
SMALL = "about = 'small'\nwidth = 320\nheight = 240\ntarget_fps = 15\n"
FPS = 10
MOST = 0.02  # of the non-smiling pictures


def trace(*script: tuple[float, float], kind: str = "still", smiles: bool = False) -> Trace:
    """A face with so many seconds at each probability."""
    levels = np.repeat([level for _, level in script], [round(s * FPS) for s, _ in script])
    return Trace(kind, "film", smiles, True, np.arange(len(levels)) / FPS, levels.astype(float))


def outcome(rules: SmileRules, **changed: object) -> Outcome:
    """What a good rule might come to, but for what is changed."""
    good = Outcome(
        rules,
        stream=Count(10, 1, 0, 0, 0, 0.1),
        fresh=Count(10, 10, 0, 0, 0, 0.1),
        neutral=Count(100, 100, 2, 0, 2, 0.1),
        smiling=Count(100, 100, 95, 0, 95, 0.1),
        twitch=Brief(0.3, 100, 5, 0.3),
        smile=Brief(1.0, 100, 90, 0.5),
    )
    return replace(good, **changed)  # type: ignore[arg-type]


# Figures


@pytest.mark.parametrize(
    ("smiles", "mean"), [(0, 2.9957), (1, 4.7439), (2, 6.2958), (5, 10.5130), (10, 16.9622)]
)
def test_the_upper_end_of_a_rate_is_poisson_s_one_sided_95_percent(
    smiles: int, mean: float
) -> None:
    in_half_an_hour = Count(1, 1, min(smiles, 1), 0, smiles, 0.5)
    assert in_half_an_hour.per_hour == 2 * smiles
    assert in_half_an_hour.per_hour_at_most(by_face=False) == pytest.approx(2 * mean, abs=1e-3)


def test_smiles_that_hang_together_by_face_make_the_upper_end_wider() -> None:
    counted = Count(films=50, faces=50, counted=2, repeated=1, smiles=6, hours=0.5)
    assert counted.per_hour_at_most(by_face=True) == pytest.approx(6.2958 * 3 / 0.5, abs=1e-2)
    assert counted.per_hour_at_most(by_face=False) == pytest.approx(11.8424 / 0.5, abs=1e-2)
    none = Count(50, 50, 0, 0, 0, 0.5)
    assert none.per_hour_at_most(by_face=True) == none.per_hour_at_most(by_face=False)


@pytest.mark.parametrize(
    ("seen", "of", "share"),
    [(0, 100, 1 - 0.05 ** (1 / 100)), (1, 10, 0.39416), (9, 10, 1 - 0.0051162), (5, 5, 1.0)],
)
def test_the_upper_end_of_a_share_is_the_exact_one(seen: int, of: int, share: float) -> None:
    assert share_at_most(seen, of) == pytest.approx(share, abs=1e-5)


def test_nobody_has_no_rates() -> None:
    nobody = count([trace()], RULES)
    assert (nobody.films, nobody.faces, nobody.smiles) == (1, 0, 0)
    assert nobody.per_hour is nobody.share is nobody.share_at_most is None
    assert nobody.per_hour_at_most(by_face=True) is None


# Rules on traces


def test_a_smile_is_told_as_the_daemon_would_tell_it() -> None:
    smiling = trace((1, 0.1), (1, 0.9), (1, 0.1))
    (told,) = replay(smiling, RULES)
    # The onset lies between the frames, where 0.7 is passed: three quarters of a frame before 1.0.
    assert told == pytest.approx(1.4)
    assert replay(smiling, replace(RULES, min_duration_s=1.2)) == []
    assert replay(smiling, replace(RULES, on=0.95)) == []
    assert replay(smiling, replace(RULES, smoothing_s=0.3))[0] > told
    twice = trace((1, 0.9), (1, 0.1), (1, 0.9))
    assert len(replay(twice, RULES)) == 2
    assert len(replay(twice, replace(RULES, off=0.05))) == 1


@given(
    levels=st.lists(st.floats(0, 1), min_size=1, max_size=40),
    on=st.floats(0.3, 0.9),
    smoothing_s=st.sampled_from([0.0, 0.15, 0.5]),
)
def test_passing_over_traces_that_stay_low_changes_nothing(
    levels: list[float], on: float, smoothing_s: float
) -> None:
    rules = SmileRules(on, on - 0.2, smoothing_s, 0.2, 0.5)
    decide, told = SmileDecider(rules), 0
    for index, level in enumerate(levels):
        told += sum(isinstance(what, Started) for what in decide(index / FPS, level))
    told += sum(isinstance(what, Started) for what in decide.finish())
    assert len(replay(trace(*((1 / FPS, level) for level in levels)), rules)) == told


def test_films_faces_and_hours_are_counted() -> None:
    smiles = trace((1, 0.9), (1, 0.1), (1.1, 0.9))
    apart = replace(trace((2.1, 0.1)), film="other")
    gap = replace(apart, film="gap", at=np.where(apart.at < 1, apart.at, apart.at + 60))
    counted = count([smiles, apart, gap, replace(trace(), film="nobody")], RULES)
    assert (counted.films, counted.faces, counted.counted) == (4, 3, 1)
    assert (counted.repeated, counted.smiles) == (1, 2)
    assert counted.hours * 3600 == pytest.approx(3.0 + 2.0 + 1.9)  # without the minute's gap


def test_a_brief_smile_is_put_together_of_a_face_that_does_not_smile_and_one_that_does() -> None:
    neutral, smiling = trace((1, 0.1), (2, 0.2)), trace((1, 0.8), (2, 0.9), smiles=True)
    late = replace(smiling, at=smiling.at + 7)
    made = smiling_for(neutral, late, 1.5)
    assert made.at == pytest.approx(np.arange(35) / FPS)
    assert made.probability == pytest.approx([0.1] * 10 + [0.8] * 10 + [0.9] * 5 + [0.2] * 10)
    assert long_enough(neutral)
    assert not long_enough(trace((1.9, 0.1)))
    assert not long_enough(trace())


def test_a_brief_smile_is_told_once_or_missed_and_late() -> None:
    neutral, smiling = trace((3, 0.1)), trace((3, 0.9))
    short, long = (smiling_for(neutral, smiling, seconds) for seconds in (0.3, 1.0))
    assert brief([short], 0.3, RULES) == Brief(0.3, 1, 0, None)
    assert brief([long], 1.0, RULES) == Brief(1.0, 1, 1, pytest.approx(0.4))
    always = smiling_for(smiling, smiling, 1.0)
    broken = smiling_for(neutral, trace((0.5, 0.9), (0.8, 0.0), (2, 0.9)), 2.0)
    assert brief([always, broken, long], 1.0, RULES).told == 1
    assert brief([], 1.0, RULES) == Brief(1.0, 0, 0, None)


# The choice


def test_the_soonest_of_the_rules_that_keep_what_they_must_is_chosen() -> None:
    slow, quick, wide = RULES, replace(RULES, min_duration_s=0.2), replace(RULES, off=0.3)
    soon = Brief(1.0, 100, 88, 0.3)
    assert choose([outcome(slow), outcome(quick, smile=soon)], MOST) == quick
    assert choose([outcome(slow), outcome(wide)], MOST) == wide
    misses = Brief(1.0, 100, 87, 0.3)
    assert choose([outcome(slow), outcome(quick, smile=misses)], MOST) == slow


@pytest.mark.parametrize(
    "fault",
    [
        {"stream": Count(10, 1, 1, 0, 1, 0.1)},
        {"fresh": Count(10, 10, 1, 0, 1, 0.1)},
        {"neutral": Count(100, 100, 3, 0, 3, 0.1)},
        {"smiling": Count(100, 100, 95, 2, 97, 0.1)},
        {"twitch": Brief(0.3, 100, 6, 0.3)},
        {"smile": Brief(1.0, 100, 0, None)},
    ],
    ids=lambda fault: next(iter(fault)),
)
def test_rules_that_tell_too_many_false_smiles_are_not_chosen(fault: dict[str, object]) -> None:
    soon = {"smile": Brief(1.0, 100, 95, 0.1)}
    bad = outcome(replace(RULES, on=0.5), **soon | fault)
    assert choose([bad, outcome(RULES)], MOST) == RULES
    line = complaint(lambda: choose([bad], MOST), CheckFailed)
    assert line.startswith("no rules count at most 2.0% of faces that do not smile; ")
    assert line.endswith("3.0% can be had (--most)" if "neutral" in fault else "the other limits")


def hand_made() -> Half:
    """Eight who do not smile, one of whom looks like it for 0.3 s at a time; eight who do."""
    neutral = [trace((3, 0.05)) for _ in range(8)]
    smiling = [trace((3, 0.97), smiles=True) for _ in range(8)]
    talking = trace(*[(1, 0.05), (0.3, 0.75)] * 20, kind="stream")
    return Half.of([*neutral, *smiling, talking])


def test_a_sweep_finds_the_rules_that_a_hand_made_half_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice, "ON", (0.7, 0.8))
    monkeypatch.setattr(choice, "BETWEEN", (0.3,))
    monkeypatch.setattr(choice, "SMOOTHING_S", (0.0,))
    monkeypatch.setattr(choice, "MIN_DURATION_S", (0.2, 0.4, 0.6))
    outcomes = sweep(hand_made(), 0.5)
    assert len(outcomes) == 6
    false = {(o.rules.on, o.rules.min_duration_s): o.stream.smiles for o in outcomes}
    assert false == {(0.7, 0.2): 20, (0.7, 0.4): 0, (0.7, 0.6): 0} | {
        (0.8, lasts): 0 for lasts in (0.2, 0.4, 0.6)
    }
    twitches = {o.rules.min_duration_s: o.twitch.told for o in outcomes}
    assert twitches == {0.2: 8, 0.4: 0, 0.6: 0}
    chosen = choose(outcomes, MOST)
    assert (chosen.min_duration_s, chosen.refractory_s) == (0.4, 0.5)


def test_each_curve_changes_one_part_of_the_rules() -> None:
    curves = cuts(hand_made(), RULES)
    assert [o.rules.on for o in curves["on"]] == list(choice.ON)
    assert {round(o.rules.on - o.rules.off, 3) for o in curves["on"]} == {0.3}
    assert [round(0.7 - o.rules.off, 3) for o in curves["between"]] == list(choice.BETWEEN)
    for name in ("smoothing_s", "min_duration_s"):
        values = [getattr(o.rules, name) for o in curves[name]]
        assert [o.rules for o in curves[name]] == [replace(RULES, **{name: v}) for v in values]
    assert try_out(hand_made(), RULES) in curves["min_duration_s"]


# Traces


def kept(tmp_path: Path, origin: dict[str, object]) -> Path:
    traces = (trace((1, 0.2)), replace(trace(), film="nobody"), trace((2, 0.9), smiles=True))
    Traces(origin, {"no face found in it": 3}, traces).save(tmp_path / "traces.npz")
    return tmp_path / "traces.npz"


def test_traces_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = kept(tmp_path, {"seed": 1})
    again = Traces.read(path)
    assert (again.origin, again.left_out) == ({"seed": 1}, {"no face found in it": 3})
    assert [(t.film, t.smiles, t.choice, len(t.at)) for t in again.traces] == [
        ("film", False, True, 10),
        ("nobody", False, True, 0),
        ("film", True, True, 20),
    ]
    assert again.traces[2].probability == pytest.approx([0.9] * 20)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_holds_no_traces_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "traces.npz"
    path.write_bytes(b"not traces")
    assert "not traces" in complaint(lambda: Traces.read(path), SourceError)
    np.savez(path, about=np.array(json.dumps({"format": 9})))
    assert "format 9" in complaint(lambda: Traces.read(path), SourceError)


@pytest.mark.usefixtures("face_model")
def test_a_trace_gives_the_smiles_that_the_pipeline_tells() -> None:
    """The demo's first two smiles, with the model's own rules in both."""
    from edge.assemble import assemble, smile_rules

    profile = Profile(width=320, height=240)
    reader = SmileReader(shipped("smile"))

    def played() -> list[Frame]:
        camera = DemoCamera(320, 240, 15)
        return [camera.read() for _ in range(round((smile_times()[1][1] + 1) * 15))]

    pipeline: Pipeline = assemble(Settings(), profile, None).pipeline
    frames = played()
    begin = frames[0].taken_at
    events = [event for frame in frames for event in pipeline(frame).events]
    started = [event.at - begin for event in events if isinstance(event, SmileStarted)]
    ((at, probability),) = record(played(), reader, profile, None)
    rules = smile_rules(Settings().smile, reader.description)
    told = replay(Trace("still", "demo", True, True, at, probability), rules)
    assert len(told) == len(started) == 2
    for late, onset in zip(told, started, strict=True):
        assert late - onset == pytest.approx(rules.min_duration_s, abs=1.01 / 15)


# Films


def test_a_still_s_film_trembles_around_the_middle_and_is_the_same_for_the_same_seed() -> None:
    image = np.full((200, 300, 3), 90, np.uint8)
    image[95:106, 145:156] = 255
    portrait = Portrait(image, face_at(150 + 88j, eyes=40))  # its box's middle is at (150, 100)
    profile = Profile(width=320, height=240, target_fps=20)
    one, same, other = (list(Shaken(portrait, profile, seed)(1.0)) for seed in (3, 3, 4))
    assert [frame.captured_at for frame in one] == pytest.approx(np.arange(20) / 20)
    assert all((a.image == b.image).all() for a, b in zip(one, same, strict=True))
    assert any((a.image != b.image).any() for a, b in zip(one, other, strict=True))
    places = []
    for frame in one:
        assert frame.image.shape == (240, 320, 3)
        bright = np.argwhere(frame.image.min(axis=2) > 190)
        places.append(bright.mean(axis=0))
    assert np.abs(np.mean(places, axis=0) - (119.5, 159.5)).max() < 6
    assert 0.2 < np.std(places, axis=0).max() < 6


def fit(root: Path, run: Path | None = None, pictures: int = 8) -> Films:
    profile = load(root / "small.toml")
    folders = (root / "grid", root / "genki")
    return Films(*folders, shipped("smile"), run, profile, None, pictures, seed=0)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven drawn pictures, the odd ones smiling, and a last one without a face; four clips."""
    folder = tmp_path_factory.mktemp("films")
    genki(folder / "genki", many=12)
    labels = "\n".join(f"{number % 2} 0 0 0" for number in range(1, 13))
    (folder / "genki/labels.txt").write_text(labels + "\n")
    grid(folder / "grid", clips=4, seconds=1.0)
    (folder / "small.toml").write_text(SMALL)
    return folder


@pytest.fixture(scope="module")
def drawn(root: Path, face_model: Path) -> Traces:
    """What is recorded of them, kept in a file."""
    return recorded(fit(root), BlazeFace(face_model), root / "traces.npz")


def test_drawn_faces_are_recorded(drawn: Traces) -> None:
    assert Counter(t.kind for t in drawn.traces) == {"stream": 2, "fresh": 4, "still": 11}
    assert drawn.left_out == {"no face found in it": 1}
    stream = [t for t in drawn.traces if t.kind == "stream"]
    assert {t.choice for t in stream} == {True, False}
    for each in drawn.traces:
        assert not each.smiles if each.kind != "still" else len(each.at) > 20
        assert each.kind == "fresh" or (np.median(each.probability) > 0.5) == each.smiles
    # The stream goes on where a stranger would have to arrive first.
    fresh = sum(len(t.at) for t in drawn.traces if t.kind == "fresh")
    assert fresh < sum(len(t.at) for t in stream) < 4 * 25
    choice_of = {t.film: t.choice for t in drawn.traces if t.kind == "still"}
    assert choice_of["file0003.jpg"]
    assert not choice_of["file0005.jpg"]


def test_what_is_kept_is_not_recorded_again_nor_taken_for_something_else(
    root: Path, drawn: Traces, monkeypatch: pytest.MonkeyPatch, detector: BlazeFace
) -> None:
    monkeypatch.setattr(films, "record", None)
    again = recorded(fit(root), detector, root / "traces.npz")
    assert (again.origin, len(again.traces)) == (drawn.origin, len(drawn.traces))
    grid(root / "other", clips=3, seconds=0.1)
    for other in (fit(root, pictures=4), replace(fit(root), grid=root / "other")):
        with pytest.raises(SettingsError, match="remove it"):
            recorded(other, detector, root / "traces.npz")


def test_each_fold_s_own_file_reads_its_stills_and_all_the_clips(
    root: Path, tmp_path: Path, detector: BlazeFace
) -> None:
    run = tmp_path
    said = read(shipped("smile"))
    for part, temperature in (("all", 1.0), *((f"fold{i}", 2.0 + i) for i in range(4))):
        path = run / f"{part}.tflite"
        path.write_bytes(shipped("smile").read_bytes())
        embed(path, replace(said, temperature=temperature))
    found = recorded(fit(root, run=run), detector, None)
    assert len(set(found.origin["models"].values())) == 5
    for each in found.traces:
        if each.kind == "still" and each.smiles:
            fold = int(each.film[4:8]) % 4
            logit = np.log(each.probability / (1 - each.probability)) * (2.0 + fold)
            steps = logit / said.output.scale
            assert np.abs(steps - steps.round()).max() < 1e-3  # whole steps of the int8 output


def test_rules_that_are_written_do_not_make_traces_another_model_s(smile_model: Path) -> None:
    before = films._fingerprint(smile_model)
    embed(smile_model, replace(read(smile_model), on_threshold=0.9, min_duration_s=1.0))
    assert films._fingerprint(smile_model) == before
    embed(smile_model, replace(read(smile_model), temperature=2.0))
    assert films._fingerprint(smile_model) != before


def test_clips_are_halved_by_their_folds_where_these_are_known(tmp_path: Path) -> None:
    grid(tmp_path, clips=4, seconds=0.1)

    def chosen() -> list[str]:
        return [clip.stem for clip in films._halves(tmp_path)[True]]

    assert chosen() == ["clip1", "clip3"]
    table = tmp_path / "folds.csv"
    table.write_text("clip,fold\nclip0,1\nclip1,0\nclip2,3\nclip3,2\n")
    assert chosen() == ["clip0", "clip2"]
    table.write_text("clip,fold\nclip0,1\nclip1,1\nclip2,3\nclip3,3\n")
    assert "one half without clips" in complaint(chosen, SourceError)
    table.write_text("clip\nclip0\n")
    assert "folds.csv" in complaint(chosen, SourceError)


# The command


def command(root: Path, *options: str | Path) -> list[str]:
    folders = ("--grid", root / "grid", "--genki", root / "genki", "--profile", root / "small.toml")
    return [str(word) for word in ("evaluate", "false-smiles", *folders, *options)]


@pytest.mark.usefixtures("drawn")
def test_rules_are_chosen_written_and_drawn_by_the_command(
    root: Path, tmp_path: Path, smile_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = ("--json", tmp_path / "out.json", "--plot", tmp_path / "out.svg")
    which = ("--model", smile_model, "--pictures", "8", "--traces", root / "traces.npz")
    assert cli.main(command(root, *which, *outputs, "--choose", "--write", smile_model)) == 0
    figures = json.loads((tmp_path / "out.json").read_text())
    assert capsys.readouterr().out.rstrip() == table(figures)
    assert figures["chosen"]
    assert figures["trained_on"]
    assert (figures["task"], figures["n"], figures["profile"]) == ("false-smiles", 11, "small")
    for half in ("choice", "report", "both"):
        assert figures[half]["talking"]["smiles"] == figures[half]["not_smiling"]["smiles"] == 0
        assert figures[half]["smiling"]["share"] == 1
    svg = ElementTree.parse(tmp_path / "out.svg").getroot()
    assert len(svg.findall("{*}svg")) == len(PLOTS)
    said, rules = read(smile_model), figures["rules"]
    assert (said.on_threshold, said.off_threshold) == (rules["on"], rules["off"])
    assert said.min_duration_s == rules["min_duration_s"]
    assert said.smoothing_s == rules["smoothing_s"]
    assert cli.main(command(root, *which, "--json", "-")) == 0
    own = json.loads(capsys.readouterr().out)
    assert (own["chosen"], own["rules"]) == (False, rules)
    assert own["report"] == figures["report"]


@pytest.mark.usefixtures("face_model")
def test_the_command_refuses_what_it_cannot_use_in_one_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*options: str | Path) -> str:
        assert cli.main(command(root, *options)) == 2
        result = capsys.readouterr()
        assert result.out == ""
        (line,) = [line for line in result.err.splitlines() if line.startswith("lipwire: ")]
        return line

    assert "--write needs --choose" in said("--write", shipped("smile"))
    assert "--most needs --choose" in said("--most", "0.1")
    assert "--pictures must be at least 2" in said("--pictures", "1")
    assert "no such model file" in said("--run", tmp_path)
    assert "no such model file" in said("--choose", "--write", tmp_path / "none.tflite")
    assert "no clips of GRID" in said("--grid", tmp_path)
    assert "nowhere: " in said("--genki", tmp_path / "nowhere")
    (tmp_path / "traces.npz").write_bytes(b"")
    assert "not traces" in said("--traces", tmp_path / "traces.npz")
