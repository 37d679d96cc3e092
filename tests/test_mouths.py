"""Samples of mouths, what is asked of a model for them, and how votes are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.crop import MOUTH
from edge.shapes import OPENING_UNIT, SHAPES
from edge.votes import Ballot, Counter, Counting
from tests import mouth_crops
from training.crops import Crops
from training.evaluate.mouths import Answers, counted
from training.masks import CLOSED, OPEN, mask
from training.train.recipe import Mouths, Phase, Recipe

if TYPE_CHECKING:
    from training.train.mouths import MouthLesson, Sample

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

FRAMES = 6
MOMENTS_S = (-0.08, -0.04, 0.0, 0.04, 0.08)


def lesson(*crops: Crops, **changes: object) -> MouthLesson:
    """What is learned from crops, in small batches."""
    from training.train.mouths import MouthLesson
    from training.train.pool import Pool

    pool = Pool(crops)
    how = replace(Mouths(runs=2, stills=2, frames=FRAMES), **changes)  # type: ignore[arg-type]
    asked = Recipe("viseme-small", (Phase(1, 1e-3, 0.0),), pictures=48, points=1.0, mouths=how)
    return MouthLesson(pool, pool.gaps, replace(MOUTH, size=48), asked)


def all_rows(taught: MouthLesson) -> np.ndarray:
    return np.arange(len(taught.pool))


def drawn(taught: MouthLesson, epoch: int = 0) -> list[list[Sample]]:
    from training.train.mouths import MouthDraw

    return MouthDraw(taught, all_rows(taught))(epoch)


def test_a_run_follows_its_clip_and_has_the_frame_that_it_was_drawn_for() -> None:
    from training.train.mouths import Runs

    pool = lesson(mouth_crops.keypoints(), mouth_crops.grid(clips=3, frames=16)).pool
    rows = np.flatnonzero(pool.moments >= 0)
    runs, rng = Runs(pool, rows[::-1], FRAMES), np.random.default_rng(1)
    begins = set()
    for row in rows:
        found = runs.around(int(row), rng)
        assert row in found
        assert len(set(pool.people[found])) == 1
        assert np.diff(pool.moments[found]).tolist() == [1] * (FRAMES - 1)
        begins.add(int(pool.moments[found[0]]))
    assert begins == set(range(16 - FRAMES + 1))


def test_where_a_frame_is_missing_a_run_ends_and_a_short_clip_keeps_its_last_frame() -> None:
    from training.train.mouths import Runs

    pool = lesson(mouth_crops.grid(clips=1, frames=12)).pool
    rows = np.array([0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11])  # of the fifth frame no face was found
    runs = Runs(pool, rows, FRAMES)
    assert runs.around(2, np.random.default_rng(1)).tolist() == [0, 1, 2, 3, 3, 3]
    cut = [sample.rows.tolist() for sample in runs.cut_up()]
    assert cut == [[0, 1, 2, 3, 3, 3], [5, 6, 7, 8, 9, 10], [11] * 6]
    assert all(sample.is_run for sample in runs.cut_up())


def test_a_batch_has_so_many_runs_and_so_many_single_pictures() -> None:
    taught = lesson(mouth_crops.keypoints(), mouth_crops.grid())
    batches = drawn(taught)
    assert len(batches) == 48 // (2 * FRAMES)
    for batch in batches:
        assert [sample.is_run for sample in batch] == [False, False, True, True]
        assert all(len(sample.rows) == FRAMES for sample in batch)
        moving = np.concatenate([sample.rows for sample in batch if sample.is_run])
        assert (taught.pool.moments[moving] >= 0).all()
    told = [sample.rows.tolist() for batch in batches for sample in batch]
    assert [s.rows.tolist() for batch in drawn(taught) for s in batch] == told
    assert [s.rows.tolist() for batch in drawn(taught, 1) for s in batch] != told


def test_without_clips_there_are_no_runs_and_without_pictures_only_runs() -> None:
    still = lesson(mouth_crops.keypoints())
    assert not any(sample.is_run for batch in drawn(still) for sample in batch)
    moving = lesson(mouth_crops.grid())
    assert all(sample.is_run for batch in drawn(moving) for sample in batch)


def shown(shapes: list[int]) -> Crops:
    """A clip that shows these shapes, a frame each."""
    crops = mouth_crops.grid(clips=1, frames=len(shapes))
    return replace(crops, shapes=np.array(shapes, np.uint8))


def test_rare_shapes_count_more_unclear_ones_less_and_unknown_ones_nothing() -> None:
    closed, wide, unclear = CLOSED, mask("wide_open"), mask("narrow", "open")
    taught = lesson(shown([closed] * 9 + [wide] * 3 + [unclear] * 3 + [0]), several=0.5)
    weights = taught.weights
    assert weights[9] / weights[0] == pytest.approx(3**0.5)  # a third as many
    assert weights[12] / weights[9] == pytest.approx(0.5)  # as many, of several
    assert weights[15] == 0
    even = lesson(shown([closed] * 9 + [wide] * 3), rarity=0.0)
    assert set(even.weights.tolist()) == {1.0}


def test_rare_shapes_are_drawn_more_often_than_they_occur() -> None:
    taught = lesson(shown([CLOSED] * 90 + [mask("wide_open")] * 10), rarity=1.0)
    rows = [s.rows for epoch in range(10) for batch in drawn(taught, epoch) for s in batch]
    wide = np.mean([(taught.pool.shapes[each] != CLOSED).any() for each in rows])
    assert wide > 0.4


def test_what_was_measured_counts_more_than_what_the_mesh_sees() -> None:
    unseen = mouth_crops.labelled(2)
    unseen = replace(unseen, gaps=np.full(2, np.nan, np.float32))
    taught = lesson(mouth_crops.keypoints(2), mouth_crops.grid(1, 2), unseen, mesh=0.2)
    from training.train.mouths import Sample

    _, targets, weights = taught.batch([Sample(all_rows(taught), False)], None)
    assert weights["opening"][0].tolist() == pytest.approx([1, 1, 0.2, 0.2, 0, 0])
    told = targets["opening"][0, :4, 0] * OPENING_UNIT
    assert told == pytest.approx(taught.pool.gaps[:4], abs=1e-6)
    assert targets["shapes"][0, 4].tolist() == [1, 0, 0, 0, 0, 0]


def test_pictures_say_nothing_of_rounding_but_phones_do() -> None:
    still, spoken = mouth_crops.labelled(4), shown([mask("narrow", "rounded"), mask("rounded")])
    allowed = [OPEN, CLOSED | mask("puckered"), CLOSED, mask("rounded")]
    still = replace(still, shapes=np.array(allowed, np.uint8))
    told = lesson(still, spoken).allowed.tolist()
    assert told == [
        [0, 1, 1, 1, -1, 0],  # open, and rounded or not
        [1, 0, 0, 0, 0, 0],  # closed; who does not speak hardly purses the lips
        [1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0],  # somebody said so
        [0, 1, 0, 0, 1, 0],
        [0, 0, 0, 0, 1, 0],
    ]


def test_the_frames_of_a_run_change_alike_and_single_pictures_each_in_its_own_way() -> None:
    from training.train.mouths import Sample

    taught = lesson(mouth_crops.grid(1, 4))
    rows = np.array([2] * FRAMES)  # one frame that stays
    inputs, _, _ = taught.batch([Sample(rows, True), Sample(rows, False)], (1, 0, 0))
    run, stills = inputs["pixels"]
    assert inputs["is_run"].tolist() == [[1], [0]]
    assert all((frame == run[0]).all() for frame in run)
    assert not any((still == stills[0]).all() for still in stills[1:])
    again, _, _ = taught.batch([Sample(rows, True)], (1, 0, 0))
    assert (again["pixels"][0] == run).all()


def test_the_lips_points_keep_their_sides_in_a_mirror_image() -> None:
    from training.train.mouths import LIPS_MIRRORED, Sample

    # Of the usual 68, counted from 48: the corners of the mouth change places, and so on.
    pairs = ((48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65))
    for right, left in pairs:
        assert LIPS_MIRRORED[right - 48] == left - 48
        assert LIPS_MIRRORED[left - 48] == right - 48
    assert all(LIPS_MIRRORED[middle - 48] == middle - 48 for middle in (51, 57, 62, 66))
    crops = mouth_crops.keypoints(2)
    lips = crops.lips.copy()
    lips[:, 0, 0], lips[:, 6, 0] = 70, 120  # the corners
    taught = lesson(replace(crops, lips=lips))
    _, targets, weights = taught.batch([Sample(np.zeros(40, int), False)], (1, 0, 0))
    across = targets["lips"][0].reshape(40, -1, 2)[..., 0]
    assert (across[:, 0] < across[:, 6]).all()
    assert (weights["lips"] == 1).all()


def test_what_is_looked_at_is_shown_as_it_is_and_a_few_pictures_are_enough() -> None:
    from training.train.augment import centre
    from training.train.mouths import unchanged

    taught = lesson(mouth_crops.keypoints(4), mouth_crops.grid(1, 8))
    for rows, samples in ((all_rows(taught), 3), (np.arange(4), 1), (np.arange(4, 12), 2)):
        batches = unchanged(taught, rows)
        inputs, _, weights = batches[0]
        assert len(inputs["pixels"]) == samples
        assert set(weights["points"].ravel().tolist()) == {0.0}
    first = centre(taught.pool.image(0), taught.kind).astype(np.float32) / 255
    assert (unchanged(taught, np.arange(4))[0][0]["pixels"][0, 0, ..., 0] == first).all()


@pytest.fixture
def votes() -> np.ndarray:
    """Of the frames of a clip."""
    return np.random.default_rng(7).normal(0, 1, (12, len(MOMENTS_S), len(SHAPES)))


def test_votes_are_counted_alike_in_training_in_figures_and_on_the_device(
    votes: np.ndarray,
) -> None:
    from training.train.votes import Counted

    layer = Counted(len(MOMENTS_S))
    flat = votes.reshape(1, 12, -1).astype(np.float32)
    learned = np.asarray(layer(flat, np.ones((1, 1), np.float32)))[0]
    clip = Answers(np.zeros(12), votes, np.full(12, "clip"), np.arange(12))
    assert learned == pytest.approx(counted(clip), abs=1e-5)
    counter = Counter(Counting(MOMENTS_S, 0.08, temperature=1.0))
    for frame in range(12):
        at, shown = counter(frame / 25, Ballot(0.1, votes[frame]))
        if frame >= 2:  # two frames later all that is known of a moment
            assert at == pytest.approx((frame - 2) / 25)
            scores = np.exp(learned[frame - 2] - learned[frame - 2].max())
            assert shown.weights == pytest.approx(tuple(scores / scores.sum()), abs=1e-5)


def test_all_votes_of_a_single_picture_are_for_itself(votes: np.ndarray) -> None:
    from training.train.votes import Counted

    flat = votes.reshape(1, 12, -1).astype(np.float32)
    learned = np.asarray(Counted(len(MOMENTS_S))(flat, np.zeros((1, 1), np.float32)))[0]
    assert learned == pytest.approx(votes.sum(axis=1), abs=1e-5)


def test_a_shape_that_is_allowed_is_no_surprise_and_another_one_is() -> None:
    from training.train.votes import Allowed

    loss = Allowed()
    sure = np.zeros((1, 1, len(SHAPES)), np.float32)
    sure[..., 2] = 20.0
    wanted = np.zeros_like(sure)
    wanted[..., (1, 2)] = 1
    assert float(loss(wanted, sure)) < 0.1
    assert float(loss(1 - wanted, sure)) > 1.0
    in_doubt = wanted.copy()
    in_doubt[..., 4] = -1  # what is said of it does not count, however loud
    loud = sure.copy()
    loud[..., 4] = 40.0
    assert float(loss(in_doubt, loud)) == pytest.approx(float(loss(in_doubt, sure)), abs=1e-4)
    assert float(loss(wanted, loud)) > 1.0
