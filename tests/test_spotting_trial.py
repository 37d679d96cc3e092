"""Words spotted in GRID's sentences: what counts, how rules are chosen, and the whole way."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from paho.mqtt import subscribe

from edge import cli
from edge.cameras.demo import DemoCamera
from edge.description import read
from edge.detectors.blazeface import BlazeFace
from edge.errors import BrokerError, CheckFailed, LipwireError
from edge.film import Reel
from edge.profiles import load
from edge.spotting import SpotRules
from edge.utterance import Over
from edge.word_reader import Voted
from tests.conftest import Mosquitto, complaint, free_port
from tests.spoken import lips, script
from tests.word_file import write_words
from training.trials import spots, spotting
from training.trials.delivered import DEVICE, Delivery
from training.trials.spots import Outcome, choose, matched
from training.trials.spotting import Trial, evaluate_spotting
from training.trials.spotting_lines import picture, table
from training.trials.talks import SaidWord, talk
from training.trials.utterances import sentences, utterances
from training.trials.word_votes import Look, Notes, Recording, Told, record

FPS, SECONDS = 25, 3.0
# A sentence of the drawn face: shapes, seconds, and the words that they stand for.
SENTENCE = (
    ("closed", 0.8, ""),
    ("wide_open", 0.36, "bin"),
    ("smile", 0.36, "blue"),
    ("closed", 1.48, ""),
)
SMALL = "about = 'small'\nwidth = 320\nheight = 240\ntarget_fps = 25\n"
FOLDS = (0, 1, 0, 1)


# What counts


def word(name: str, start: float, end: float, clip: int = 0) -> SaidWord:
    return SaidWord(name, start, end, clip)


def told(name: str, start: float, end: float, at: float = 9.0) -> Told:
    return Told(name, start, end, at, 0.9)


def test_a_word_is_right_once_and_only_where_it_was_said() -> None:
    said = (word("bin", 1, 2), word("blue", 2, 3), word("bin", 5, 6))
    first, again, late = told("bin", 0.8, 1.1), told("bin", 1.2, 1.9), told("bin", 5.9, 6.4)
    other, aside = told("blue", 1.2, 1.9), told("bin", 6.0, 6.4)
    hits, false = matched([first, again, other, aside, late], said)
    assert hits == (first, None, late)
    assert false == (again, other, aside)
    assert matched([], said) == ((None, None, None), ())


LABELS = ("bin", "blue", "other")


def recording(*speech: tuple[str, float, float], model: Path) -> Recording:
    """What a man seems to say: labels, seconds, and by how much each frame votes for them; but
    "blue" he never says."""
    at, looks, said = 0.0, [], []
    for label, seconds, sure in speech:
        if label == "bin":
            said.append(SaidWord(label, at, at + seconds, len(said)))
        for _ in range(round(seconds * FPS)):
            logits = sure * np.eye(len(LABELS))[LABELS.index(label)]
            looks.append(Look(at, False, ((at, Voted(logits, 1.0, np.zeros(1))),)))
            at += 1 / FPS
    return Recording(read(model), 1, at / 60, (0.0,), 0.0, tuple(said), (Notes(looks),))


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, face_model: Path) -> Path:
    """A model of two words that a drawn face can say."""
    path, detector = tmp_path_factory.mktemp("words") / "two.tflite", BlazeFace(face_model)
    shown = {name: lips(detector, shape) for shape, _, name in SENTENCE if name}
    rest = lips(detector, "closed")
    said: dict[str, Any] = {"fps": float(FPS), "frames": 9, "task": "word-grid"}
    return write_words(path, shown, rest, spot_threshold=0.85, refractory_s=0.5, **said)


def test_the_rules_that_tell_most_words_at_the_price_that_is_paid_are_chosen(model: Path) -> None:
    """One word is said less clearly than what only looks like a word."""
    clear, dim, looks_so = ("bin", 0.4, 6.0), ("bin", 0.4, 1.9), ("blue", 0.4, 2.2)
    rest = ("other", 1.6, 6.0)
    speech = [each for one in (clear, clear, dim, looks_so, clear) for each in (rest, one)]
    shown = recording(*speech, rest, model=model)
    minutes = shown.minutes
    strict, lax = choose(shown, 0.01), choose(shown, 1 / minutes)
    assert lax.threshold < strict.threshold
    assert (Outcome.of(shown, strict).recall, Outcome.of(shown, lax).recall) == (0.75, 1.0)
    assert Outcome.of(shown, lax).false_a_minute == pytest.approx(1 / minutes)
    # Nothing is gained by waiting longer, nor by a lower threshold.
    assert strict.refractory_s == lax.refractory_s == min(spots.REFRACTORY_S)
    higher = replace(lax, threshold=spots.THRESHOLDS[spots.THRESHOLDS.index(lax.threshold) + 1])
    assert Outcome.of(shown, higher).recall < 1


def test_where_no_rules_are_good_enough_that_is_said(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spots, "THRESHOLDS", (0.2,))
    speech = [("other", 1.0, 6.0), ("blue", 0.4, 1.9), ("other", 1.0, 6.0)]
    shown = recording(("bin", 0.4, 6.0), *speech, model=model)
    line = complaint(lambda: choose(shown, 1.0), CheckFailed)
    assert line == "by no rules at most 1 false words a minute are told"


def test_sentences_are_seen_to_begin_and_to_end_or_not(model: Path) -> None:
    said = [
        *(word("bin", 1.0, 1.5), word("", 1.5, 2.0)),
        *(word("bin", 4.0, 5.0, clip=1), word("bin", 7.0, 8.0, clip=2)),
        *(word("blue", 11.0, 12.0, clip=3), word("blue", 14.0, 17.0, clip=4)),
    ]
    seen = [
        *(Over(0.9, 2.2, True), Over(3.5, 4.4, True), Over(4.6, 5.2, True)),
        *(Over(9.0, 9.5, True), Over(10.9, 12.5, True), Over(13.9, 16.4, False)),
    ]
    first, halved, missed, slow, endless = sentences(said, seen)
    assert (first.begin_s, first.end_s) == (pytest.approx(-0.1), pytest.approx(0.2))
    assert (halved.begin_s, halved.end_s) == (pytest.approx(-0.5), pytest.approx(0.2))
    assert missed.begin_s is missed.end_s is None
    assert slow.end_s == pytest.approx(0.5)
    assert (endless.begin_s, endless.end_s) == (pytest.approx(-0.1), None)
    notes = (Notes(utterances=seen),)
    figures = utterances(Recording(read(model), 1, 0.3, (0.0,), 0.0, tuple(said), notes))
    assert (figures["sentences"], figures["in_one"], figures["false"]) == (5, 3, 1)
    assert figures["begun"]["found"] == 3
    assert figures["ended"]["found"] == 2
    assert figures["false_a_minute"] == pytest.approx(1 / 0.3, abs=1e-3)


# The films


@pytest.fixture(scope="session")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GRID's layout: four clips of a drawn face that says a sentence; of two folds."""
    root = tmp_path_factory.mktemp("grid")
    (root / "s1").mkdir()
    (root / "alignments/s1").mkdir(parents=True)
    with script(*((shape, seconds) for shape, seconds, _ in SENTENCE)):
        for number in range(len(FOLDS)):
            _write_clip(root, f"clip{number}", DemoCamera(320, 240, FPS, seed=1))
    rows = "".join(f"clip{number},{fold}\n" for number, fold in enumerate(FOLDS))
    (root / "folds.csv").write_text("clip,fold\n" + rows)
    (root / "small.toml").write_text(SMALL)
    return root


