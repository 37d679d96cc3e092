"""What readers of words may be taught by, beside clips as they are: other cameras, boxes that are
off, other views of lips, speakers that are not to be told apart, teachers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras")

from edge.cli import main
from edge.errors import SettingsError
from edge.lipbox import LipPicture
from tests.clip_sets import small_clips
from tests.conftest import complaint
from training.boxes_off import drawn, moved
from training.cli import train_words
from training.clips import Clips
from training.run import Run
from training.train import word_parts, word_sees, words
from training.train.recipe import Phase
from training.train.word_answers import float_logits
from training.train.word_lesson import WordLesson
from training.train.word_recipe import WordRecipe
from training.train.word_samples import Sample

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

LONG = 8
RECIPE = WordRecipe("word-small", (Phase(1, 1e-3, 0.0),), window=LONG, batch=8, stretch=0.0)
STILL = replace(RECIPE, augment=False, time_mask=0.0, other=False)


def clips() -> Clips:
    """Frames that are as bright as they are late, with a mouth that opens."""
    made = small_clips(("ann", "bob", "cai"), takes=3, words=("once", "twice"), long=LONG)
    images = np.full_like(made.images, 60)
    late = np.arange(len(images)) % LONG
    images[:, 12:36, 16:48] = (80 + 20 * late).astype(np.uint8)[:, None, None]
    return replace(made, images=images)


def lesson(**recipe: Any) -> WordLesson:
    asked = replace(RECIPE, **recipe)
    return WordLesson(word_sees.pool(clips(), asked.sees), asked)


def shown(taught: WordLesson, seed: int = 0) -> np.ndarray:
    """The first word as it is learned from."""
    frames: np.ndarray = taught.batch([Sample(0)], (seed,))[0]["frames"][0]
    return frames


def test_another_camera_holds_frames_and_takes_some_between_two() -> None:
    """Of a raw picture the mouth's brightness tells which frame it is."""
    taught = lesson(cameras=1.0, sees="raw", augment=True)
    taught = replace(taught, still=True)  # in the light as it was
    middles = [(shown(taught, seed)[:, 16, 24, 0] * 255 - 80) / 20 for seed in range(30)]
    late = np.stack(middles)
    assert (np.diff(late, axis=1) > -0.1).all()  # time goes on
    assert (np.abs(np.diff(late, axis=1)) < 0.02).any(axis=1).mean() > 0.5  # held
    assert (np.abs(late - np.rint(late)) > 0.2).any(axis=1).mean() > 0.5  # mixed
    plain = (shown(replace(taught, recipe=replace(taught.recipe, cameras=0.0)))[:, 16, 24, 0]) * 255
    assert np.allclose((plain - 80) / 20 % 1, 0, atol=0.02)


def test_boxes_are_off_alike_over_a_clip_but_for_a_tremble() -> None:
    def edges(**recipe: Any) -> np.ndarray:
        """Where in each frame the mouth begins, of many clips."""
        taught = lesson(**recipe)
        seen = np.stack([shown(taught, seed)[..., 0] for seed in range(12)])
        return (seen[:, 1:, 16] > seen[:, 1:, 16].mean(axis=-1, keepdims=True)).argmax(axis=-1)

    still, off = edges(), edges(boxes=0.2)
    assert off.std(axis=1).mean() > still.std(axis=1).mean()  # within a clip
    assert off.mean(axis=1).std() > still.mean(axis=1).std()  # from clip to clip


def test_a_box_that_is_moved_shows_what_lies_there() -> None:
    image = np.zeros((48, 64), np.uint8)
    image[:, 32:] = 200
    right = moved(LipPicture(image, 0.5), np.array([0.25, 0.25, 0, 0]))
    assert right.aspect == 0.5
    assert np.flatnonzero(right.image[24] > 100)[0] == 16
    lower = moved(LipPicture(image, 0.5), np.array([0, 0, 0.25, 0]))
    assert lower.aspect == 0.25
    rng = np.random.default_rng(0)
    alike, anew = (drawn(0.1, np.full(5, 0.5), rng, whole) for whole in (True, False))
    assert (alike == alike[0]).all()
    assert (anew[0] != anew[1]).all()
    assert np.abs(anew[:, 2:]).max() <= 0.05  # of the height, in widths


def test_views_of_lips_differ_in_what_they_are_named_for() -> None:
    views = {name: shown(lesson(**(vars(STILL) | {"sees": name}))) for name in word_sees.SEES}
    assert views["differences"].shape == (LONG, 32, 48, 2)
    assert (views["differences"][..., :1] == views["canvas"]).all()
    nothing = np.float32(128 / 255)
    assert (views["differences"][0, ..., 1] == nothing).all()  # before the first there is none
    assert (views["differences"][1:, ..., 1] != nothing).any(axis=(1, 2)).mean() > 0.5
    assert views["raw"].mean() < views["canvas"].mean()  # dark pictures stay dark
    for name in ("canvas", "less-speaker"):
        assert views[name].mean() == pytest.approx(0.5, abs=0.01)
    assert np.abs(views["less-speaker"] - views["canvas"]).mean() > 0.05
    assert word_sees.SEES == train_words.SEES


