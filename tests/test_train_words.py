"""`lipwire train word` with TensorFlow, on drawn lips: what is learned, kept apart, delivered."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import main
from edge.description import read
from edge.word_reader import WordReader
from tests import mouth_crops
from tests.clip_sets import small_clips
from training.clips import OTHER, Clips
from training.crops import Crops
from training.prepare.mesh import POINTS
from training.run import Run
from training.train.recipe import Phase
from training.train.word_recipe import WordRecipe

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

LONG = 8
RECIPE = WordRecipe("word-small", (Phase(1, 1e-3, 0.0),), window=LONG, batch=8)


def moving() -> Clips:
    """Four people who open their mouths once, twice, or do something else."""
    clips = small_clips(("ann", "bob", "cai", "dan"), takes=6, words=("once", "twice"), long=LONG)
    images = np.full_like(clips.images, 150)
    for item, label in enumerate(clips.labels):
        for frame in range(LONG):
            times = {0: 1, 1: 2, OTHER: 4}[int(label)]
            gap = round(1 + 14 * np.sin(np.pi * times * frame / (LONG - 1)) ** 2)
            cv2.ellipse(images[item * LONG + frame], (32, 24), (24, gap), 0, 0, 360, 20, -1)
    return replace(clips, images=images)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("words")


@pytest.fixture(scope="module")
def prepared(folder: Path) -> Path:
    path = folder / "clips.npz"
    moving().save(path)
    return path


def train(*arguments: object) -> int:
    return main(["train", "word", *map(str, arguments)])


@pytest.fixture(scope="module")
def run(folder: Path, prepared: Path) -> Path:
    """A run whose model has learned something."""
    path = folder / "run"
    more = ("--window", LONG, "--batch", 6, "--epochs", 10, "--no-augment", "--phrase-weight", 0)
    more = (*more, "--parts", "without-ann", "all")
    assert train(prepared, "--out", path, *more) == 0
    return path


def history(run: Path, part: str) -> list[dict[str, str]]:
    with (run / part / "history.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_holds_models_their_descriptions_and_what_they_make_of_the_rest(run: Path) -> None:
    said = read(run / "without-ann.tflite")
    assert said.task == "word"
    assert said.labels == ("once", "twice", "other")
    assert (said.frames, said.fps, said.crop) == (LONG, 15.0, "lip-box")
    assert [source.left_out for source in said.sources] == ["without-ann"]
    told = np.load(run / "without-ann/heldout.npz")
    assert set(told["speakers"].tolist()) == {"ann"}
    assert len(told["labels"]) == len(told["int8"]) == 18
    assert said.changes  # what changed since the frame before is seen where nothing is said
    assert json.loads((run / "config.json").read_text())["recipe"]["window"] == LONG
    assert (run / "sheet.png").is_file()


def test_what_moves_differently_is_learned(run: Path) -> None:
    rows = history(run, "without-ann")
    assert float(rows[-1]["val_accuracy"]) > 0.8
    told = np.load(run / "without-ann/heldout.npz")
    words = told["labels"] < 2
    right = told["int8"][words, :2].argmax(axis=1) == told["labels"][words]
    assert right.mean() > 0.8


def test_the_int8_file_answers_as_the_whole_clip_model_does(run: Path) -> None:
    """The one goes frame by frame with states, the other sees whole clips at once."""
    told = np.load(run / "without-ann/heldout.npz")
    off = np.abs(told["int8"] - told["logits"]) / np.ptp(told["logits"])
    assert np.median(off) < 0.05
    assert (told["int8"].argmax(axis=1) == told["logits"].argmax(axis=1)).mean() > 0.9


def test_faces_that_take_turns_are_read_as_if_each_were_alone(run: Path) -> None:
    """Streamed equals whole clip, with the same file, exactly."""
    reader, clips = WordReader(run / "all.tflite"), moving()
    one, other = ([clips.seen(start + n) for n in range(LONG)] for start in (0, 6 * LONG))

    def alone(frames: list[np.ndarray]) -> list[np.ndarray]:
        state = reader.fresh()
        return [reader(frame, state).logits for frame in frames]

    whole = alone(one), alone(other)
    states = reader.fresh(), reader.fresh()
    turns = [
        [reader(frame, state).logits for frame, state in zip(pair, states, strict=True)]
        for pair in zip(one, other, strict=True)
    ]
    assert (np.array([turn[0] for turn in turns]) == np.array(whole[0])).all()
    assert (np.array([turn[1] for turn in turns]) == np.array(whole[1])).all()
    assert (np.array(whole[0]) != np.array(whole[1])).any()


@pytest.mark.parametrize("channels", [1, 2])
def test_one_step_at_a_time_is_the_same_model_as_the_whole_clip(channels: int) -> None:
    from training.zoo import word_small

    model = word_small.build(LONG, 32, 48, 3, channels=channels)
    step = word_small.one_step(model)
    rng = np.random.default_rng(0)
    frames = rng.random((1, LONG, 32, 48, channels), np.float32)
    counts = np.ones((1, LONG), np.float32)
    whole = model.predict({"frames": frames, "counts": counts}, verbose=0)["word"][0]
    states = [np.zeros(each.shape, np.float32) for each in step.inputs[1:]]
    votes = []
    for number in range(LONG):
        vote, _, *states = [each.numpy() for each in step([frames[:, number], *states])]
        votes.append(vote[0])
    weights = np.exp([min(vote[-1], word_small.MOST) for vote in votes])
    pooled = weights @ np.array(votes)[:, :-1] / weights.sum()
    assert pooled == pytest.approx(whole, abs=1e-4)


def test_what_is_no_phrase_moves_no_phrase() -> None:
    """TensorFlow's own loss would drive all logits down."""
    import tensorflow as tf

    from training.train.word_loss import PhraseLoss

    logits = tf.Variable(np.ones((2, 3), np.float32))
    with tf.GradientTape() as tape:
        loss = PhraseLoss()(tf.constant([[0.0, 0, 0], [1, 0, 0]]), logits)
    slope = tape.gradient(loss, logits).numpy()
    assert not slope[0].any()
    assert slope[1][0] < 0 < slope[1][1]


