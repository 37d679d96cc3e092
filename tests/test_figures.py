"""Figures of a classifier on cases whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.evaluate.figures import (
    auc,
    balanced_accuracy,
    calibration_error,
    fit_temperature,
    interval,
    interval_by_group,
    interval_of,
    paired_difference,
    reliability,
    roc,
)

TRUTH = np.array([True, True, True, False, False])
SCORES = np.array([0.9, 0.8, 0.3, 0.4, 0.1])


def test_figures_of_a_known_case() -> None:
    assert auc(SCORES, TRUTH) == pytest.approx(5 / 6)
    assert auc(np.full(5, 0.5), TRUTH) == 0.5
    assert balanced_accuracy(SCORES > 0.5, TRUTH) == pytest.approx((2 / 3 + 1) / 2)
    assert calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0
    assert calibration_error(np.full(4, 0.75), np.array([True, True, True, False])) == 0
    low, high = interval(np.array([True] * 90 + [False] * 10))
    assert 0.8 < low < 0.9 < high < 0.97


def test_the_area_under_the_roc_curve_is_the_auc() -> None:
    false, true = roc(SCORES, TRUTH)
    assert false.tolist() == pytest.approx([0, 0, 0, 0.5, 0.5, 1])
    assert true.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3, 1, 1])
    rng = np.random.default_rng(0)
    truth = rng.random(500) < 0.4
    scores = np.round(rng.normal(truth, 1), 1)  # with ties
    false, true = roc(scores, truth)
    assert np.trapezoid(true, false) == pytest.approx(auc(scores, truth))


def test_reliability_gives_each_bin_what_was_told_and_what_was_true() -> None:
    bins = reliability(np.array([0.02, 0.08, 0.95, 1.0]), np.array([False, True, True, True]))
    assert [(b.low, b.n, b.true) for b in bins] == [(0.0, 2, 0.5), (0.9, 2, 1.0)]
    assert [b.told for b in bins] == pytest.approx([0.05, 0.975])


def test_people_who_answer_alike_make_a_share_less_sure() -> None:
    right = np.repeat(np.arange(40) % 4 > 0, 25)  # 40 people of 25 pictures each
    low, high = interval(right)
    wide_low, wide_high = interval_by_group(right, np.repeat(np.arange(40), 25))
    assert low < 0.75 < high
    assert wide_low < 0.75 < wide_high
    assert wide_high - wide_low > 3 * (high - low)


def test_a_figure_s_interval_holds_the_figure() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(400) < 0.5
    scores = rng.normal(truth, 1.0)
    low, high = interval_of(auc, scores, truth)
    assert low < auc(scores, truth) < high
    assert high - low < 0.15


def test_a_paired_difference_is_surer_than_two_shares_apart() -> None:
    right = np.arange(1000) % 10 > 0
    other = right.copy()
    other[1:6] = False  # five answers lost, none gained
    gain, (low, high) = paired_difference(right, other)
    assert gain == 0.005
    assert 0 < low < gain < high < 0.011
    assert paired_difference(right, right) == (0, (0, 0))


def test_the_temperature_makes_overconfident_logits_mean_what_they_say() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-honest))
    assert fit_temperature(honest * 3, truth) == pytest.approx(3, rel=0.06)
    assert math.isclose(fit_temperature(honest, truth), 1, rel_tol=0.06)
