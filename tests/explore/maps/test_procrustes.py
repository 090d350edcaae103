"""Procrustes analysis against SciPy's, and what it may and may not do to a map."""

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.explore.maps.procrustes import align


def a_map(seed: int, n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 2)) @ rng.normal(size=(2, 2)) + 5 * rng.normal(size=2)).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [3, 17, 400])
def test_it_is_scipys(seed: int, n: int) -> None:
    x, y = a_map(seed, n), a_map(seed + 100, n)
    found = align(x, y)
    wanted, mine, disparity = scipy.spatial.procrustes(y.astype(float), x.astype(float))
    centered = y - y.mean(0, dtype=np.float64)
    np.testing.assert_allclose((found.xy - y.mean(0, dtype=np.float64)) / np.linalg.norm(centered), mine, atol=1e-5)
    assert found.disparity == pytest.approx(disparity, abs=1e-6)
    assert np.abs(((found.xy - y) ** 2).sum() / (centered**2).sum() - disparity) < 1e-4
    assert wanted.shape == found.xy.shape


@pytest.mark.parametrize("seed", range(4))
def test_the_turn_is_the_orthogonal_procrustes_one(seed: int) -> None:
    x, y = a_map(seed).astype(float), a_map(seed + 50).astype(float)
    x, y = x - x.mean(0), y - y.mean(0)
    turn, total = scipy.linalg.orthogonal_procrustes(x, y)
    np.testing.assert_allclose(align(x, y).xy, x @ turn * total / (x**2).sum(), atol=1e-5)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(
    angle=st.floats(0, 6.3),
    scale=st.floats(1e-3, 1e3),
    mirrored=st.booleans(),
    dx=st.floats(-50, 50),
    seed=st.integers(0, 9),
)
def test_a_moved_map_comes_back(angle: float, scale: float, mirrored: bool, dx: float, seed: int) -> None:
    y = a_map(seed).astype(float)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag(
        [1, -1 if mirrored else 1]
    )
    found = align(y @ turn * scale + [dx, -dx], y)
    np.testing.assert_allclose(found.xy, y, atol=1e-3)
    assert found.disparity == pytest.approx(0, abs=1e-6)


@given(st.integers(0, 30))
def test_distances_keep_their_proportions(seed: int) -> None:
    x, y = a_map(seed, 20).astype(float), a_map(seed + 1, 20).astype(float)
    before, after = scipy.spatial.distance.pdist(x), scipy.spatial.distance.pdist(align(x, y).xy)
    np.testing.assert_allclose(after / before, after[0] / before[0], rtol=1e-3)


def test_molecules_without_a_place_do_not_count_and_stay_without() -> None:
    x, y = a_map(0), a_map(1)
    x[3], y[7, 0] = np.nan, np.nan
    found = align(x, y)
    assert np.flatnonzero(np.isnan(found.xy).any(1)).tolist() == [3]
    rest = np.delete(np.arange(60), [3, 7])
    np.testing.assert_allclose(found.xy[rest], align(x[rest], y[rest]).xy, atol=1e-5)


def test_what_cannot_be_aligned_comes_back_as_it_was() -> None:
    x, nothing, point = a_map(0, 9), np.full((9, 2), np.nan), np.ones((9, 2))
    for one, other in ((x, nothing), (nothing, x), (x, point), (point, x), (x[:1], x[1:2])):
        found = align(one, other)
        assert found.disparity is None
        np.testing.assert_array_equal(found.xy, one.astype(np.float32))