def test_which_word_it_is_does_not_depend_on_what_speaks_for_other() -> None:
    import tensorflow as tf

    from training.train import word_loss

    truth = tf.constant([[0.9, 0.05, 0.05], [0.05, 0.05, 0.9]])
    sure = word_loss.right_words(truth, tf.constant([[2.0, 1.0, 9.0], [2.0, 1.0, 9.0]])).numpy()
    assert sure.tolist() == [2.0, 0.0]  # of two clips one is a word; the other does not count


def test_words_of_an_other_part_are_never_learned() -> None:
    from training.train.word_lesson import WordLesson
    from training.train.word_parts import part
    from training.train.word_pool import WordPool

    pool = WordPool(small_clips(words=("a", "b", "c", "d"), takes=4))
    made = part("other1", Run(Path("nowhere")), RECIPE, pool)
    assert made.lesson.labels == ("a", "b", "other")
    learned = pool.classes[made.learn]
    assert set(learned.tolist()) == {0, 1, 4}
    assert set(pool.speakers[made.heldout].tolist()) & set(pool.speakers[made.learn].tolist()) == (
        set()
    )
    assert {2, 3} <= set(pool.classes[made.heldout].tolist())
    assert isinstance(made.lesson, WordLesson)


def test_epochs_hold_each_word_once_and_some_of_what_is_none() -> None:
    from training.train.word_lesson import WordLesson
    from training.train.word_pool import WordPool
    from training.train.word_samples import epoch_of

    pool = WordPool(moving())
    lesson = WordLesson(pool, replace(RECIPE, batch=1))
    rows = np.arange(len(pool))
    samples = [sample for batch in epoch_of(lesson, rows, 0) for sample in batch]
    plain = [s.row for s in samples if s.then < 0 and not s.backwards]
    assert sorted(plain) == rows.tolist()
    assert any(sample.backwards for sample in samples)
    for sample in samples:
        if sample.then >= 0:
            assert pool.speakers[sample.row] == pool.speakers[sample.then]
            assert pool.classes[sample.row] != pool.classes[sample.then]
    inputs, told = lesson.batch(samples, (1,))
    is_other = told["word"].argmax(axis=1) == 2
    expected = [s.backwards or s.then >= 0 or pool.classes[s.row] == 2 for s in samples]
    assert is_other.tolist() == expected
    assert inputs["counts"].sum(axis=1).min() >= 1
    assert 0 <= inputs["frames"].min() < inputs["frames"].max() <= 1


def running() -> Clips:
    """A word in the middle of each clip, and silence around it."""
    clips = moving()
    first = clips.images.reshape(len(clips), LONG, *clips.images.shape[1:])
    quiet = np.full_like(first[:, :1], 77).repeat(10, axis=1)
    images = np.concatenate([quiet, first, quiet], axis=1)
    many = images.shape[1]
    return replace(
        clips,
        images=images.reshape(-1, *images.shape[2:]),
        aspects=np.full(len(clips) * many, 0.6, np.float32),
        ends=(many * np.arange(1, len(clips) + 1)).astype(np.int32),
        starts=np.full(len(clips), 10, np.int32),
        stops=np.full(len(clips), 10 + LONG, np.int32),
    )


