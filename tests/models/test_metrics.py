"""Scores equal scikit-learn's, ties and missing labels included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from mmexplore.models.metrics import per_task, pr_auc, roc_auc, scores

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40)


@given(PAIRS.filter(lambda pairs: 0 < sum(t for t, _ in pairs) < len(pairs)))
@settings(max_examples=60, deadline=None)
def test_areas_equal_scikit_learns(pairs: list[tuple[bool, int]]) -> None:
    truth = np.array([t for t, _ in pairs], float)
    score = np.array([s for _, s in pairs]) / 5
    assert roc_auc(truth, score) == pytest.approx(reference.roc_auc_score(truth, score), abs=1e-12)
    assert pr_auc(truth, score) == pytest.approx(reference.average_precision_score(truth, score), abs=1e-12)


def test_classification_is_the_mean_of_the_tasks_that_have_both_classes() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((50, 3)) < 0.4).astype(float)
    truth[:, 2] = 1
    truth[rng.random(truth.shape) < 0.3] = np.nan
    guess = rng.random(truth.shape)
    found = scores("classification", truth, guess)
    known = ~np.isnan(truth)
    areas = [reference.roc_auc_score(truth[known[:, i], i], guess[known[:, i], i]) for i in range(2)]
    losses = [reference.log_loss(truth[known[:, i], i], guess[known[:, i], i], labels=[0, 1]) for i in range(3)]
    assert found["tasks"] == 2
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    assert found["cross_entropy"] == pytest.approx(np.mean(losses))
    assert "roc_auc" not in per_task("classification", truth, guess)[2]


def test_regression_is_in_the_units_of_the_labels() -> None:
    rng = np.random.default_rng(1)
    truth, guess = rng.normal(5, 3, (40, 1)), rng.normal(5, 3, (40, 1))
    truth[3] = np.nan
    found = scores("regression", truth, guess)
    known = ~np.isnan(truth[:, 0])
    assert found["rmse"] == pytest.approx(reference.mean_squared_error(truth[known], guess[known]) ** 0.5)
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(truth[known], guess[known]))
    assert found["r2"] == pytest.approx(reference.r2_score(truth[known], guess[known]))


def test_nothing_to_score_gives_no_score() -> None:
    empty = np.full((3, 1), np.nan)
    assert scores("regression", empty, np.zeros((3, 1))) == {"tasks": 0}
    assert scores("classification", np.ones((3, 1)), np.full((3, 1), 0.5)).keys() == {"cross_entropy", "tasks"}
