"""Matching of peaks with predicted lines: the cheapest pairing, against SciPy's optimal assignment, and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from mmexplore.explore.spectra.matching import merged, similarity
from mmexplore.explore.spectra.shift_table import Shifts

PPM = st.lists(st.integers(0, 2200).map(lambda tenths: tenths / 10), min_size=1, max_size=9)


def spectra(*lists: list[float], hydrogens: int = 0) -> Shifts:
    ppm = np.array([shift for one in lists for shift in sorted(one)], np.float32)
    told = np.full(len(ppm), hydrogens, np.int8)
    return Shifts(ppm, told, told, np.array([len(one) for one in lists]))


def by_scipy(peaks: list[float], lines: list[float], tolerance: float) -> float:
    """Optimal assignment where each peak and each line may stay alone."""
    peaks = sorted(set(peaks))
    a, b = np.array(peaks), np.array(sorted(np.float32(lines)), float)
    cost = np.full((len(a) + len(b), len(a) + len(b)), tolerance / 2)
    cost[: len(a), : len(b)] = np.abs(a[:, None] - b)
    cost[len(a) :, len(b) :] = 0
    total = cost[linear_sum_assignment(cost)].sum()
    return float(1 - total / (tolerance / 2 * (len(a) + len(b))))


@settings(max_examples=60, deadline=None)
@given(PPM, st.lists(PPM, min_size=1, max_size=4), st.sampled_from([2.0, 10.0, 60.0]))
def test_it_is_the_optimal_assignment(peaks: list[float], lists: list[list[float]], tolerance: float) -> None:
    found = similarity(np.array(peaks), spectra(*lists), tolerance=tolerance)
    expected = [by_scipy(peaks, one, tolerance) for one in lists]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(PPM, st.lists(PPM, min_size=1, max_size=4), st.randoms())
def test_the_order_of_peaks_does_not_matter(peaks: list[float], lists: list[list[float]], random: object) -> None:
    shuffled = list(peaks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (similarity(np.array(each), spectra(*lists)) for each in (peaks, shuffled))
    np.testing.assert_array_equal(one, other)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 220).map(float), min_size=1, max_size=9, unique=True), PPM)
def test_its_own_lines_fit_wholly_and_nothing_fits_better(own: list[float], other: list[float]) -> None:
    found = similarity(np.array(own), spectra(other, own, []))
    assert found[1] == 1
    assert found[0] <= 1
    assert np.isnan(found[2])


def test_what_is_far_is_no_pair() -> None:
    assert similarity(np.array([10.0]), spectra([200.0])).tolist() == [0.0]
    assert similarity(np.array([10.0]), spectra([15.0]), tolerance=10.0) == pytest.approx([0.5])


def test_hydrogens_that_differ_cost_and_unknown_ones_do_not() -> None:
    lines = spectra([20.0], hydrogens=3)
    alike, unknown, other = (similarity(np.array([20.0]), lines, np.array([told]))[0] for told in (3, -1, 1))
    assert alike == unknown == 1
    assert 0 < other < 1


def test_peaks_of_one_shift_are_one_line() -> None:
    assert merged(np.array([128.5, 20.0, 128.5]))[0].tolist() == [20.0, 128.5]
    ppm, told = merged(np.array([128.5, 128.5]), np.array([0, 1]))
    assert (ppm.tolist(), told.tolist()) == ([128.5], [-1])
    assert merged(np.array([128.5, 128.5, 20.0]), np.array([1, 1, 3]))[1].tolist() == [3, 1]