def test_silence_around_words_is_none_of_them() -> None:
    from training.train.word_lesson import WordLesson
    from training.train.word_pool import WordPool
    from training.train.word_samples import epoch_of

    pool = WordPool(running())
    lesson = WordLesson(pool, replace(RECIPE, batch=1, augment=False))
    samples = [sample for batch in epoch_of(lesson, np.arange(len(pool)), 0) for sample in batch]
    silences = [sample for sample in samples if sample.quiet]
    assert len(silences) == 2 * len(pool)
    inputs, told = lesson.batch(silences, (1,))
    assert (told["word"].argmax(axis=1) == 2).all()
    shown = inputs["frames"][inputs["counts"] > 0]
    flat = np.ptp(shown, axis=(1, 2, 3)) < 0.01
    assert flat.mean() > 0.8  # but for a frame or two of the word beside it
    alone = epoch_of(WordLesson(WordPool(moving()), RECIPE), np.arange(9), 0)
    assert not any(sample.quiet for batch in alone for sample in batch)


def test_what_was_said_before_is_seen_and_does_not_count() -> None:
    from training.train.word_lesson import WordLesson
    from training.train.word_pool import WordPool

    pool, row = WordPool(running()), np.arange(1)
    plain, ahead = (
        WordLesson(pool, replace(RECIPE, ahead=many)).unchanged(row)[0] for many in (0, 5)
    )
    assert plain["frames"].shape[1] + 5 == ahead["frames"].shape[1]
    assert np.array_equal(plain["frames"], ahead["frames"][:, 5:])
    assert not ahead["counts"][:, :5].any()
    assert np.ptp(ahead["frames"][:, :5]) < 0.01


def test_the_last_epochs_show_clips_as_they_are() -> None:
    from training.train.word_lesson import WordLesson
    from training.train.word_pool import WordPool
    from training.train.word_samples import Sample

    pool = WordPool(running())
    lesson = WordLesson(pool, RECIPE)
    before = lesson.batch([Sample(0)] * 8, (1,))[0]["frames"]
    still = replace(lesson, still=True).batch([Sample(0)] * 8, (1,))[0]["frames"]
    kept = {picture.tobytes() for picture in pool.shown(0, np.arange(-20.0, 40.0))}
    shown = (np.rint(still * 255).astype(np.uint8)[..., 0]).reshape(-1, *still.shape[2:4])
    assert {picture.tobytes() for picture in shown} <= kept
    changed = (np.rint(before * 255).astype(np.uint8)[..., 0]).reshape(-1, *still.shape[2:4])
    assert not {picture.tobytes() for picture in changed} <= kept


def test_still_epochs_come_after_all_others(folder: Path, prepared: Path) -> None:
    path = folder / "still"
    more = ("--window", LONG, "--epochs", 1, "--still-epochs", 2, "--ahead", 3, "--parts", "all")
    assert train(prepared, "--out", path, *more) == 0
    assert len(history(path, "all")) == 3
    first, last = json.loads((path / "config.json").read_text())["recipe"]["phases"]
    assert (first["epochs"], last["epochs"]) == (1, 2)
    assert last["rate"] == first["rate"] / 4
    assert read(path / "all.tflite").frames == LONG


def mouthed(crops: Crops) -> Crops:
    """Faces in which the face mesh sees lips that open as far as their gap says."""
    turns = np.linspace(0, 2 * np.pi, POINTS)
    heights = 2 + 20 * np.nan_to_num(crops.gaps)
    rings = [np.stack([20 * np.cos(turns), high * np.sin(turns)], axis=1) for high in heights]
    middle = [mouth_crops.MIDDLE.real, mouth_crops.MIDDLE.imag]
    return replace(crops, points=(np.array(rings) + middle).astype(np.float16))


@pytest.mark.parametrize("sees", ["canvas", "differences"])
def test_an_encoder_that_knows_lips_is_begun_with(folder: Path, prepared: Path, sees: str) -> None:
    import keras

    faces, taught = folder / "faces.npz", folder / f"lips-{sees}"
    mouthed(mouth_crops.keypoints()).save(faces)
    alike = ("--sees", sees)
    lips = ("train", "lips", str(faces), "--out", str(taught), "--epochs", "1", *alike)
    assert main(lips) == 0
    file = taught / "encoder.keras"
    begun = keras.models.load_model(file, compile=False).get_weights()
    run, more = folder / f"begun-{sees}", ("--window", LONG, "--epochs", 1, "--parts", "all")
    assert train(prepared, "--out", run, "--encoder", file, *more, *alike) == 0
    said = read(run / "all.tflite")
    assert said.changes is (sees == "differences")
    assert [source.name for source in said.sources[1:]] == ["keypoints68"]
    model = keras.models.load_model(run / "all.keras", compile=False)
    off = [
        np.abs(a - b).max()
        for a, b in zip(model.get_layer("encoder").get_weights(), begun, strict=True)
        if a.ndim == 4
    ]
    assert max(off) < 0.1  # one small epoch away
    assert main(lips) == 0  # once more: all is there
    other = {"canvas": "differences", "differences": "canvas"}[sees]
    asked = ("--out", folder / f"other-{sees}", "--encoder", file, *more, "--sees", other)
    assert train(prepared, *asked) == 2