def test_stretched_lips_do_not_tell_how_far_a_mouth_is_open() -> None:
    wide = clips()
    wide.aspects[:LONG] = 0.4
    wide.aspects[LONG:] = 0.6
    seen = word_sees.pool(wide, "stretched").clips.aspects
    assert len(set(seen.tolist())) == 1


def test_a_model_of_another_view_is_for_no_board() -> None:
    assert words.fits_a_board(RECIPE)
    assert not words.fits_a_board(replace(RECIPE, sees="raw"))
    aligned = clips()
    aligned = replace(aligned, origin=replace(aligned.origin, kind="aligned-mouth"))
    refused = complaint(lambda: word_sees.pool(aligned, "raw"), SettingsError)
    assert refused == "--sees raw: for lip boxes alone"


def test_features_learn_against_who_speaks() -> None:
    """The part that tells speakers learns to; what is before it learns the other way."""
    import keras

    taught = lesson(speaker_weight=1.0, other=False)
    model = words.build(taught)
    inputs, targets = taught.batch([Sample(row) for row in range(12)], (0,))
    assert targets["speaker"].shape == (12, 3)
    assert set(model.output) == {"word", "speaker"}
    heads = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    teller = next(layer for layer in heads if layer.units == 4)
    before = model.get_layer("mix2").kernel.numpy(), teller.kernel.numpy()
    losses = []
    for learns in (teller, model.get_layer("mix2")):
        for layer in model.layers:
            layer.trainable = layer is learns
        model.compile(
            keras.optimizers.SGD(0.05),
            {"speaker": keras.losses.CategoricalCrossentropy(from_logits=True)},
        )
        told = {"speaker": targets["speaker"]}
        model.get_layer("mix2").kernel.assign(before[0])
        teller.kernel.assign(before[1])
        first = model.evaluate(inputs, told, verbose=0)
        for _ in range(10):
            model.train_on_batch(inputs, told)
        losses.append(model.evaluate(inputs, told, verbose=0) - first)
    assert losses[0] < 0 < losses[1]


def test_teachers_answers_are_learned_in_part(tmp_path: Path) -> None:
    recipe = replace(RECIPE, other=False, phrase_weight=0.0)
    pool = word_sees.pool(clips(), "canvas")
    part = word_parts.part("without-ann", Run(tmp_path / "run"), recipe, pool)
    teacher = words.build(part.lesson)
    for run in ("run", "old"):
        Run(tmp_path / run).begin("word", recipe, [pool.clips], {})
    teacher.save(tmp_path / "old/without-ann.keras")
    part = word_parts.part(
        "without-ann",
        Run(tmp_path / "run"),
        replace(recipe, teacher=(str(tmp_path / "old"),), teacher_weight=0.5, label_smoothing=0.0),
        pool,
    )
    taught = replace(part.lesson, taught=words.taught(part))
    row = int(part.learn[0])
    told = float_logits(part.lesson, teacher, part.learn[:1])[0, :-1] / words.SOFTER
    share = np.exp(told) / np.exp(told).sum()
    (target,) = taught.batch([Sample(row)], (0,))[1]["word"]
    assert np.allclose(target[:2], 0.5 * share + 0.5 * np.eye(2)[taught.targets[row]], atol=1e-4)
    config = tmp_path / "old/config.json"
    whole = config.read_text()
    config.write_text(whole.replace('"sees": "canvas"', '"sees": "differences"'))
    refused = complaint(lambda: words.taught(part), SettingsError)
    assert refused == f"--teachers: {tmp_path}/old has learned with --sees differences"
    config.write_text(whole)
    other = words.build(replace(part.lesson, recipe=replace(recipe, sees="differences")))
    other.save(tmp_path / "old/without-ann.keras")
    refused = complaint(lambda: words.taught(part), SettingsError)
    assert refused == f"--teachers: {tmp_path}/old's models are built otherwise"
    config.write_text(config.read_text().replace('"pictures": ', '"pictures": 1'))
    refused = complaint(lambda: words.taught(part), SettingsError)
    assert refused == f"--teachers: {tmp_path}/old has learned from other clips"
    lost = replace(part.lesson, recipe=replace(part.recipe, teacher=("nowhere",)))
    refused = complaint(lambda: words.taught(replace(part, lesson=lost)), SettingsError)
    assert "nowhere/without-ann.keras" in refused


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        (
            ("--model", "word-deep", "--speaker-weight", "1", "--ahead", "2"),
            "word-deep sees whole clips: it has no use for --ahead, --speaker-weight",
        ),
        (
            ("--model", "word-deep", "--sees", "differences"),
            "word-deep sees whole clips: --sees differences is not for it",
        ),
        (
            ("--no-augment", "--stretch", "0.1"),
            "--no-augment: clips are as they are, without --stretch",
        ),
        (("--boxes", "0.1"), "--boxes: for lip boxes, not for aligned-mouth"),
    ],
)
def test_what_would_change_nothing_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    asked: tuple[str, ...],
    refused: str,
) -> None:
    aligned = clips()
    aligned = replace(aligned, origin=replace(aligned.origin, kind="aligned-mouth"))
    aligned.save(tmp_path / "clips.npz")
    wanted = ("train", "word", str(tmp_path / "clips.npz"), "--out", str(tmp_path / "run"))
    assert main([*wanted, *asked]) == 2
    assert capsys.readouterr().err == f"lipwire: {refused}\n"
    assert not (tmp_path / "run").exists()
