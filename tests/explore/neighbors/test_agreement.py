"""Agreement of rankings: what must be 1, what must be chance, and the rank correlation against scipy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.explore.neighbors.agreement import agreement, far_pairs, overlap, spearman
from mmexplore.explore.neighbors.search import Cosine, Space
from mmexplore.runtime.errors import MmexploreError


def random_space(n: int, d: int, seed: int) -> Cosine:
    return Cosine(np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32))


def bits(n: int, seed: int) -> Tanimoto:
    return Tanimoto(np.packbits(np.random.default_rng(seed).uniform(size=(n, 128)) < 0.2, axis=1))


@pytest.mark.parametrize("space", [random_space(300, 8, 0), bits(300, 1)], ids=["cosine", "tanimoto"])
@pytest.mark.parametrize("k", [1, 10])
def test_a_space_agrees_with_itself(space: Space, k: int) -> None:
    found = agreement(space, space, k, 100)
    assert (found.overlap == 1).all()
    np.testing.assert_allclose(found.spearman, 1)


def test_a_turned_and_stretched_space_agrees_too() -> None:
    a = random_space(200, 6, 2)
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 6)))[0]
    found = agreement(a, Cosine(5 * a.x @ turn.astype(np.float32)), 10, 50)
    assert found.overlap.mean() > 0.99
    assert found.spearman.min() > 0.9999


def test_unrelated_spaces_agree_as_chance_does() -> None:
    found = agreement(random_space(400, 8, 4), random_space(400, 8, 5), 20, 400)
    assert found.expected == 20 / 399
    for measured in (found.overlap, found.overlap_permuted):
        assert abs(measured.mean() - found.expected) < 5 * measured.std() / np.sqrt(len(measured))
    assert abs(found.spearman.mean()) < 0.02


def test_permuted_rows_are_chance_where_the_spaces_are_one() -> None:
    space = random_space(400, 8, 6)
    found = agreement(space, space, 20, 400)
    assert abs(found.overlap_permuted.mean() - found.expected) < 5 * found.overlap_permuted.std() / 20
    assert abs(found.spearman_permuted.mean()) < 0.03


def test_duplicates_are_hits_and_a_query_is_never_its_own() -> None:
    space = Cosine(np.repeat(np.eye(4, dtype=np.float32), 5, axis=0))
    found = agreement(space, space, 4, 20)
    assert (found.overlap == 1).all()
    assert found.others == 19


def test_molecules_without_a_record_in_one_space_take_no_part() -> None:
    a, b = random_space(50, 4, 7), random_space(50, 4, 8)
    x = a.x.copy()
    x[10:] = np.nan
    found = agreement(Cosine(x), b, 3, 100)
    assert found.rows.tolist() == list(range(10))
    assert found.others == 9


def test_too_few_molecules_are_told() -> None:
    with pytest.raises(MmexploreError, match="overlap@10 needs 12 molecules in both spaces, and 5 are there"):
        agreement(random_space(5, 2, 0), random_space(5, 2, 1), 10)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=40)
def test_spearman_is_scipys(seed: int, ties: bool) -> None:
    a, b = np.random.default_rng(seed).normal(size=(2, 3, 25))
    if ties:
        a, b = a.round(), b.round()
    expected = [spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(spearman(a, b), expected, atol=1e-12)


def test_spearman_of_what_does_not_vary_is_not_a_number() -> None:
    assert np.isnan(spearman(np.ones((1, 4)), np.arange(4.0)[None])).all()


def test_overlap_does_not_see_the_order() -> None:
    hits = np.random.default_rng(0).permuted(np.tile(np.arange(8), (5, 1)), axis=1)
    assert (overlap(hits, hits[:, ::-1]) == 1).all()
    assert (overlap(hits, hits + 8) == 0).all()


def test_the_pair_that_the_spaces_part_over_comes_first() -> None:
    near = np.random.default_rng(9).normal(size=(60, 12)).astype(np.float32)
    near[7] = near[3] + 0.01
    far = near.copy()
    far[7] = -near[7]
    found = far_pairs(Cosine(near), Cosine(far), 60, k=1)
    first = found[0]
    assert {first.a, first.b} == {3, 7}
    assert first.near > 0.999
    assert first.far < -0.999
    assert first.nearer == 1.0
    assert len({(min(p.a, p.b), max(p.a, p.b)) for p in found}) == len(found)


def test_pairs_below_the_least_similarity_are_left_out() -> None:
    a, b = bits(120, 10), random_space(120, 5, 11)
    assert all(pair.near >= 0.3 for pair in far_pairs(a, b, 120, least=0.3))
    assert far_pairs(a, b, 120, least=1.1) == ()
    assert far_pairs(Cosine(np.ones((1, 2))), Cosine(np.ones((1, 2)))) == ()


def test_spaces_that_agree_part_over_nothing() -> None:
    space = random_space(100, 6, 12)
    assert max(pair.nearer for pair in far_pairs(space, space, 100, k=1)) == 0