def _write_clip(root: Path, name: str, demo: DemoCamera) -> None:
    kind = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(root / f"s1/{name}.mp4"), kind, FPS, (320, 240))
    for index in range(round(FPS * SECONDS)):
        writer.write(demo.draw(index / FPS))
    writer.release()
    lines, start = [], 0
    for _, seconds, spoken in SENTENCE:
        end = start + round(25_000 * seconds)
        lines.append(f"{start} {end} {spoken or 'sil'}\n")
        start = end
    (root / f"alignments/s1/{name}.align").write_text("".join(lines))


def test_a_film_shows_exactly_what_its_clips_do(grid: Path, tmp_path: Path) -> None:
    shown = talk(grid, (0,))
    assert [clip.path.stem for clip in shown.clips] == ["clip0", "clip2"]
    shown.write(tmp_path / "talk.mkv")
    film, frames = list(Reel(tmp_path / "talk.mkv")), list(shown.frames())
    assert len(film) == len(frames) == 2 * FPS * SECONDS
    for kept, (clip, frame) in zip(film, frames, strict=True):
        assert np.array_equal(kept.image, frame.image)
        assert kept.captured_at == pytest.approx(frame.captured_at, abs=1e-6)
        assert clip == int(frame.captured_at >= SECONDS)
    begins = shown.words([0.0, SECONDS])
    assert [(each.word, each.clip) for each in begins[1:3]] == [("blue", 0), ("bin", 1)]
    assert begins[2].start == pytest.approx(SECONDS + 0.8)


