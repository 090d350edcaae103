"""Laws of the lens: the order is the shortest of all, turned maps coincide, what is planted as moving is found."""

from itertools import pairwise, permutations

import numpy as np
import pytest
import scipy.spatial
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.explore.maps.lens import between, distances, most_changed, shortest, way
from mmexplore.runtime.errors import MmexploreError


def maps(number: int, n: int = 40, seed: int = 0) -> list[np.ndarray]:
    """Maps on a line from one to another, each turned and scaled by chance."""
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(2, n, 2))
    found = []
    for share in np.linspace(0, 1, number):
        angle, scale = rng.uniform(0, 6), rng.uniform(0.1, 10)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        found.append((scale * ((1 - share) * one + share * other) @ turn + rng.normal(size=2)).astype(np.float32))
    return found


def test_distances_are_those_of_scipy() -> None:
    found = maps(3)
    apart = distances(found)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        disparity = scipy.spatial.procrustes(found[i].astype(float), found[j].astype(float))[2]
        assert apart[i, j] == apart[j, i] == pytest.approx(np.sqrt(disparity), abs=1e-5)
    assert (np.diag(apart) == 0).all()


@given(st.integers(2, 5), st.integers(0, 30))
def test_no_other_order_is_shorter(n: int, seed: int) -> None:
    apart = np.random.default_rng(seed).random((n, n))
    apart = apart + apart.T
    found = shortest(apart)
    lengths = [sum(apart[a, b] for a, b in pairwise(order)) for order in permutations(range(n))]
    assert sum(apart[a, b] for a, b in pairwise(found)) == pytest.approx(min(lengths))
    assert sorted(found) == list(range(n))
    assert found[0] < found[-1]


@pytest.mark.parametrize("seed", range(3))
def test_stops_that_came_mixed_are_put_in_their_order(seed: int) -> None:
    lined, mixed = maps(5, seed=seed), np.array([2, 0, 4, 1, 3])
    found = way([lined[number] for number in mixed])
    assert mixed[list(found.order)].tolist() in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0])
    assert sum(found.distances) < found.as_came


def test_turned_mirrored_and_scaled_maps_are_one() -> None:
    (one,) = maps(1)
    found = way([one, 7 * one @ np.array([[0.0, 1.0], [1.0, 0.0]], np.float32) - 3, one[:, ::-1] * 0.1])
    assert max(found.distances) < 1e-3
    for other in found.xy[1:]:
        np.testing.assert_allclose(other, found.xy[0], atol=1e-4)


def test_all_stops_are_of_one_size_however_little_they_agree() -> None:
    rng = np.random.default_rng(0)
    for xy in way([rng.normal(size=(200, 2)) for _ in range(4)]).xy:
        assert np.sqrt((xy**2).sum(1).mean()) == pytest.approx(1, abs=1e-4)
        np.testing.assert_allclose(xy.mean(0), 0, atol=1e-5)


def test_molecules_without_a_place_have_none_there_and_do_not_count() -> None:
    one, other = maps(2)
    one[3], other[5] = np.nan, np.nan
    found = way([one, other])
    assert [np.flatnonzero(np.isnan(xy).any(1)).tolist() for xy in found.xy] == [[3], [5]]


def test_between_stops_each_molecule_is_on_its_line_and_at_stops_it_is_there() -> None:
    xy = way(maps(3)).xy
    for number in range(3):
        np.testing.assert_array_equal(between(xy, number), xy[number])
    np.testing.assert_allclose(between(xy, 1.25), 0.75 * xy[1] + 0.25 * xy[2], atol=1e-6)
    np.testing.assert_array_equal(between(xy, 9.0), xy[2])


def test_the_most_changed_come_first_and_equal_ones_by_how_far_they_move() -> None:
    xy = np.zeros((6, 2))
    to = np.array([[1.0, 0], [2, 0], [3, 0], [9, 0], [np.nan, 0], [4, 0]])
    change = np.array([1.0, 1.0, 0.5, np.nan, 1.0, 0.0])
    assert most_changed(change, xy, to).tolist() == [1, 0, 2]
    assert most_changed(change, xy, to, 1).tolist() == [1]


@pytest.mark.parametrize("number", [0, 1, 7])
def test_a_lens_has_two_to_six_stops(number: int) -> None:
    with pytest.raises(MmexploreError, match=f"2 to 6 maps, and {number} came"):
        way(maps(2)[:1] * number)
