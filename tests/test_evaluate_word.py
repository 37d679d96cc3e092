"""`lipwire evaluate word`: protocols, baselines, and what is none of the words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edge.cli import main
from edge.errors import ModelError, SettingsError
from tests.command import Lipwire
from tests.conftest import complaint
from tests.said import FRAMES, SPEAKERS, TAKES, WINDOW, WORDS, spoken, write_reader, write_run
from training.cli import words
from training.clips import Clips
from training.datasets.words import CLIP_SETS
from training.evaluate.word import Asked, evaluate
from training.evaluate.word_baselines import baselines, nearest
from training.evaluate.word_clips import Stretch, backwards, seen, spliced, stretches
from training.evaluate.word_lines import table
from training.evaluate.word_parts import PROTOCOLS, known_of, left_out, parts_for

UNSEEN = [f"without-{speaker}" for speaker in SPEAKERS]


@pytest.fixture(scope="module")
def clips() -> Clips:
    return spoken()


@pytest.fixture(scope="module")
def file(clips: Clips, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "words.npz"
    clips.save(path)
    return path


def of_run(file: Path, run: Path, **more: object) -> dict[str, object]:
    return evaluate(Asked("miracl-vc1", file, run, None, **more))


def test_a_window_holds_the_word_in_its_middle_and_what_is_around_it() -> None:
    one = Stretch(np.arange(100, 120), 8, 12)
    rows, own = one.whole(10)
    assert rows.tolist() == list(range(105, 115))
    assert own.tolist() == [False] * 3 + [True] * 4 + [False] * 3


def test_beyond_a_sequence_its_first_and_last_frames_are_held() -> None:
    rows, own = Stretch(np.arange(100, 104), 0, 4).whole(8)
    assert rows.tolist() == [100, 100, 100, 101, 102, 103, 103, 103]
    assert own.sum() == 4


def test_of_a_long_word_the_middle_counts_and_what_goes_before_is_shown() -> None:
    before, counted = Stretch(np.arange(100, 130), 10, 20).streamed(4)
    assert counted.tolist() == [113, 114, 115, 116]
    assert before.tolist() == list(range(104, 113))


def test_words_backwards_and_spliced_are_made_of_the_words_own_frames() -> None:
    one, other = Stretch(np.arange(10, 20), 2, 6), Stretch(np.arange(30, 40), 0, 4)
    assert backwards(one).own.tolist() == [15, 14, 13, 12]
    assert spliced(one, other).own.tolist() == [12, 13, 32, 33]


def test_parts_leave_out_a_speaker_or_a_take_of_everybody(clips: Clips) -> None:
    assert parts_for(clips, "unseen") == UNSEEN
    assert parts_for(clips, "seen") == [f"takes{number}" for number in range(TAKES)]
    out = left_out(clips, "without-B")
    assert set(clips.speakers[clips.sequences[out]]) == {"B"}
    assert set(clips.takes[clips.sequences[left_out(clips, "takes2")]]) == {3}
    known = known_of(clips, "without-B")
    assert len(known.tested) == TAKES * len(WORDS)
    assert not set(known.tested) & set(known.known)
    assert set(clips.speakers[clips.sequences[known.known]]) == {"A", "C"}


def test_the_nearest_of_those_known_is_told() -> None:
    known, labels = np.array([[0.0, 0.0], [10.0, 0.0]]), np.array([4, 7])
    assert nearest(known, labels, np.array([[9.0, 1.0], [4.0, 0.0]])).tolist() == [7, 4]


def test_nearest_neighbours_know_whole_clips_and_the_first_frame_nothing_here(clips: Clips) -> None:
    parts = [known_of(clips, part) for part in UNSEEN]
    right = baselines(clips, seen(clips), parts, WINDOW)
    assert right["nearest"].all()
    assert right["first_frame"].mean() < 0.7  # nobody has spoken yet


def test_each_file_of_a_run_is_scored_on_the_speaker_it_left_out(
    clips: Clips, file: Path, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", UNSEEN, clips, file)
    for part in UNSEEN:
        write_reader(run / f"{part}.tflite", clips)
    told = of_run(file, run)
    assert told["accuracy"] == 1.0
    assert told["n"] == len(SPEAKERS) * TAKES * len(WORDS)
    assert told["trained_on"] is False
    assert told["window"] == WINDOW
    assert told["per_speaker"] == dict.fromkeys(SPEAKERS, 1.0)
    assert told["per_word"] == dict.fromkeys(WORDS, 1.0)
    assert told["parts"] == UNSEEN
    assert set(told["baselines"]) == {"nearest", "first_frame"}
    assert np.array_equal(told["confusion"]["counts"], np.eye(3, dtype=int) * 12)
    # The Keras models were wrong about a word of each speaker.
    assert told["int8_less_float"] == round(3 / 36, 4)
    assert "sí señor" in table(told)


def test_a_model_without_a_file_is_scored_by_what_it_said_in_training(
    clips: Clips, file: Path, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", [*UNSEEN, "takes1"], clips, file)
    told = of_run(file, run)
    assert told["accuracy"] == round(11 / 12, 4)
    assert told["int8_less_float"] is None
    seen_takes = of_run(file, run, protocol="seen")
    assert seen_takes["parts"] == ["takes1"]
    assert seen_takes["n"] == len(SPEAKERS) * len(WORDS)
    assert seen_takes["accuracy"] == round(8 / 9, 4)


def test_the_worst_speaker_is_named(clips: Clips, file: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", UNSEEN, clips, file)
    path = run / "without-B" / "heldout.npz"
    held = dict(np.load(path))
    held["logits"][:4] = np.roll(held["logits"][:4], 1, axis=1)
    np.savez(path, **held)
    told = of_run(file, run)
    assert told["worst_speaker"]["speaker"] == "B"
    assert told["worst_speaker"]["accuracy"] < told["per_speaker"]["A"]


def test_what_is_none_of_the_words_scores_below_them(
    clips: Clips, file: Path, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", [*UNSEEN, "other0"], clips, file)
    for part in UNSEEN:
        write_reader(run / f"{part}.tflite", clips)
    write_reader(run / "other0.tflite", clips, WORDS[1:])
    other = of_run(file, run, other=True)["other"]
    assert set(other) == {"reversed", "spliced", "phrases", "words_left_out"}
    assert other["phrases"]["auc"] == 1.0
    assert other["phrases"]["n_other"] == len(SPEAKERS) * TAKES
    # Two words were asked for, and one that was never learned, of the speaker who was left out.
    assert other["words_left_out"]["n_words"] == 2 * other["words_left_out"]["n_other"]
    # These patterns are the same backwards, but for the first frame.
    assert 0.2 < other["reversed"]["auc"] < 0.8


def test_a_file_that_has_learned_from_the_set_says_so(
    clips: Clips, file: Path, tmp_path: Path
) -> None:
    from edge.description import Source

    learned = {"sources": (Source("miracl-vc1", "free", 36),)}
    model = write_reader(tmp_path / "all.tflite", clips, **learned)
    assert evaluate(Asked("miracl-vc1", file, None, model))["trained_on"] is True
    model = write_reader(tmp_path / "other.tflite", clips)
    told = evaluate(Asked("miracl-vc1", file, None, model))
    assert told["trained_on"] is False
    assert told["n"] == len(SPEAKERS) * TAKES * len(WORDS)


def test_the_command_writes_figures_for_scripts_and_people(
    clips: Clips, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", UNSEEN, clips, file)
    asked = ["evaluate", "word", "--dataset", "miracl-vc1", "--root", str(file), "--run", str(run)]
    assert main([*asked, "--json", str(tmp_path / "told.json")]) == 0
    text = capsys.readouterr().out
    assert "nearest neighbour on thumbnails" in text
    assert "worst speaker" in text
    told = json.loads((tmp_path / "told.json").read_text())
    fields = {
        *("task", "dataset", "n", "model", "trained_on", "accuracy", "interval", "window"),
        *("per_speaker", "per_word", "confusion", "baselines"),
    }
    assert fields <= told.keys()


def refused(file: Path, run: Path | None = None, model: Path | None = None, **more: object) -> str:
    kind: Sequence[type] = (SettingsError, ModelError)
    with pytest.raises(tuple(kind)) as caught:
        evaluate(Asked(str(more.pop("dataset", "miracl-vc1")), file, run, model, **more))
    return str(caught.value)


def test_what_cannot_be_scored_is_refused_in_one_line(
    clips: Clips, file: Path, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", UNSEEN, clips, file)
    assert "clips of miracl-vc1, not of grid" in refused(file, run, dataset="grid")
    assert "no part for --protocol seen" in refused(file, run, protocol="seen")
    assert "which the clips do not allow" in refused(file, run, protocol="fold")
    fast = write_reader(tmp_path / "fast.tflite", clips, fps=25.0)
    assert "reads lip-box at 25 pictures a second" in refused(file, model=fast)
    (run / "without-A" / "heldout.npz").write_bytes(b"no zip")
    assert "heldout.npz: damaged" in refused(file, run)
    strange = write_reader(tmp_path / "strange.tflite", clips, labels=("a", "b", "c", "other"))
    assert "tells a, b, c, which nobody says" in refused(file, model=strange)


def test_clips_that_are_missing_end_in_one_line(lipwire: Lipwire, tmp_path: Path) -> None:
    asked = ("evaluate", "word", "--dataset", "miracl-vc1", "--root", tmp_path / "no.npz")
    said = lipwire.complaint(*asked, "--model", tmp_path / "no.tflite")
    assert said.endswith("no.npz: no such file; lipwire prepare word makes it")


def test_a_wider_cut_is_shown_by_its_middle(clips: Clips) -> None:
    from dataclasses import replace

    origin = replace(clips.origin, kind="aligned-mouth")
    wide = np.tile(np.arange(72, dtype=np.uint8), (len(clips.images), 72, 1))
    pictures = seen(replace(clips, origin=origin, images=wide))
    assert pictures.shape[1:] == (48, 48)
    assert (np.diff(pictures[0, 0].astype(int)) >= 0).all()
    assert complaint(lambda: known_of(clips, "without-Z"), SettingsError.__base__)


def test_stretches_are_of_the_items_own_sequences(clips: Clips) -> None:
    (one,) = stretches(clips, [3])
    assert one.own.tolist() == list(range(3 * FRAMES, 4 * FRAMES))


def test_names_that_stand_for_what_is_loaded_late_are_the_right_ones() -> None:
    assert set(words.SETS) == set(CLIP_SETS)
    assert tuple(PROTOCOLS) == words.PROTOCOLS
