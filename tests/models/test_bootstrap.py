"""Intervals by percentiles, and paired tests: seeded, as wide as theory says, alike in both directions."""

import numpy as np
import pytest
from scipy import stats

from mmexplore.models import bootstrap
from mmexplore.models.bootstrap import drawn, intervals, over_seeds, paired, resamples


def made(n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, 1))
    return truth, truth + rng.normal(size=(n, 1)) / 2


def test_each_resample_has_as_many_molecules_and_the_seed_draws_it() -> None:
    blocks = list(drawn(50, 300, seed=1))
    counts = np.concatenate(blocks)
    assert counts.shape == (300, 50)
    assert (counts.sum(1) == 50).all()
    assert np.array_equal(counts, np.concatenate(list(drawn(50, 300, seed=1))))
    assert not np.array_equal(counts, np.concatenate(list(drawn(50, 300, seed=2))))


def test_an_interval_is_that_of_the_mean_where_theory_knows_it() -> None:
    truth, guess = made(400)
    error = np.abs(guess - truth)
    low, high = intervals("regression", truth, guess).overall["mae"]
    half = 1.96 * error.std() / 20
    assert (low, high) == pytest.approx((error.mean() - half, error.mean() + half), abs=0.15 * half)


def test_intervals_hold_the_score_and_come_from_the_seed() -> None:
    truth, guess = made()
    found = intervals("regression", truth, guess)
    assert set(found.overall) == {"rmse", "mae", "r2", "spearman", "kendall"}
    assert found.overall == intervals("regression", truth, guess).overall
    assert found.overall != intervals("regression", truth, guess, seed=5).overall
    assert found.per_task[0] == found.overall


def test_molecules_without_a_label_change_nothing() -> None:
    truth, guess = made(60)
    holes = np.vstack([truth, np.full((9, 1), np.nan)])
    more = np.vstack([guess, np.ones((9, 1))])
    assert intervals("regression", holes, more).overall == intervals("regression", truth, guess).overall


def test_one_class_has_an_interval_of_what_can_be_said() -> None:
    found = intervals("classification", np.ones((40, 1)), np.random.default_rng(0).random((40, 1)))
    assert "roc_auc" not in found.overall
    assert "cross_entropy" in found.overall


def test_many_molecules_are_drawn_less_often() -> None:
    assert resamples(100, 1) == bootstrap.RESAMPLES
    assert resamples(10**7, 100) == bootstrap.FEWEST


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_a_model_beside_itself_is_no_better(kind: str) -> None:
    truth, guess = made()
    truth = (truth > 0).astype(float) if kind == "classification" else truth
    guess = 1 / (1 + np.exp(-guess))
    test = paired(kind, truth, guess, guess, "roc_auc" if kind == "classification" else "rmse")  # type: ignore[arg-type]
    assert test is not None
    assert (test.difference, test.p, test.wins, test.n) == (0, 1, 0, 200)


def test_a_better_model_is_told_and_either_way_alike() -> None:
    truth, good = made()
    bad = truth + 3 * (good - truth)
    one, other = (paired("regression", truth, a, b, "rmse") for a, b in ((good, bad), (bad, good)))
    assert one is not None
    assert other is not None
    assert one.difference == -other.difference < 0
    assert one.p == other.p < 0.01
    assert (one.wins, other.wins, one.over) == (200, 0, "molecules")
    assert one.high < 0 < other.low


def test_p_is_small_as_often_as_it_says_where_nothing_differs() -> None:
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=(80, 1))
        first, second = (truth + rng.normal(size=(80, 1)) for _ in range(2))
        test = paired("regression", truth, first, second, "mae")
        assert test is not None
        found.append(test.p)
    assert 0.3 < np.mean(found) < 0.7
    assert np.mean(np.array(found) < 0.05) < 0.2


def test_tasks_of_both_kinds_are_paired_by_their_loss() -> None:
    rng = np.random.default_rng(0)
    truth = np.column_stack([rng.integers(0, 2, 90), rng.normal(size=90)]).astype(float)
    good = np.column_stack([0.2 + 0.6 * truth[:, 0], truth[:, 1] + 0.1])
    bad = np.column_stack([np.full(90, 0.5), np.zeros(90)])
    test = paired(("classification", "regression"), truth, good, bad, "loss")
    assert test is not None
    assert test.difference < 0
    assert test.p < 0.01


def test_over_seeds_it_is_students_test() -> None:
    first, second = [0.81, 0.84, 0.79, 0.9], [0.8, 0.8, 0.8, 0.8]
    test = over_seeds("roc_auc", first, second)
    assert test is not None
    theirs = stats.ttest_rel(first, second)
    assert (test.p, test.wins, test.n) == (pytest.approx(theirs.pvalue), 3, 4)
    ends = theirs.confidence_interval(0.95)
    assert (test.low, test.high) == pytest.approx((ends.low, ends.high))
    assert over_seeds("rmse", first, second).wins == 1  # type: ignore[union-attr]
    assert over_seeds("rmse", first[:1], second[:1]) is None
