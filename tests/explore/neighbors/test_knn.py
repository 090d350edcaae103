"""Exact neighbours against scikit-learn's brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from mmexplore.explore.neighbors import knn as module
from mmexplore.explore.neighbors.knn import Neighbors, interpolate, nearest, neighbours, unit_rows
from mmexplore.runtime.errors import MmexploreError


def random(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize(("n", "d", "k"), [(300, 17, 10), (40, 300, 39), (2, 1, 1), (1000, 2, 5), (3001, 9, 2)])
def test_neighbours_are_those_of_scikit_learn(n: int, d: int, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = random(n, d)
    distances, indices = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x.astype(np.float64)).kneighbors()
    monkeypatch.setattr(module, "_BLOCK_ELEMENTS", n * 7)  # several blocks, the last one short
    found = neighbours(x, k)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-5, atol=1e-5)
    assert (found.indices == indices).mean() > 0.999


def test_queries_find_rows_of_another_matrix() -> None:
    x, queries = random(500, 8), random(60, 8, seed=1)
    distances, indices = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(x).kneighbors(queries)
    found = nearest(queries, x, 5)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-5)
    assert (found.indices == indices).all()


def test_far_from_the_origin_duplicates_are_at_distance_zero() -> None:
    """|x|^2 - 2 q.x alone would give some 10 there."""
    x = np.repeat(random(20, 50) + 1000, 4, axis=0)
    found = neighbours(x, 3)
    assert (found.distances == 0).all()
    own = np.arange(80)[:, None] // 4
    assert (found.indices // 4 == own).all()
    assert (found.indices != np.arange(80)[:, None]).all()


def test_too_many_neighbours_are_refused() -> None:
    with pytest.raises(MmexploreError, match="have 1 to 2 neighbours"):
        neighbours(random(3, 2), 3)


def test_cosine_neighbours_are_euclidean_ones_of_unit_rows() -> None:
    x = random(200, 6)
    indices = NearestNeighbors(n_neighbors=4, metric="cosine").fit(x).kneighbors()[1]
    assert (neighbours(unit_rows(x), 4).indices == indices).all()
    assert (unit_rows(np.zeros((2, 3))) == 0).all()


def test_interpolation_weighs_by_inverse_square() -> None:
    xy = np.array([[0.0, 0.0], [5.0, 10.0]], np.float32)
    indices = np.array([[0, 1], [0, 1]], np.int32)
    found = Neighbors(indices, np.array([[1, 2], [0, 3]], np.float32))
    np.testing.assert_allclose(interpolate(found, xy), [[1, 2], [0, 0]])


@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 99))
def test_the_smallest_of_each_row(width: int, taken: int, seed: int) -> None:
    taken = min(taken, width)
    scores = np.random.default_rng(seed).integers(0, 50, (3, width)).astype(np.float32)
    found = module._smallest(scores, taken)
    assert all(len(set(row)) == taken for row in found.tolist())
    assert (np.sort(np.take_along_axis(scores, found, 1)) == np.sort(scores)[:, :taken]).all()