def test_what_a_face_says_is_recorded_once_for_both_modes(grid: Path, model: Path) -> None:
    """Its head is elsewhere in the next clip, which nobody takes for a word."""
    shown = record(talk(grid, FOLDS), model, load(grid / "small.toml"), None)
    assert (shown.people, len(shown.begins)) == (1, 4)
    assert shown.minutes == pytest.approx(4 * SECONDS / 60)
    outcome = Outcome.of(shown, spotting.own_rules(read(model)))
    assert (outcome.recall, outcome.false) == (1.0, ())
    assert 0 < np.median(outcome.late_s) < 0.4
    figures = utterances(shown)
    assert (figures["sentences"], figures["in_one"], figures["false"]) == (4, 4, 0)
    assert figures["begun"]["found"] == figures["ended"]["found"] == 4


def command(grid: Path, model: Path, *options: str | Path) -> list[str]:
    folders = ("--grid", grid, "--profile", grid / "small.toml", "--model", model)
    return [str(word) for word in ("evaluate", "spotting", *folders, *options)]


def test_the_daemon_tells_the_same_words_over_a_real_broker(
    grid: Path,
    model: Path,
    tmp_path: Path,
    mosquitto: Mosquitto,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = tmp_path / "own.tflite"
    own.write_bytes(model.read_bytes())
    files = ("--json", tmp_path / "out.json", "--plot", tmp_path / "out.svg", "--write", own)
    asked = ("--choose", "--most", "1", "--broker", mosquitto.url, *files)
    assert cli.main(command(grid, model, *asked)) == 0
    figures = json.loads((tmp_path / "out.json").read_text())
    assert capsys.readouterr().out.rstrip() == table(figures)
    way = figures["whole_way"]
    assert (way["words"], way["due"], way["same"]) == (4, 4, True)
    assert (figures["n"], figures["recall"], figures["false"]) == (4, 1.0, 0)
    assert figures["false_a_minute_at_most"] == pytest.approx(2.9957 / 0.1, abs=0.01)
    assert (figures["folds"], figures["chosen_on"], figures["people"]) == ([0], [1], 1)
    assert figures["choice"]["recall"] == 1
    assert figures["per_word"] == {"bin": [2, 2], "blue": [2, 2]}
    assert figures["isolated"]["begun"]["found"] == 2
    points = figures["curve"]
    assert [point["threshold"] for point in points] == sorted(spots.THRESHOLDS)
    assert points[0]["recall"] >= points[-1]["recall"]
    said = read(own)
    rules = figures["rules"]
    assert (said.spot_threshold, said.refractory_s) == (rules["threshold"], rules["refractory_s"])
    assert (tmp_path / "out.svg").read_text() == picture(figures)
    assert retained(mosquitto) == []


def retained(broker: Mosquitto) -> list[str]:
    """The trial's topics that stay at a broker; one of another client's is asked for, too."""
    from paho.mqtt import publish

    where = {"hostname": "127.0.0.1", "port": broker.port}
    publish.single("there", b"yes", qos=1, retain=True, **where)
    found: list[str] = []

    def keep(client: Any, _: object, message: Any) -> None:
        found.append(message.topic)
        if message.topic == "there":
            client.disconnect()

    subscribe.callback(keep, [f"lipwire/{DEVICE}/#", "there"], qos=1, **where)
    return [topic for topic in found if topic != "there"]


def test_other_words_than_those_reckoned_end_with_status_1(
    grid: Path,
    model: Path,
    mosquitto: Mosquitto,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(spotting, "EVEN_S", -1.0)
    asked = ("--broker", mosquitto.url)
    assert cli.main(command(grid, model, *asked)) == 1
    said = capsys.readouterr()
    assert f"the daemon told 4 words over {mosquitto.url}: not those reckoned (4)" in said.out
    assert "the daemon did not tell the words that were reckoned" in said.err


def test_without_a_broker_the_daemon_is_not_run(
    grid: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ("--broker", "none", "--json", "-")
    assert cli.main(command(grid, model, *own)) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["whole_way"] is figures["choice"] is figures["most"] is None
    assert figures["rules"] == asdict(SpotRules(0.85, 0.5))


def test_a_model_that_learned_from_the_clips_is_said_to_have(grid: Path, model: Path) -> None:
    trial = Trial(grid, (0,), (), 1.0, model, load(grid / "small.toml"), None, None)
    figures = evaluate_spotting(trial)
    assert not figures["trained_on"]
    assert "learned from these clips" in table({**figures, "trained_on": True})


@pytest.mark.parametrize("address", ["mqtt://127.0.0.1:{}", "mosquitto"])
def test_a_broker_that_is_not_there_is_one_line(address: str, tmp_path: Path) -> None:
    where = address.format(free_port())
    delivery = Delivery(where, ())
    work = lambda: delivery(tmp_path / "no.mkv", tmp_path, SpotRules(0.5, 1.0), 0.0)  # noqa: E731
    assert where in complaint(work, BrokerError)


def test_a_daemon_that_cannot_run_is_one_line(mosquitto: Mosquitto, tmp_path: Path) -> None:
    film = tmp_path / "no.mkv"
    delivery = Delivery(mosquitto.url, ())
    line = complaint(lambda: delivery(film, tmp_path, SpotRules(0.5, 1.0), 0.0), CheckFailed)
    assert line.startswith("lipwire run ended with 2: lipwire: ")


@pytest.mark.usefixtures("face_model")
def test_the_command_refuses_what_it_cannot_use_in_one_line(
    grid: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*options: str | Path) -> str:
        asked = command(grid, model, "--broker", "none", *options)
        assert cli.main(asked) == LipwireError.exit_status
        result = capsys.readouterr()
        assert result.out == ""
        (line,) = [line for line in result.err.splitlines() if line.startswith("lipwire: ")]
        return line

    assert "--write needs --choose" in said("--write", model)
    assert "--most needs --choose" in said("--most", "2")
    assert "fold 0 is in --choose and in --folds" in said("--choose", "0")
    assert "no clip with an alignment is of fold 7" in said("--folds", "7")
    assert "no such model file" in said("--model", tmp_path / "none.tflite")
    assert "no such model file" in said("--choose", "--write", tmp_path / "none.tflite")
    assert "s1/*.mp4" in said("--grid", tmp_path)
