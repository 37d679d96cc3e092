"""What an epoch shows and what is asked of the model for it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.crop import FACE
from edge.errors import SettingsError
from training.crops import Crops, Origin
from training.prepare.mesh import POINTS, TAUGHT
from training.train.recipe import Phase, Recipe

if TYPE_CHECKING:
    from training.train.pool import Pool

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

PHASE = Phase(epochs=1, rate=1e-3, lowest_rate=0.0)


def crops(dataset: str, n: int, fold: int = -1, points: bool = False) -> Crops:
    """Crops whose number is their grey level."""
    origin = Origin("smile", dataset, "drawn", "aligned-face", ("no smile", "smile"))
    images = np.arange(n, dtype=np.uint8)[:, None, None] * np.ones((1, 192, 192), np.uint8)
    columns = (np.arange(n, dtype=np.int8) % 2, np.full(n, fold, np.int8), np.arange(n).astype(str))
    told = np.full((n, POINTS, 2), np.nan, np.float16)
    told[0] = 96  # all in the middle; the others have none
    return Crops(origin, images, *columns, points=told if points else None)


def pool_of(*parts: Crops) -> Pool:
    from training.train.pool import Pool

    return Pool(parts)


def recipe(**changes: object) -> Recipe:
    return Recipe("smile-small", (PHASE,), **{"pictures": 60, "batch": 20, **changes})  # type: ignore[arg-type]


def test_small_sets_are_not_drowned_and_none_is_shown_twice_before_all_were() -> None:
    from training.train.pool import Draw, Pool

    pool = Pool([crops("small", 10), crops("large", 90)])
    draw = Draw(pool, np.arange(100), recipe(pictures=40))
    epochs = [draw(epoch) for epoch in range(9)]
    small = [int((pool.sets[rows] == 0).sum()) for rows in epochs]
    assert small == [10] * 9  # roots: 3.2 to 9.5, a quarter of 40
    for rows in epochs:
        assert sorted(rows[pool.sets[rows] == 0]) == list(range(10))
    large = np.concatenate([rows[pool.sets[rows] == 1] for rows in epochs])
    assert np.bincount(large, minlength=100)[10:].tolist() == [3] * 90
    assert (draw(3) == epochs[3]).all()
    assert (draw(4) != epochs[3]).any()


def test_shares_that_are_asked_for_hold() -> None:
    from training.train.pool import Draw, Pool

    pool = Pool([crops("a", 50), crops("b", 50), crops("c", 50)])
    asked = recipe(shares={"a": 2.0, "b": 1.0, "c": 0.0})
    rows = Draw(pool, np.arange(150), asked)(0)
    assert np.bincount(pool.sets[rows], minlength=3).tolist() == [40, 20, 0]


def test_a_batch_has_pixels_softened_labels_sets_and_known_points() -> None:
    from training.train.pool import Batches, Lesson, Pool
    from training.train.teach import softened

    asked = recipe(points=2.0, label_smoothing=0.1, batch=6)
    pool = Pool([crops("a", 4, fold=0, points=True), crops("b", 4)])
    lesson = Lesson(pool, softened(pool.labels, None, asked), (1,), FACE, asked)
    rows = np.array([0, 1, 4, 5, 2, 6])
    inputs, targets, weights = Batches(lesson, rows, 0)[0]
    assert inputs["pixels"].shape == (6, 64, 64, 1)
    assert 0 <= inputs["pixels"].min() <= inputs["pixels"].max() <= 1
    assert inputs["set"][:, 0].tolist() == [0, 0, 1, 1, 0, 1]
    assert targets["logit"][:, 0] == pytest.approx([0.05, 0.95, 0.05, 0.95, 0.05, 0.05])
    assert weights["points"].tolist() == [1, 0, 0, 0, 0, 0]
    assert targets["points"].shape == (6, 2 * len(TAUGHT))
    assert np.abs(targets["points"][0]).max() < 0.15  # the middle, but for the shift


def test_mixed_pictures_have_mixed_answers() -> None:
    from training.train.pool import Batches, Lesson, Pool
    from training.train.teach import softened

    asked = recipe(mixup=5.0, label_smoothing=0.0)
    pool = Pool([crops("a", 20)])
    lesson = Lesson(pool, softened(pool.labels, None, asked), (), FACE, asked)
    _, targets, _ = Batches(lesson, np.arange(20), 0)[0]
    values = set(np.round(targets["logit"][:, 0], 4).tolist())
    assert values > {0.0, 1.0} or len(values) > 2
    assert 0 <= min(values) <= max(values) <= 1


def test_points_of_a_mixture_count_where_both_pictures_have_them() -> None:
    from training.train.pool import Batches, Lesson, Pool
    from training.train.teach import softened

    asked = recipe(mixup=5.0, points=2.0)
    pool = Pool([crops("a", 20, points=True)])  # one has points
    lesson = Lesson(pool, softened(pool.labels, None, asked), (), FACE, asked)
    weights = Batches(lesson, np.array([0, *[1] * 18, 0]), 0)[0][2]
    assert set(weights["logit"].tolist()) == {1.0}
    assert set(weights["points"].tolist()) <= {0.0, 1.0}


def test_a_set_alone_has_no_bias_that_the_device_would_miss() -> None:
    from training.run import Run
    from training.train.smile import Smiles

    asked = recipe(set_bias=True)
    for sets, biased in ((("own",), ()), (("own", "other"), (0, 1)), (("folds", "own"), (1,))):
        pool = pool_of(*(crops(name, 40, fold=0 if name == "folds" else -1) for name in sets))
        part = Smiles().part("all", Run(Path("run")), asked, pool)
        assert Smiles().biased(part) == biased


def test_of_few_pictures_or_people_both_classes_are_learned_and_kept() -> None:
    from training.run import Run
    from training.train.smile import Smiles

    run = Run(Path("run"))
    for people in (None, np.full(12, "ann"), np.repeat(["ann", "bob"], 6)):
        pool = pool_of(replace(crops("own", 12), people=people))  # type: ignore[arg-type]
        part = Smiles().part("all", run, recipe(), pool)
        assert sorted([*part.learn, *part.check]) == list(range(12))
        assert set(pool.labels[part.learn]) == set(pool.labels[part.check]) == {0, 1}
    with pytest.raises(SettingsError, match="1 crops of class 'no smile'"):
        Smiles().part("all", run, recipe(), pool_of(crops("own", 2)))


@pytest.mark.parametrize("changes", [{"seed": 2}, {"whole": ("fer2013",)}])
def test_a_teacher_that_knows_what_is_kept_aside_is_refused(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    from training.train.teach import check_teacher

    (tmp_path / "all.keras").touch()
    mine = recipe(teacher=str(tmp_path))
    for taught, known in ((recipe(), True), (recipe(**changes), False)):
        (tmp_path / "config.json").write_text(json.dumps({"recipe": asdict(taught)}))
        if known:
            check_teacher(mine, ["all"])
        else:
            with pytest.raises(SettingsError, match="has learned from"):
                check_teacher(mine, ["all"])


def test_a_teachers_opinion_counts_by_its_weight() -> None:
    from training.train.pool import Pool
    from training.train.teach import softened

    pool = Pool([crops("a", 2)])
    asked = recipe(label_smoothing=0.0, teacher="run", teacher_weight=0.25)
    opinion = np.array([np.log(3.0), -np.log(3.0)], np.float32)
    assert softened(pool.labels, opinion, asked) == pytest.approx([0.25 * 0.75, 0.75 + 0.25 * 0.25])


def test_epochs_are_shared_among_phases_as_before() -> None:
    from training.cli.recipes import lasting

    two = Recipe("m", (Phase(4, 1e-3, 0.0), Phase(12, 1e-4, 0.0, learns="x")))
    assert [phase.epochs for phase in lasting(two, 8).phases] == [2, 6]
    assert [phase.epochs for phase in lasting(two, 2).phases] == [1, 1]
    assert [phase.epochs for phase in lasting(two, 100).phases] == [25, 75]
