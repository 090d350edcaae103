"""Laws of intervals and sets: what they promise they cover, more level covers more, and order says nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chisquare

from mmexplore.datasets import Task
from mmexplore.models.calibration import FEWEST, Calibration, Coverage, in_words, promise, quantile
from mmexplore.runtime.errors import BadRecipe

ROWS, NEW = 99, 50
NUMBER, CLASS = Task("y", "regression"), Task("c", "classification")


def noisy(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, mean and spread of n molecules, one task: the error grows with the spread."""
    spread = rng.uniform(0.2, 2.0, (n, 1))
    mean = rng.normal(size=(n, 1))
    return mean + spread * rng.standard_t(4, (n, 1)), mean, spread


def classes(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels, a fifth of them 1, and probabilities that are too sure of themselves."""
    z = rng.normal(-2.0, 1.5, (n, 1))
    p = 1 / (1 + np.exp(-z))
    return (rng.random((n, 1)) < p).astype(float), 1 / (1 + np.exp(-3 * z))


def within(hits: int, of: int, share: float) -> bool:
    """Whether a count is one that this share gives but once in ten thousand times."""
    low, high = binom.interval(0.9999, of, share)
    return bool(low <= hits <= high)


@pytest.mark.parametrize("by_spread", [False, True])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_intervals_cover_what_they_promise_of_molecules_from_the_same_draw(level: float, by_spread: bool) -> None:
    """One new molecule a trial, so that trials are independent; ROWS + 1 makes the promise exact."""
    rng = np.random.default_rng(7)
    hits, trials = 0, 2_000
    for _ in range(trials):
        truth, mean, spread = noisy(rng, ROWS + 1)
        made = Calibration(("regression",), truth[:-1], mean[:-1], spread[:-1] if by_spread else None)
        low, high = made.interval(0, mean[-1], spread[-1] if by_spread else None, level)
        hits += bool(low[0] <= truth[-1, 0] <= high[0])
    assert within(hits, trials, level)


def test_sets_cover_each_class_by_itself() -> None:
    rng = np.random.default_rng(3)
    hits, of = {0: 0, 1: 0}, {0: 0, 1: 0}
    for _ in range(1_000):
        truth, p = classes(rng, 400)
        made = Calibration(("classification",), truth[:-1], p[:-1])
        label = int(truth[-1, 0])
        hits[label] += str(label) in made.sets(0, p[-1], 0.9)[0]
        of[label] += 1
    for label in (0, 1):
        rarest = 40  # of 400 rows so many of a class at least: the promise is kept from 0.9 to 0.9 + 1 / 41
        low, high = binom.interval(0.9999, of[label], 0.9)[0], binom.interval(0.9999, of[label], 0.9 + 1 / rarest)[1]
        assert low <= hits[label] <= high


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0.01, 0.98), st.floats(0.001, 0.01))
def test_more_level_is_a_wider_quantile_and_order_says_nothing(errors: list[float], level: float, more: float) -> None:
    values = np.array(errors)
    assert quantile(values, level) <= quantile(values, level + more)
    assert quantile(values, level) == quantile(np.sort(values)[::-1], level)
    found = quantile(values, level)
    assert math.isinf(found) or (values <= found).sum() >= level * (len(values) + 1) - 1e-6


def test_intervals_are_nested_and_do_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    truth, mean, spread = noisy(rng, ROWS)
    _, new, apart = noisy(rng, NEW)
    made = Calibration(("regression",), truth, mean, spread)
    order = rng.permutation(ROWS)
    shuffled = Calibration(("regression",), truth[order], mean[order], spread[order])
    before: tuple[np.ndarray, np.ndarray] | None = None
    for level in (0.3, 0.6, 0.9, 0.95, 0.999):
        low, high = made.interval(0, new[:, 0], apart[:, 0], level)
        assert (low <= new[:, 0]).all()
        assert (new[:, 0] <= high).all()
        again = shuffled.interval(0, new[:, 0], apart[:, 0], level)
        assert np.array_equal(low, again[0])
        assert np.array_equal(high, again[1])
        if before:
            assert (low <= before[0]).all()
            assert (high >= before[1]).all()
        before = low, high
    assert np.isinf(low).all()
    assert np.isinf(high).all()


def test_sets_grow_with_the_level() -> None:
    rng = np.random.default_rng(1)
    truth, p = classes(rng, 300)
    new = rng.random(NEW)
    made = Calibration(("classification",), truth, p)
    smaller: list[str] = [""] * NEW
    for level in (0.2, 0.5, 0.8, 0.9, 0.99, 0.999):
        found = made.sets(0, new, level)
        assert set(found) <= {"", "0", "1", "0|1"}
        assert all(set(a) <= set(b) for a, b in zip(smaller, found, strict=True))
        smaller = found
    assert smaller == ["0|1"] * NEW


def test_a_wider_spread_is_a_wider_interval_and_none_vanishes() -> None:
    rng = np.random.default_rng(2)
    made = Calibration(("regression",), *noisy(rng, ROWS))
    low, high = made.interval(0, np.zeros(3), np.array([0.0, 1.0, 4.0]), 0.9)
    assert (np.diff(high - low) > 0).all()
    assert high[0] > low[0]
    plain = made.interval(0, np.zeros(2), None, 0.9)
    error = np.abs(made.truth - made.prediction)[:, 0]
    assert plain[1][0] == np.sort(error)[math.ceil((ROWS + 1) * 0.9) - 1]
    alike = Calibration(("regression",), made.truth, made.prediction, np.zeros_like(made.truth))
    assert np.array_equal(alike.interval(0, np.zeros(2), np.zeros(2), 0.9)[1], plain[1])


def test_temperature_keeps_the_order_and_undoes_a_known_one() -> None:
    rng = np.random.default_rng(5)
    truth, p = classes(rng, 4_000)
    made = Calibration(("classification",), truth, p)
    assert made.temperatures[0] == pytest.approx(3.0, rel=0.15)
    new = np.sort(rng.random(200))
    scaled = made.probability(0, new)
    assert (np.diff(scaled) > 0).all()
    assert ((scaled >= 0) & (scaled <= 1)).all()
    bins = np.digitize(made.probability(0, p[:, 0]), np.linspace(0, 1, 6)[1:-1])
    wanted = np.bincount(bins, made.probability(0, p[:, 0]), 5)
    assert chisquare(np.bincount(bins, truth[:, 0], 5), wanted * truth.sum() / wanted.sum()).pvalue > 1e-3


def test_missing_labels_count_nowhere() -> None:
    rng = np.random.default_rng(9)
    truth, mean, _ = noisy(rng, ROWS)
    gaps = np.concatenate([truth, np.full((5, 1), np.nan)])
    padded = Calibration(("regression",), gaps, np.concatenate([mean, np.ones((5, 1))]))
    bare = Calibration(("regression",), truth, mean)
    assert padded.rows(0) == bare.rows(0) == ROWS
    assert np.array_equal(padded.interval(0, np.zeros(1))[1], bare.interval(0, np.zeros(1))[1])
    assert np.isnan(bare.interval(0, np.array([np.nan]))[0]).all()


def test_one_class_or_few_rows_leave_probabilities_alone_and_the_unknown_class_possible() -> None:
    made = Calibration(("classification",), np.zeros((50, 1)), np.linspace(0.01, 0.5, 50)[:, None])
    assert made.temperatures == (1.0,)
    assert all("1" in found for found in made.sets(0, np.linspace(0, 1, 7)))


def test_coverage_counts_what_sets_and_intervals_hold() -> None:
    rng = np.random.default_rng(4)
    truth, mean, spread = noisy(rng, 500)
    truth[::7] = np.nan
    made = Calibration(("regression",), *noisy(rng, ROWS))
    (found,) = made.coverage([NUMBER], truth, mean, spread)
    low, high = made.interval(0, mean[:, 0], spread[:, 0])
    known = np.isfinite(truth[:, 0])
    assert found.of == known.sum()
    assert found.covered == ((low <= truth[:, 0]) & (truth[:, 0] <= high)).sum()
    assert found.width == pytest.approx((high - low)[known].mean())
    labels, p = classes(rng, 500)
    of_classes = Calibration(("classification",), *classes(rng, 400)).coverage([CLASS], labels, p, None)[0]
    assert of_classes.classes is not None
    assert sum(hit for hit, _ in of_classes.classes.values()) == of_classes.covered
    assert sum(of for _, of in of_classes.classes.values()) == of_classes.of == 500
    few = Calibration(("regression",), truth[1 : FEWEST - 1], mean[1 : FEWEST - 1])
    assert few.coverage([NUMBER], truth, mean, None) == ()


def test_words_give_the_share_and_its_interval() -> None:
    found = Coverage("y", 0.9, 100, 113, 2.0)
    low, high = found.bounds()
    assert low < found.share < high
    assert "88.5 % of 113" in found.words()
    assert "intervals" in found.words()
    sets = Coverage("c", 0.8, 9, 10, 1.5, {"0": (5, 5), "1": (4, 5)})
    assert "sets" in sets.words()
    assert "90.0 % of 20 test labels of 2 tasks" in in_words([sets, sets])
    assert in_words([]) == ""
    assert "not promised" in promise("scaffold_balanced")
    assert "not promised" not in promise("random")


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 90.0, math.nan])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(BadRecipe, match=r"between 0 and 1"):
        quantile(np.ones(30), level)