def test_an_encoder_learns_from_films_how_lips_moved(caplog: pytest.LogCaptureFixture) -> None:
    """In a film two frames of one clip are held against each other; of a picture its box
    trembles."""
    from training.train import lips

    film, stills = mouthed(mouth_crops.grid()), mouthed(mouth_crops.keypoints())
    found = lips._lips([film, stills])
    of_film = found.sets == "grid"
    firsts = [name.endswith("#0") for name in film.files[::6]]  # of a clip, which has none before
    assert [each is None for each in found.before] == [*firsts, *[True] * (~of_film).sum()]
    seeing = lips.LipRecipe(sees="differences")
    lesson = lips.LipLesson(found, np.arange(len(found)), seeing)
    frames, told = lesson.unchanged(np.arange(len(found)))
    places, moves = np.split(told["lips"], 2, axis=1)
    assert np.abs(places).max() <= 0.55  # of the canvas, from its middle
    still = np.array(
        [np.ptp(film.gaps[max(0, row - 2) : row + 1]) == 0 for row in range(0, 160, 6)]
    )
    there = of_film & np.array([each is not None for each in found.before])
    moved = np.abs(moves).max(axis=(1, 2))
    rows = np.flatnonzero(there)
    assert (moved[rows[still[rows]]] < 0.01).all()
    assert (moved[rows[~still[rows]]] > 0.05).all()
    assert (moved[~of_film] > 0).all()
    changed = np.abs(frames["frames"][..., 1] - 128 / 255).max(axis=(1, 2))
    assert (changed[~there & of_film] > 0).all()
    plain = lips.LipLesson(found, np.arange(len(found)), lips.LipRecipe())
    alone, told = plain.unchanged(np.arange(3))
    assert alone["frames"].shape == (3, 32, 48, 1)
    assert (told["lips"] == places[:3]).all()


def test_an_encoder_that_does_not_say_what_it_knows_is_refused(
    tmp_path: Path, prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "encoder.keras").write_bytes(b"from somewhere")
    assert train(prepared, "--out", tmp_path / "run", "--encoder", tmp_path / "encoder.keras") == 2
    assert "encoder.keras: nothing beside it says what it has learned" in capsys.readouterr().err


def test_faces_that_show_no_lips_teach_no_encoder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crops = mouth_crops.keypoints()
    replace(crops, points=np.full_like(crops.points, np.nan)).save(tmp_path / "faces.npz")
    asked = ("train", "lips", str(tmp_path / "faces.npz"), "--out", str(tmp_path / "lips"))
    assert main(asked) == 2
    assert "the face mesh saw no lips in any of these crops" in capsys.readouterr().err


def test_an_encoder_is_of_no_other_view(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("train", "lips", "none.npz", "--out", str(tmp_path / "lips"), "--sees", "raw")
    assert main(asked) == 2
    assert "--sees raw: lips are learned by canvas or differences" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--parts", "without-zoe"), "has no part 'without-zoe'"),
        (("--parts", "other3"), "there are only 2 words"),
        (("--model", "smile-small"), "is no model for word"),
        (("--encoder", "nothing.keras", "--epochs", "1"), "no encoder for this model"),
        (("--window", "1"), "--window 1: must be from 2 to 100"),
        (("--window", "101"), "--window 101: must be from 2 to 100"),
    ],
)
def test_what_cannot_be_trained_is_said_in_one_line(
    prepared: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    line: str,
) -> None:
    assert train(prepared, "--out", tmp_path / "run", *arguments) == 2
    assert line in capsys.readouterr().err.splitlines()[-1]


def test_an_empty_vocabulary_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, file = moving(), tmp_path / "empty.npz"
    origin = replace(clips.origin, classes=())
    replace(clips, origin=origin, labels=np.full_like(clips.labels, OTHER)).save(file)
    assert train(file, "--out", tmp_path / "run") == 2
    assert "empty vocabulary" in capsys.readouterr().err.splitlines()[-1]
