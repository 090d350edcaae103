"""Measures equal scikit-learn's, SciPy's and RDKit's, and a weight counts as often as a row that is repeated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit.ML.Scoring import Scoring
from scipy import stats
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from mmexplore.models import metrics
from mmexplore.models.measures import CLASSES, NUMBERS, Sample

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=3, max_size=60).filter(
    lambda pairs: 0 < sum(t for t, _ in pairs) < len(pairs)
)
VALUES = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=3, max_size=40)
SAME = settings(max_examples=60, deadline=None)


def one(kind: str, truth: np.ndarray, guess: np.ndarray) -> dict[str, float]:
    found = metrics.resampled(kind, truth, guess, np.ones((1, len(truth))))  # type: ignore[arg-type]
    return {name: float(values[0]) for name, values in found.items()}


@given(PAIRS)
@SAME
def test_scores_of_classes_are_scikit_learns(pairs: list[tuple[bool, int]]) -> None:
    truth, p = np.array([t for t, _ in pairs], float), np.array([s for _, s in pairs]) / 12
    found, called = one("classification", truth, p), p >= 0.5
    assert found["roc_auc"] == pytest.approx(reference.roc_auc_score(truth, p), abs=1e-12)
    assert found["pr_auc"] == pytest.approx(reference.average_precision_score(truth, p), abs=1e-12)
    assert found["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(truth, called), abs=1e-12)
    assert found["mcc"] == pytest.approx(reference.matthews_corrcoef(truth, called), abs=1e-12)
    assert found["f1"] == pytest.approx(reference.f1_score(truth, called, zero_division=0), abs=1e-12)
    tn, fp, fn, tp = reference.confusion_matrix(truth, called, labels=[False, True]).ravel()
    assert [int(n[0]) for n in Sample(truth, p, np.ones((1, len(truth)))).confusion] == [tp, fp, fn, tn]


def test_calibration_error_is_that_of_scikit_learns_curve() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(500)
    truth = (rng.random(500) < p**2).astype(float)
    share, told = calibration_curve(truth, p, n_bins=10, strategy="uniform")
    counts = np.histogram(p, 10, (0, 1))[0]
    assert one("classification", truth, p)["calibration_error"] == pytest.approx(
        (counts * np.abs(share - told)).sum() / 500
    )


@pytest.mark.parametrize("n", [30, 150, 1_000])
def test_early_recognition_is_rdkits(n: int) -> None:
    rng = np.random.default_rng(n)
    truth, p = (rng.random(n) < 0.2).astype(float), rng.permutation(n) / n
    p[truth == 1] += rng.random(int(truth.sum()))
    p = p / p.max()
    ranked = [[label] for label in truth[np.argsort(-p)]]
    found = one("classification", truth, p)
    assert found["bedroc"] == pytest.approx(Scoring.CalcBEDROC(ranked, 0, 20.0), abs=1e-12)
    theirs = Scoring.CalcEnrichment(ranked, 0, [0.01, 0.05])
    assert [found["enrichment_1"], found["enrichment_5"]] == pytest.approx(theirs, abs=1e-12)


@given(VALUES)
@SAME
def test_scores_of_numbers_are_scikit_learns_and_scipys(pairs: list[tuple[int, int]]) -> None:
    truth, guess = (np.array(column, float) for column in zip(*pairs, strict=True))
    found = one("regression", truth, guess)
    assert found["rmse"] == pytest.approx(reference.mean_squared_error(truth, guess) ** 0.5)
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(truth, guess))
    if len(set(truth)) > 1:
        assert found["r2"] == pytest.approx(reference.r2_score(truth, guess))
    if len(set(truth)) > 1 and len(set(guess)) > 1:
        assert found["spearman"] == pytest.approx(stats.spearmanr(truth, guess).statistic, abs=1e-12)
        assert found["kendall"] == pytest.approx(stats.kendalltau(truth, guess).statistic, abs=1e-12)
    else:
        assert np.isnan(found["spearman"])
        assert np.isnan(found["kendall"])


@given(PAIRS, st.integers(0, 9))
@SAME
def test_a_weight_is_a_row_so_often(pairs: list[tuple[bool, int]], seed: int) -> None:
    truth, guess = np.array([t for t, _ in pairs], float), np.array([s for _, s in pairs]) / 12
    counts = np.random.default_rng(seed).integers(0, 4, (2, len(pairs)))
    for kind, names in (("classification", CLASSES), ("regression", NUMBERS)):
        found = metrics.resampled(kind, truth, guess, counts)  # type: ignore[arg-type]
        for number, count in enumerate(counts):
            if not count.sum():
                continue
            repeated = one(kind, np.repeat(truth, count), np.repeat(guess, count))
            for name in names:
                assert found[name][number] == pytest.approx(repeated[name], abs=1e-9, nan_ok=True), name


@given(PAIRS, st.integers(0, 9))
@SAME
def test_no_score_depends_on_the_order_of_the_rows(pairs: list[tuple[bool, int]], seed: int) -> None:
    truth, guess = np.array([t for t, _ in pairs], float), np.array([s for _, s in pairs]) / 12
    order = np.random.default_rng(seed).permutation(len(pairs))
    for kind in ("classification", "regression"):
        assert one(kind, truth, guess) == pytest.approx(one(kind, truth[order], guess[order]), abs=1e-9, nan_ok=True)


def test_a_threshold_moves_what_is_called_and_nothing_else() -> None:
    truth, p = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.45, 0.9])
    at = {t: metrics.resampled("classification", truth, p, np.ones((1, 4)), threshold=t) for t in (0.5, 0.42)}
    assert at[0.5]["mcc"] != at[0.42]["mcc"] == pytest.approx(1.0)
    for name in CLASSES.keys() - set(metrics.CALLED):
        assert at[0.5][name] == pytest.approx(at[0.42][name])


def test_tasks_of_both_kinds_have_scores_of_their_own() -> None:
    rng = np.random.default_rng(3)
    truth = np.column_stack([rng.integers(0, 2, 50), rng.normal(size=50)]).astype(float)
    guess = np.column_stack([rng.random(50), truth[:, 1] + 0.3])
    found = metrics.scores(("classification", "regression"), truth, guess, metrics.NAMES)
    assert found["tasks"] == 2
    assert found["mae"] == pytest.approx(0.3)
    assert found["roc_auc"] == pytest.approx(reference.roc_auc_score(truth[:, 0], guess[:, 0]))
    loss = metrics.mean_loss(("classification", "regression"), truth, guess, np.array([1.0, 2.0]))
    assert loss == pytest.approx((reference.log_loss(truth[:, 0], guess[:, 0]) + 0.0225) / 2)
