"""Exact search against numpy and RDKit: the same ids in the same order, ties by row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.datasets import catalog
from mmexplore.explore.neighbors.search import Cosine, Space, top
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import default_home


def cosines(queries: np.ndarray, x: np.ndarray) -> np.ndarray:
    x, queries = x.astype(np.float64), queries.astype(np.float64)
    length = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(x, axis=1)
    return np.divide(queries @ x.T, length, out=np.zeros(length.shape), where=length > 0)


@pytest.fixture(scope="module")
def fingerprints() -> list[DataStructs.ExplicitBitVect]:
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    return [
        generator.GetFingerprint(Chem.MolFromSmiles(s)) for s in catalog.load("solubility", home=default_home()).smiles
    ]


def packed(fingerprints: list[DataStructs.ExplicitBitVect]) -> np.ndarray:
    return np.array([np.packbits(np.array(f, np.uint8)) for f in fingerprints])


class TestCosine:
    @pytest.mark.parametrize(("n", "d", "k"), [(1, 1, 1), (5, 3, 5), (2000, 32, 10), (5000, 7, 50)])
    def test_the_same_as_numpy(self, n: int, d: int, k: int) -> None:
        chance = np.random.default_rng(n)
        x, queries = (chance.normal(size=(m, d)).astype(np.float32) for m in (n, 6))
        reference = cosines(queries, x)
        found = top(Cosine(x), queries, k)
        for row, similarity, expected in zip(found.rows, found.similarity, reference, strict=True):
            np.testing.assert_allclose(similarity, np.sort(expected)[::-1][:k], atol=1e-12)
            np.testing.assert_allclose(expected[row], similarity, atol=1e-12)

    def test_ties_go_by_row_also_where_they_are_cut(self) -> None:
        x = np.tile(np.eye(4, dtype=np.float32), (500, 1))
        found = top(Cosine(x), np.array([[3.0, 1, 0, 0]]), 502)
        assert found.rows[0].tolist() == [*range(0, 2000, 4), 1, 5]

    @given(st.integers(0, 1000))
    @settings(max_examples=25)
    def test_length_does_not_count_and_a_query_finds_itself_first(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        x = chance.normal(size=(40, 5)).astype(np.float32)
        scaled = x * chance.uniform(0.1, 10, size=(40, 1)).astype(np.float32)
        found = top(Cosine(scaled), x, 3)
        assert found.rows[:, 0].tolist() == list(range(40))
        np.testing.assert_allclose(found.similarity[:, 0], 1, atol=1e-6)
        assert (found.rows == top(Cosine(x), x, 3).rows).all()

    def test_what_has_no_embedding_is_no_hit_and_zeros_are_like_nothing(self) -> None:
        x = np.array([[1, 0], [np.nan, np.nan], [0, 0], [-1, 0], [np.inf, 1]], np.float32)
        found = top(Cosine(x), np.array([[1.0, 0]]), 5)
        assert found.rows.tolist() == [[0, 2, 3]]
        assert found.similarity.tolist() == [[1, 0, -1]]

    def test_many_queries_at_once_are_each_alone(self) -> None:
        x = np.random.default_rng(1).normal(size=(3000, 16)).astype(np.float32)
        space = Cosine(x)
        together = top(space, x[:50], 10)
        alone = [top(space, x[i : i + 1], 10) for i in range(50)]
        assert (together.rows == np.concatenate([one.rows for one in alone])).all()


class TestTanimoto:
    @pytest.mark.slow
    def test_the_ids_and_values_of_rdkits_bulk_function(self, fingerprints: list) -> None:
        space = Tanimoto(packed(fingerprints))
        rows = np.arange(0, len(fingerprints), 37)
        found = top(space, space.take(rows), 20)
        for row, ids, similarity in zip(rows, found.rows, found.similarity, strict=True):
            bulk = np.array(DataStructs.BulkTanimotoSimilarity(fingerprints[row], fingerprints))
            expected = np.lexsort((np.arange(len(bulk)), -bulk))[:20]
            assert ids.tolist() == expected.tolist()
            assert similarity.tolist() == bulk[expected].tolist()

    @given(st.integers(0, 500), st.integers(1, 30))
    @settings(max_examples=25)
    def test_dense_and_empty_fingerprints(self, seed: int, k: int) -> None:
        chance = np.random.default_rng(seed)
        dense = (chance.uniform(size=(60, 512)) < chance.uniform(size=(60, 1))).astype(bool)
        dense[0] = dense[1, :] | True  # 512 bits: more than a byte counts
        both = (dense[:, None] & dense[None]).sum(2)
        either = (dense[:, None] | dense[None]).sum(2)
        reference = both / np.maximum(either, 1)
        space = Tanimoto(np.packbits(dense, axis=1))
        found = top(space, space.take(np.arange(60)), k)
        expected = np.array([np.lexsort((np.arange(60), -row))[:k] for row in reference])
        assert (found.rows == expected).all()

    @pytest.mark.slow
    def test_a_molecule_finds_itself_with_similarity_one(self, fingerprints: list) -> None:
        space = Tanimoto(packed(fingerprints))
        found = top(space, space.take(np.arange(300)), 1)
        assert (found.similarity == 1).all()
        assert (found.rows[:, 0] <= np.arange(300)).all()  # an equal fingerprint in an earlier row comes first


@pytest.mark.parametrize("space", [Cosine(np.eye(6)), Tanimoto(np.packbits(np.eye(64, dtype=np.uint8)[:6], axis=1))])
class TestBoth:
    def test_only_what_is_to_be_kept(self, space: Space) -> None:
        keep = np.array([False, True, False, True, False, False])
        found = top(space, space.take(np.arange(6)), 4, keep)
        assert set(found.rows.ravel().tolist()) == {1, 3}
        assert found.rows.shape == (6, 2)

    def test_nothing_to_keep_is_no_hit(self, space: Space) -> None:
        assert top(space, space.take(np.array([0])), 3, np.zeros(6, bool)).rows.shape == (1, 0)

    def test_no_hits_asked_for(self, space: Space) -> None:
        with pytest.raises(MmexploreError, match="at least 1 hit, and 0"):
            top(space, space.take(np.array([0])), 0)
