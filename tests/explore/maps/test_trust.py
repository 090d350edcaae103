"""Laws of trust: true clusters are trusted, a false one and maps of noise are doubtful, q is statsmodels' rule."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.explore.maps import trust as trusting
from mmexplore.explore.maps.project import project
from mmexplore.explore.maps.quality import Quality
from mmexplore.explore.maps.storage import MapFile
from mmexplore.explore.maps.trust import LEVEL, benjamini_hochberg, keep, p_values, stored, trust
from mmexplore.runtime.errors import Cancelled, MmexploreError

GROUPS, EACH = 6, 45


def planted(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Six clusters in twelve dimensions, and which molecule is in which."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(GROUPS), EACH)
    return (4 * rng.normal(size=(GROUPS, 12))[codes] + rng.normal(size=(len(codes), 12))).astype(np.float32), codes


def noise(seed: int = 0, n: int = 240) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 12)).astype(np.float32)


@pytest.mark.parametrize("method", ["pca", "tsne"])
@pytest.mark.release
def test_true_clusters_are_trusted_and_a_false_one_is_not(method: str) -> None:
    x, codes = planted()
    xy = project(x, method)
    assert trust(x, xy, method, shuffles=2).share < 0.2
    false = np.concatenate([np.flatnonzero(codes == group)[:6] for group in range(GROUPS)])
    width = np.ptp(xy, axis=0)
    xy[false] = xy.max(0) + width + 0.02 * width * np.random.default_rng(1).normal(size=(len(false), 2))
    found = trust(x, xy, method, shuffles=2)
    assert found.doubtful[false].all()
    assert np.delete(found.doubtful, false).mean() < 0.4


@pytest.mark.parametrize("seed", range(4))
def test_a_straight_picture_of_noise_is_doubtful(seed: int) -> None:
    x = noise(seed)
    found = trust(x, project(x, "pca"), "pca", seed)
    assert found.share == 1.0
    assert found.tested == len(x)


def test_clumps_that_tsne_makes_of_noise_are_doubtful() -> None:
    x = noise(5, 180)
    assert trust(x, project(x, "tsne"), "tsne", shuffles=2).share == 1.0


@pytest.mark.release
def test_clumps_that_umap_makes_of_noise_are_doubtful() -> None:
    x = noise(6, 180)
    assert trust(x, project(x, "umap"), "umap", shuffles=2).share == 1.0


def test_columns_that_say_the_same_are_noise_once_permuted() -> None:
    """Each column keeps its values, so that what is tested is what columns say together."""
    x = np.repeat(noise(2)[:, :2], 6, axis=1)
    assert trust(x, project(x, "pca"), "pca").share == 0.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_q_is_the_rule_of_benjamini_and_hochberg(p: list[float]) -> None:
    """As its definition says: rejected are the smallest p up to the last that stays below its line."""
    values = np.array(p)
    ordered = np.sort(values)
    below = np.flatnonzero(ordered <= LEVEL * np.arange(1, len(p) + 1) / len(p))
    last = ordered[below[-1]] if len(below) else -1.0
    q = benjamini_hochberg(values)
    near = np.isclose(q, LEVEL, rtol=1e-9)
    np.testing.assert_array_equal((q <= LEVEL)[~near], (values <= last)[~near])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_p_counts_null_scores_as_high_or_higher(scores: list[int], null: list[int]) -> None:
    wanted = [(1 + sum(other >= score for other in null)) / (1 + len(null)) for score in scores]
    np.testing.assert_allclose(p_values(np.array(scores) / 5, np.array(null) / 5), wanted)


def test_molecules_without_a_place_are_not_tested() -> None:
    x, _ = planted()
    xy = project(x, "pca")
    x[3], xy[9] = np.nan, np.nan
    found = trust(x, xy, "pca", shuffles=1)
    assert np.flatnonzero(np.isnan(found.q)).tolist() == [3, 9]
    assert not found.doubtful[[3, 9]].any()
    assert found.tested == len(x) - 2


def test_more_molecules_than_are_searched_are_tested_against_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusting, "MOST", 150)
    x, _ = planted()
    found = trust(x, project(x, "pca"), "pca", shuffles=2)
    assert found.tested == len(x)
    assert found.share < 0.4
    other = noise(1)
    assert trust(other, project(other, "pca"), "pca").share > 0.97


def test_few_molecules_are_refused_in_words_and_a_cancelled_test_ends() -> None:
    x, _ = planted()
    with pytest.raises(MmexploreError, match="10 molecules or more, and 9 have a place"):
        trust(x[:9], x[:9, :2], "pca")

    def stop(stage: str, done: int, total: int) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        trust(x, project(x, "pca"), "pca", progress=stop)


def test_the_seed_decides_and_what_is_kept_comes_back(tmp_path: Path) -> None:
    x, _ = planted()
    xy = project(x, "pca")
    one, again = (trust(x, xy, "pca", 3, shuffles=1) for _ in range(2))
    np.testing.assert_array_equal(one.q, again.q)
    shown = MapFile(tmp_path / "v-pca.parquet", xy, "v", "pca", 3, {}, Quality("x"), "now", 0.1)
    assert stored(shown, [tmp_path]) is None
    keep(one, shown, tmp_path)
    back = stored(shown, [tmp_path / "elsewhere", tmp_path])
    assert back is not None
    np.testing.assert_array_equal(back.q, one.q)
    assert (back.how, back.chance, back.seed) == (one.how, one.chance, 3)
    moved = MapFile(shown.path, xy + 1, "v", "pca", 3, {}, Quality("x"), "later", 0.1)
    assert stored(moved, [tmp_path]) is None
    (file,) = (tmp_path / "trust").glob("*.npz")
    file.write_bytes(file.read_bytes()[:-9])
    assert stored(shown, [tmp_path]) is None
