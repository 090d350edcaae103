"""Laws of maps: PCA is scikit-learn's, UMAP and t-SNE keep neighbourhoods, seeds repeat, files are whole or absent."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from mmexplore.explore.maps import layouts
from mmexplore.explore.maps.project import METHODS, place, project
from mmexplore.runtime.errors import Cancelled, MmexploreError, UnknownName

SHAPES = [(300, 12), (20, 40), (600, 600), (7, 7), (50, 1), (3, 5)]


def clustered(n: int = 300, d: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Ten clusters, in a plane of which no two linear components can part them."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 10, n)
    return (3 * rng.normal(size=(10, d))[codes] + rng.normal(size=(n, d))).astype(np.float32), codes


@pytest.mark.parametrize("shape", SHAPES)
def test_pca_is_scikit_learns_sign_included(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).normal(size=shape) * np.linspace(3, 1, shape[1]) + 7
    width = min(2, *shape)
    wanted = PCA(width, svd_solver="full").fit_transform(x)
    found = layouts.pca(x.astype(np.float32))
    np.testing.assert_allclose(found[:, :width], wanted, atol=2e-4)
    assert (found[:, width:] == 0).all()


def test_pca_of_equal_rows_is_the_origin() -> None:
    assert layouts.pca(np.full((30, 4), 3.3, np.float32)) == pytest.approx(0, abs=1e-5)
    assert layouts.pca(np.full((3, 9), 3.3, np.float32)) == pytest.approx(0, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_maps_keep_neighbourhoods_better_than_pca(method: str) -> None:
    x, _ = clustered()
    trust = {m: trustworthiness(x, project(x, m), n_neighbors=10) for m in (method, "pca")}
    assert trust[method] > 0.9
    assert trust[method] > trust["pca"] + 0.03


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_map(method: str) -> None:
    x, _ = clustered(150)
    one, again, other = (project(x, method, seed) for seed in (3, 3, 4))
    assert one.dtype == np.float32
    assert one.shape == (150, 2)
    assert (one == again).all()
    assert (one != other).any() == (method != "pca")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_scale_and_shift_do_not_matter(method: str) -> None:
    x, _ = clustered(120)
    for moved in (x * 1e25, x * 1e-25, x + 100):
        assert trustworthiness(x, project(moved, method), n_neighbors=5) > 0.9


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 9, 14, 16, 31])
def test_a_few_molecules_have_a_map_too(method: str, n: int) -> None:
    x = np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32)
    xy = project(x, method)
    assert np.isfinite(xy).all()
    assert len(np.unique(xy, axis=0)) == n
    assert np.ptp(xy) > 0.1 or n == 1


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_duplicates_and_constant_columns(method: str) -> None:
    many = np.repeat(np.random.default_rng(0).normal(size=(3, 8)), 60, axis=0)
    few_differ = np.r_[np.zeros((40, 4)), np.ones((1, 4))]
    one_column = np.c_[np.ones((50, 3)), np.arange(50)]
    for x in (many, few_differ, one_column, one_column[:, 3:]):
        assert np.isfinite(project(x, method)).all()
    assert (project(np.ones((30, 4)), method) == 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_molecules_without_an_embedding_get_no_place(method: str) -> None:
    x, _ = clustered(60)
    x[3], x[17, 2] = np.nan, np.inf
    xy = project(x, method)
    assert np.flatnonzero(np.isnan(xy).any(1)).tolist() == [3, 17]
    alone = project(np.delete(x, [3, 17], 0), method)
    assert (np.delete(xy, [3, 17], 0) == alone).all()


@pytest.mark.parametrize("method", METHODS)
def test_fingerprints_are_compared_by_cosine(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Euclidean distance of rows of length 1 has the same order as cosine."""
    seen: list[np.ndarray] = []
    monkeypatch.setattr(layouts, method, lambda x, **_: seen.append(x) or x[:, :2])
    bits = np.random.default_rng(0).integers(0, 2, (30, 64)).astype(np.uint8)
    project(bits, method)
    project(bits.astype(np.float32), method)
    np.testing.assert_allclose(seen[0], bits / np.linalg.norm(bits, axis=1, keepdims=True), rtol=1e-6)
    assert (seen[1] == bits).all()


def test_nonsense_is_refused_in_a_sentence() -> None:
    with pytest.raises(UnknownName, match="no map method is called 'trimap'; there are: pca, tsne, umap"):
        project(np.ones((5, 2)), "trimap")
    for x in (np.full((5, 3), np.nan), np.ones((0, 4))):
        with pytest.raises(MmexploreError, match="no molecule has finite numbers"):
            project(x, "pca")
    for x in (np.ones(5), np.ones((5, 0)), np.array([["a"]])):
        with pytest.raises(MmexploreError, match="matrix of numbers"):
            project(x, "pca")


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_many_molecules_are_placed_among_landmarks(method: str) -> None:
    x, codes = clustered(600)
    xy = project(x, method, landmarks=200)
    assert trustworthiness(x, xy, n_neighbors=10) > 0.88
    centers = np.stack([np.median(xy[codes == c], axis=0) for c in range(10)])
    nearest_center = np.linalg.norm(xy[:, None] - centers, axis=2).argmin(1)
    assert (nearest_center == codes).mean() > 0.9


def test_a_molecule_on_the_map_is_placed_on_itself() -> None:
    x, _ = clustered()
    xy = np.random.default_rng(0).normal(size=(len(x), 2)).astype(np.float32)
    np.testing.assert_allclose(place(x[40:60], x, xy), xy[40:60], atol=1e-6)


def test_new_molecules_land_among_their_kind() -> None:
    x, codes = clustered(400)
    known, new = np.arange(300), np.arange(300, 400)
    xy = project(x[known], "umap")
    placed = place(x[new], x[known], xy)
    centers = np.stack([np.median(xy[codes[known] == c], axis=0) for c in range(10)])
    assert (np.linalg.norm(placed[:, None] - centers, axis=2).argmin(1) == codes[new]).mean() > 0.9


def test_places_of_missing_molecules_and_empty_maps() -> None:
    x, _ = clustered(20)
    xy = np.full((20, 2), np.nan, np.float32)
    xy[0] = 1
    new = x[:2].copy()
    new[1, 0] = np.nan
    np.testing.assert_array_equal(place(new, x, xy), [[1, 1], [np.nan, np.nan]])
    with pytest.raises(MmexploreError, match="0 x 20"):
        place(new, x, xy * np.nan)
    with pytest.raises(MmexploreError, match="width 3"):
        place(new[:, :3], x, xy)


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_progress_is_told_and_can_cancel(method: str) -> None:
    x, _ = clustered(1500)
    heard: list[tuple[str, int, int]] = []
    project(x[:300], method, progress=lambda *told, **_: heard.append(told))
    assert {stage for stage, _, _ in heard} == {"neighbours", method}
    assert all(0 <= done <= total for _, done, total in heard)
    assert heard[-1][1] == heard[-1][2]

    def stop(stage: str, done: int, total: int, /, **_: float) -> None:
        if stage == method and done:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        project(x, method, progress=stop)
